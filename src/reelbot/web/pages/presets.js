// Applies a preset to a draft: a change of its settings, which asks before finished steps become stale.

import { call, whileBusy } from "../api.js";
import { asked } from "../dialog.js";
import { toast } from "../toast.js";

const dialog = document.getElementById("stale");

addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.settings) return;
  event.preventDefault();
  whileBusy(form.querySelector("button"), () => apply(form)).catch((problem) => toast(problem.detail ?? problem.message, "bad"));
});

async function apply(form) {
  const settings = JSON.parse(form.dataset.settings);
  const select = form.elements.draft;
  const path = `/drafts/${encodeURIComponent(select.value)}`;
  try {
    await call("PATCH", path, { settings });
  } catch (problem) {
    if (problem.code !== "confirmation_needed") throw problem;
    dialog.querySelector('[data-part="detail"]').textContent = problem.message;
    if (!(await asked(dialog))) return;
    await call("PATCH", path, { settings, confirm: true });
  }
  toast(`${form.dataset.name} is applied to ${select.selectedOptions[0].textContent}.`);
}
