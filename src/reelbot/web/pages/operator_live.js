// Keeps the parts of an operator's page that are marked `data-live` as the server knows them, while the page is seen.
//
// The account's own stream tells nothing of other accounts, so the page is asked for again, calmly, and only what is
// different is touched: focus, what is being typed and what is open stay.

import { morph } from "../studio/morph.js";

const CALM_MS = 4000;
const CHECKING_MS = 1000; // the check of the ledger is what somebody waits for
const SHARE = 10; // at most a tenth of the time is spent on asking: a server that takes long is asked less often

let timer = null;
let isAsking = false;

/** Begin, and go on for as long as the page is open. */
export function keepLive() {
  if (!parts().length) return;
  document.addEventListener("visibilitychange", follow);
  addEventListener("pageshow", follow);
  later(pause());
}

function follow() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") refresh();
}

function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(refresh, ms);
}

function pause() {
  return document.querySelector("[data-checking]") ? CHECKING_MS : CALM_MS;
}

async function refresh() {
  if (isAsking || document.visibilityState !== "visible") return;
  isAsking = true;
  const began = performance.now();
  const goesOn = await ask().catch(() => true); // the network was away for a moment
  isAsking = false;
  if (goesOn) later(Math.max(pause(), SHARE * (performance.now() - began)));
}

/** Whether there is anything to ask for again: not once one has been signed out. */
async function ask() {
  const from = document.querySelector("[data-live][data-from]")?.dataset.from ?? location.href;
  const answer = await fetch(from, { headers: { Accept: "text/html" } });
  if (answer.redirected) return false;
  if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  return true;
}

function show(fresh) {
  for (const part of parts()) {
    const next = fresh.getElementById(part.id);
    if (!next) continue;
    morph(part, next);
    for (const button of part.querySelectorAll("button[aria-busy]")) {
      if (!next.querySelector("button[aria-busy]")) button.removeAttribute("aria-busy");
    }
  }
}

function parts() {
  return [...document.querySelectorAll("[data-live]")];
}
