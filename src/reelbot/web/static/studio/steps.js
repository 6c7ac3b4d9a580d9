// The steps: any of them at any time, without loading the page anew. Each has its own address, so back, forward and links work.

import { draftId, onShown } from "./shown.js";

/** Begin to follow the links of steps. */
export function startSteps() {
  const root = document.getElementById("draft");
  const named = document.getElementById(`panel-${location.hash.slice(1)}`)?.dataset.panel;
  history.replaceState(null, "", pathOf(named ?? root.dataset.step));
  document.addEventListener("click", follow);
  addEventListener("popstate", () => show(stepHere()));
  onShown(() => show(stepHere(), false));
}

function pathOf(step) {
  return `/studio/${draftId}/${step}`;
}

function stepHere() {
  return location.pathname.split("/")[3];
}

function follow(event) {
  const link = event.target.closest("[data-step-link]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  if (stepHere() !== link.dataset.stepLink) history.pushState(null, "", pathOf(link.dataset.stepLink));
  show(stepHere());
}

function show(step, moves = true) {
  for (const panel of document.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== step;
  for (const link of document.querySelectorAll(".step")) {
    if (link.dataset.stepLink === step) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
  document.querySelector('.step[aria-current="step"]')?.scrollIntoView({ block: "nearest", inline: "center" });
  if (!moves) return;
  const title = document.getElementById(`title-${step}`);
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}
