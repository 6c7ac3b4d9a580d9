// Pictures and clips: their order by dragging or by buttons, the choice of those to animate, versions.

import { whileBusy } from "../api.js";
import { bodyOf, chosenScenes } from "./bodies.js";
import { sure } from "./making.js";
import { putOn, quoteFor } from "./quoting.js";
import { change } from "./saving.js";
import { onShown } from "./shown.js";

const REPRICE_MS = 200;

let dragged = null;
let timer = null;

/** Begin to serve the assets. */
export function startScenes() {
  document.addEventListener("click", pressed);
  document.addEventListener("dragstart", begin);
  document.addEventListener("dragover", over);
  document.addEventListener("dragend", drop);
  document.addEventListener("change", chosen);
  document.addEventListener("input", (event) => ["prompt", "count"].includes(event.target.id) && repriceSoon());
  onShown(repriceSoon);
}

function pressed(event) {
  if (event.target.closest("[data-step-link]")) repriceSoon();
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.move) move(button, Number(button.dataset.move));
  else if (button.matches("[data-remove-scene]")) whileBusy(button, () => remove(button.closest("[data-scene]")));
  else if (button.dataset.choose) whileBusy(button, () => choose(JSON.parse(button.dataset.choose)));
  else if (button.dataset.topic) whileBusy(button, () => change({ topic: button.dataset.topic }));
  else if (button.matches("[data-no-music]")) whileBusy(button, () => change({ music: null }));
}

function choose({ slot, version, scene }) {
  return change({ versions: [scene ? { slot, version, scene } : { slot, version }] });
}

// order

function scenes() {
  return [...document.querySelectorAll("#scenes > [data-scene]")];
}

function order() {
  return scenes().map((one) => Number(one.dataset.scene));
}

async function move(button, by) {
  const scene = button.closest("[data-scene]");
  const all = scenes();
  const at = all.indexOf(scene);
  const other = all[at + by];
  if (!other) {
    say(by < 0 ? "It is the first already." : "It is the last already.");
    return;
  }
  if (by < 0) other.before(scene);
  else other.after(scene);
  button.focus();
  say(`Now ${at + by + 1} of ${all.length}.`);
  await change({ scenes: order() });
  if (document.activeElement === document.body) button.focus();
}

async function remove(scene) {
  const text = "It leaves this draft with its versions. An upload stays in the library; a picture that was painted can be painted again.";
  if (!(await sure("Remove this from the draft?", text, "Remove"))) return;
  await change({ scenes: order().filter((id) => id !== Number(scene.dataset.scene)) });
}

function begin(event) {
  dragged = event.target.closest?.("[data-scene]") ?? null;
  if (!dragged) return;
  document.body.dataset.dragging = "scene";
  dragged.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.scene);
}

function over(event) {
  const target = dragged && event.target.closest?.("#scenes > [data-scene]");
  if (!target) return;
  event.preventDefault();
  if (target === dragged) return;
  const all = scenes();
  if (all.indexOf(dragged) < all.indexOf(target)) target.after(dragged);
  else target.before(dragged);
}

async function drop() {
  if (!dragged) return;
  dragged.classList.remove("is-dragged");
  dragged = null;
  delete document.body.dataset.dragging;
  await change({ scenes: order() });
}

function say(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

// choosing, and the price of what is chosen

function chosen(event) {
  if (event.target.matches("[data-select-all]")) {
    for (const box of document.querySelectorAll("[data-animate]")) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-select-all], [data-animate], #clip-seconds, #count")) repriceSoon();
}

function repriceSoon() {
  const bar = document.getElementById("scene-bar");
  if (bar) tellChosen(bar);
  clearTimeout(timer);
  timer = setTimeout(reprice, REPRICE_MS);
}

function tellChosen(bar) {
  const count = chosenScenes().length;
  bar.querySelector('[data-part="chosen"]').textContent = count ? `${count} chosen, one price for all` : "Choose pictures to animate them together, at one price";
  bar.querySelector("[data-select-all]").checked = count > 0 && count === document.querySelectorAll("[data-animate]").length;
  const button = bar.querySelector("button");
  button.disabled = count === 0;
  button.querySelector('[data-part="text"]').textContent = count > 1 ? `Animate ${count} pictures` : "Animate";
  if (count === 0) {
    button.querySelector('[data-part="price"]').hidden = true;
    button.dataset.needs = "";
  }
}

async function reprice() {
  if (document.getElementById("panel-assets").hidden) return;
  const animate = document.querySelector('#scene-bar [data-makes="animation"]');
  if (animate && chosenScenes().length) await repriced(animate, true);
  const paint = document.querySelector('[data-makes="image"]');
  if (paint && ["prompt", "topic", "script"].some((id) => document.getElementById(id)?.value.trim())) await repriced(paint, false);
}

async function repriced(button, fits) {
  try {
    putOn(button, await quoteFor(bodyOf(button)), fits);
  } catch {
    // it says why when it is pressed
  }
}
