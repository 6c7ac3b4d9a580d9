// Keeps what is at work, what to go on with and the chart true while the dashboard is open.

import { onEvent } from "../live.js";

const PARTS = ["going-on", "activity"];
const GATHER_MS = 900; // a batch ends in several events

let timer = null;

onEvent("job", (job) => {
  const row = document.querySelector(`[data-job="${CSS.escape(job.id ?? "")}"]`);
  if (row && (job.state === "running" || job.state === "queued")) {
    row.querySelector("progress").value = job.progress ?? 0;
    if (job.message) row.querySelector('[data-part="message"]').textContent = job.message;
    return;
  }
  renewSoon();
});
for (const kind of ["draft", "video", "usage"]) onEvent(kind, renewSoon);

function renewSoon() {
  clearTimeout(timer);
  timer = setTimeout(renew, GATHER_MS);
}

async function renew() {
  const answer = await fetch("/", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of PARTS) {
    const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
    if (!old || !next || old.innerHTML === next.innerHTML || old.contains(document.activeElement)) continue;
    old.replaceWith(document.adoptNode(next));
  }
}
