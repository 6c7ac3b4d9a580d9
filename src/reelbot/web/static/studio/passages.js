// The passage of the script that is selected, and so the one that is rewritten.

import { onShown } from "./shown.js";

/** Begin to follow the selection. */
export function startPassages() {
  const script = document.getElementById("script");
  if (!script) return;
  for (const kind of ["select", "keyup", "pointerup", "input"]) script.addEventListener(kind, () => setTimeout(follow));
  onShown(follow);
}

function follow() {
  const script = document.getElementById("script");
  const shown = document.getElementById("passage");
  if (!shown) return;
  const passage = script.value.slice(script.selectionStart, script.selectionEnd).trim();
  shown.hidden = passage === "" || passage === script.value.trim();
  shown.textContent = shown.hidden ? "" : passage;
}
