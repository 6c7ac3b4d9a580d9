// The library as a dialog: pictures and clips for the draft, or a picture as its logo. A page at a time, the newest first.
//
// The API lists files and does not search: a name sifts those that were fetched, and fetches on while few match.

import { Problem, call, whileBusy } from "../api.js";
import { change } from "./saving.js";

const PAGE = 48; // files of one request
const ENOUGH = 12; // matches of a name after which nothing more is fetched unasked
const UNASKED_MAX = 5; // requests that one press may lead to
const USABLE = { scenes: ["image", "clip"], logo: ["image"] };

const dialog = document.getElementById("library");
const part = (name) => dialog.querySelector(`[data-part="${name}"]`);

let where = "scenes";
let files = [];
let next = null;
let round = 0; // answers to what was asked for an earlier opening are dropped

/** Begin to serve buttons with `data-picks`. */
export function startPicker() {
  document.addEventListener("click", ({ target }) => {
    const opener = target.closest("[data-picks]");
    if (opener) open(opener.dataset.picks);
  });
  part("more").addEventListener("click", () => whileBusy(part("more"), () => fetchOn(round)));
  document.getElementById("library-name").addEventListener("input", sift);
  document.getElementById("library-kind").addEventListener("change", sift);
  part("list").addEventListener("click", ({ target }) => {
    const button = target.closest("[data-asset]");
    if (button) whileBusy(button, () => take(files.find((file) => file.id === button.dataset.asset)));
  });
}

function open(place) {
  where = place;
  files = [];
  next = null;
  document.getElementById("library-name").value = "";
  document.getElementById("library-kind").value = "";
  document.getElementById("library-kind").hidden = place === "logo";
  document.getElementById("library-title").textContent = place === "logo" ? "A logo from the library" : "From the library";
  draw();
  dialog.showModal();
  fetchOn((round += 1));
}

function sift() {
  draw();
  if (next !== null && matches().length < enough()) fetchOn((round += 1));
}

function enough() {
  return document.getElementById("library-name").value.trim() ? ENOUGH : 1;
}

function matches() {
  const name = document.getElementById("library-name").value.trim().toLowerCase();
  const kind = document.getElementById("library-kind").value;
  return files.filter((file) => USABLE[where].includes(file.kind) && (!kind || file.kind === kind) && file.name.toLowerCase().includes(name));
}

async function fetchOn(mine) {
  part("state").textContent = "Looking …";
  const before = matches().length;
  try {
    for (let asked = 0; asked < UNASKED_MAX; asked += 1) {
      const page = await call("GET", `/assets?limit=${PAGE}${files.length ? `&after=${next}` : ""}`);
      if (mine !== round) return;
      files.push(...page.assets);
      next = page.next;
      draw();
      if (next === null || matches().length >= before + enough()) return;
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (mine === round) part("state").textContent = error.message;
  }
}

function draw() {
  const found = matches();
  part("list").replaceChildren(...found.map(item));
  part("more").hidden = next === null;
  part("more").textContent = found.length ? "Show more" : "Look further";
  part("state").textContent = found.length ? "" : next === null ? "Nothing here matches. Upload something, or look for another name." : "Nothing among the newest.";
}

function item(file) {
  const entry = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "library-item";
  button.dataset.asset = file.id;
  const name = document.createElement("span");
  name.className = "small";
  name.textContent = file.name;
  button.append(picture(file), name);
  entry.append(button);
  return entry;
}

function picture(file) {
  const shown = document.createElement(file.kind === "image" ? "img" : "video");
  shown.src = file.url;
  if (file.kind === "image") {
    shown.alt = "";
    shown.loading = "lazy";
  } else {
    Object.assign(shown, { muted: true, preload: "metadata", tabIndex: -1 });
    shown.setAttribute("aria-hidden", "true");
  }
  return shown;
}

async function take(file) {
  if (where === "logo") {
    dialog.close("");
    await change({ settings: { logo: file.id } });
  } else if (await change({ add: [file.id] })) part("state").textContent = `${file.name} is in the draft.`;
}
