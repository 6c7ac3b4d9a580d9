// How long a script takes to say, while it is written; the server measures it in the same way when it is saved.

import { onShown } from "./shown.js";

const DIGIT_LETTERS = 4.5; // "7" is said as "seven"

/** Begin to measure. */
export function startLength() {
  const script = document.getElementById("script");
  if (!script) return;
  script.addEventListener("input", tell);
  onShown(tell);
}

function tell() {
  const box = document.getElementById("length");
  const { words, seconds } = measured(document.getElementById("script").value, box.dataset);
  const aim = Number(box.dataset.aim);
  const part = (name) => box.querySelector(`[data-part="${name}"]`);
  part("bar").value = seconds;
  part("seconds").textContent = `about ${seconds} s`;
  part("words").textContent = `${words} word${words === 1 ? "" : "s"}`;
  part("fits").textContent = wordFor(words, seconds, aim);
}

function wordFor(words, seconds, aim) {
  if (words === 0) return "Nothing yet";
  if (seconds > aim * 1.15) return "Longer than the duration";
  return seconds < aim * 0.6 ? "Shorter than the duration" : "Fits the duration";
}

/** Words and seconds of a text, by the pace of its language. */
export function measured(text, pace) {
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  const letters = count(text, /\p{L}/gu) + DIGIT_LETTERS * count(text, /\d/g);
  const commas = count(text, /[,;:،؛–—]/g);
  const sentences = words === 0 ? 0 : Math.max(1, count(text.trim(), /[.!?…؟۔。！？]+(?=\s|$)|\n+/g) + (/[.!?…؟۔。！？]["'”’)]*$/.test(text.trim()) ? 0 : 1));
  const ms = pace.letter * letters + pace.word * words + pace.comma * commas + pace.sentence * sentences;
  return { words, seconds: Math.round(ms / Number(pace.pace) / 1000) };
}

function count(text, pattern) {
  return (text.match(pattern) ?? []).length;
}
