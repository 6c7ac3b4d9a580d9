// What the sliders for pace and pitch stand at, in words.

import { onShown } from "./shown.js";

const WORDS = {
  pace: (value) => `× ${value}`,
  pitch: (value) => (value === 0 ? "normal" : `${value > 0 ? "+" : "−"}${Math.abs(value)}`),
};

/** Begin to tell it. */
export function startSliders() {
  document.addEventListener("input", tell);
  onShown(tell);
}

function tell() {
  for (const [name, words] of Object.entries(WORDS)) {
    const slider = document.getElementById(name);
    if (slider) slider.closest(".field").querySelector("output").textContent = words(Number(slider.value));
  }
}
