// Opens a new draft from a finished video.

import { call, newKey, whileBusy } from "../api.js";
import { toast } from "../toast.js";

const button = document.querySelector("[data-edit]");
const key = newKey(); // pressed twice, it opens one draft

button.addEventListener("click", () => whileBusy(button, async () => {
  try {
    const draft = await call("POST", `/videos/${button.dataset.edit}/edits`, undefined, { key });
    location.assign(`/studio/${draft.id}/review`);
  } catch (error) {
    toast(error.message, "bad");
  }
}));

history.replaceState(null, "", location.pathname); // that it has just been made is told once
