// Which draft this page shows, and how it is brought up to what the server knows.

import { morph } from "./morph.js";

const GATHER_MS = 120; // several events belong to one click
const RETRY_MS = 2500;
const PARTS = ["draft"];

const root = document.getElementById("draft");
let timer = null;
let asking = null;

/** The draft's id. */
export const draftId = root.dataset.draft;

/** Whether the draft is being rendered and cannot be changed. */
export function isLocked() {
  return root.hasAttribute("data-locked");
}

/** The revision of the draft that this page knows. */
export function revision() {
  return root.dataset.revision;
}

/** Note a later revision: that of a change which was saved, or which was told of instead. */
export function noteRevision(later) {
  root.dataset.revision = later;
}

/** Call `heard` now and whenever the page has been brought up to date. */
export function onShown(heard) {
  document.addEventListener("draft-shown", heard);
  heard();
}

/** Bring the page up to date in a moment. */
export function refreshSoon(ms = GATHER_MS) {
  clearTimeout(timer);
  timer = setTimeout(refresh, ms);
}

/** Bring the page up to date now. A later call takes the place of one that is under way. */
export async function refresh() {
  clearTimeout(timer);
  asking?.abort();
  const mine = (asking = new AbortController());
  let answer;
  let text;
  try {
    answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal: mine.signal });
    text = await answer.text();
  } catch (error) {
    if (error.name !== "AbortError") refreshSoon(RETRY_MS);
    return;
  }
  if (answer.redirected) {
    const isMade = new URL(answer.url).pathname.startsWith("/videos/"); // else the draft is gone
    location.assign(isMade ? `${answer.url}?made=1` : answer.url);
    return;
  }
  if (!answer.ok) return;
  if (document.body.dataset.dragging) {
    refreshSoon(RETRY_MS);
    return;
  }
  show(new DOMParser().parseFromString(text, "text/html"));
}

function show(fresh) {
  for (const id of PARTS) {
    const next = fresh.getElementById(id);
    if (next) morph(document.getElementById(id), next);
  }
  document.title = fresh.title;
  document.dispatchEvent(new Event("draft-shown"));
}
