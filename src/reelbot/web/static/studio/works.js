// Jobs of this draft, live: progress as it is told, and the page brought up to date when one begins or ends.

import { onEvent } from "../live.js";
import { shortageOf } from "../needs.js";
import { onMeter } from "../store.js";
import { draftId, refreshSoon } from "./shown.js";

/** Begin to listen. */
export function startWorks() {
  onEvent("draft", (draft) => draft.id === draftId && refreshSoon());
  onEvent("job", (job) => job.draft === draftId && follow(job));
  onEvent("video", (video) => {
    if (video.draft === draftId) location.assign(`/videos/${video.id}?made=1`);
  });
  onMeter(followWhole);
}

function follow(job) {
  const line = document.querySelector(`[data-job="${CSS.escape(job.id)}"]`);
  if (!line || line.dataset.state !== job.state) {
    refreshSoon();
    return;
  }
  line.querySelector("progress").value = job.progress;
  const message = line.querySelector('[data-part="message"]');
  if (message.textContent !== job.message) message.textContent = job.message;
}

/** Whether the whole video fits has changed: then something else is offered. */
function followWhole() {
  const whole = document.querySelector(".whole");
  if (whole && (whole.dataset.fitsAll === "yes") === Boolean(shortageOf(whole.dataset.needsAll))) refreshSoon();
}
