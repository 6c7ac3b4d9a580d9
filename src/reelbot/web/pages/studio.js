// The list of drafts: removing one, after asking; and keeping the list true.

import { Problem, call } from "../api.js";
import { asked } from "../dialog.js";
import { onEvent } from "../live.js";
import { morph } from "../studio/morph.js";
import { toast } from "../toast.js";

const GATHER_MS = 700;
let timer = null;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-remove]");
  if (!button) return;
  const dialog = document.getElementById("sure");
  dialog.querySelector('[data-part="text"]').textContent = `“${button.dataset.name}” goes with all its versions. Work in progress for it is cancelled. Uploads and finished videos stay.`;
  if (!(await asked(dialog))) return;
  try {
    await call("DELETE", `/drafts/${button.dataset.remove}`);
    toast("Removed.");
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.message, "bad");
  }
  await renew();
});

for (const kind of ["draft", "video"]) onEvent(kind, renewSoon);

function renewSoon() {
  clearTimeout(timer);
  timer = setTimeout(renew, GATHER_MS);
}

async function renew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  morph(document.getElementById("drafts"), fresh.getElementById("drafts"));
}
