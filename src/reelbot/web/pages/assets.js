// The library: uploading into it and removing from it, after asking.

import { call } from "../api.js";
import { asked } from "../dialog.js";
import { morph } from "../studio/morph.js";
import { startUploads } from "../studio/uploads.js";
import { toast } from "../toast.js";

startUploads(async (where, asset) => {
  toast(`${asset.name} is in the library.`);
  await renew();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-remove]");
  if (!button) return;
  const { name, size, remove } = button.dataset;
  const dialog = document.getElementById("sure");
  dialog.querySelector('[data-part="text"]').textContent = `“${name}” is removed, and ${size} of your storage are free at once. Finished videos keep what they were made of; drafts that use it need another.`;
  if (!(await asked(dialog))) return;
  try {
    await call("DELETE", `/assets/${remove}`);
    toast("Removed.");
  } catch (error) {
    toast(error.message, "bad");
  }
  await renew();
});

async function renew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  morph(document.getElementById("assets"), fresh.getElementById("assets"));
}
