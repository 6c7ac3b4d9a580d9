// The plan and what can be done about it stay true: an operator may decide a request while this page is open.

import { onEvent } from "../live.js";
import { morph } from "../studio/morph.js";

const GATHER_MS = 150; // an approval tells of the request and of every limit

let timer = null;

onEvent("plan_request", refreshSoon);

function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, GATHER_MS);
}

async function refresh() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // the next event, or the next visit, shows it
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (next) morph(part, next);
  }
}
