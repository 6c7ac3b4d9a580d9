// Templates and brands beside the settings: applied like any change of settings, and kept from what the draft has now.

import { Problem, call, whileBusy } from "../api.js";
import { toast } from "../toast.js";
import { change, settled } from "./saving.js";
import { refresh } from "./shown.js";

/** Begin to serve them. */
export function startPresets() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-apply-preset]")) whileBusy(button, apply);
    else if (button.dataset.keeps) whileBusy(button, () => keep(button.dataset.keeps));
    else if (button.matches("[data-no-logo]")) whileBusy(button, () => change({ settings: { logo: null } }));
    else if (button.matches("[data-to-settings]")) goToSettings();
  });
}

async function apply() {
  const select = document.getElementById("preset");
  const name = select.selectedOptions[0].textContent;
  if (await change({ settings: JSON.parse(select.value) })) toast(`${name} is applied.`);
}

async function keep(kind) {
  const field = document.getElementById("preset-name");
  const name = field.value.trim();
  wrong(field, name ? "" : "Give it a name first.");
  if (!name || !(await settled())) return;
  await refresh(); // what is kept is what the server has
  const settings = JSON.parse(document.getElementById("presets").dataset[kind]);
  try {
    await call("POST", "/presets", { name, [kind]: settings });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    wrong(field, error.message);
    return;
  }
  field.value = "";
  toast(`${name} is kept as a ${kind}.`);
  await refresh();
}

function wrong(field, sentence) {
  document.getElementById("preset-error").textContent = sentence;
  if (sentence) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  } else field.removeAttribute("aria-invalid");
}

function goToSettings() {
  const settings = document.getElementById("settings");
  settings.open = true;
  settings.scrollIntoView({ block: "start" });
  settings.querySelector("summary").focus({ preventScroll: true });
}
