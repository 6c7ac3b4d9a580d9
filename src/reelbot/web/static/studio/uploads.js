// Files, dropped or chosen: sent with their progress, and put where they were meant for.

import { newKey } from "../api.js";
import { shortageOf } from "../needs.js";
import { sizeText } from "../words.js";

const BYTES_MAX = 500_000_000; // as the server's own bound of one file

const BROKEN = " Choose another file, or save this one anew and try again.";
const ADVICE = { 400: BROKEN, 415: BROKEN, 422: BROKEN }; // what the server says of the file, and then what to do

/** Serve the drop zones: `taken(where, asset)` is called for each file that has arrived, in order. */
export function startUploads(taken) {
  document.addEventListener("change", (event) => {
    const zone = event.target.matches("[data-drop] input[type=file]") && event.target.closest("[data-drop]");
    if (!zone) return;
    send(zone, [...event.target.files], taken);
    event.target.value = "";
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // a file that misses its place must not replace the page
    for (const zone of document.querySelectorAll("[data-drop]")) zone.classList.toggle("is-over", zone.contains(event.target));
  });
  document.addEventListener("dragleave", (event) => event.target.closest?.("[data-drop]")?.classList.remove("is-over"));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const zone = event.target.closest?.("[data-drop]");
    zone?.classList.remove("is-over");
    if (zone) send(zone, [...event.dataTransfer.files], taken);
  });
}

async function send(zone, files, taken) {
  const where = zone.dataset.drop;
  const list = document.querySelector(`[data-uploads="${where}"]`);
  for (const file of files) {
    const line = document.createElement("li");
    list.append(line);
    await sendOne(file, line, (asset) => taken(where, asset));
  }
}

/** Send a file and take it; what went wrong stays on its line, with the way to try again. By its key the server knows a file
    that it had received when the answer was lost. */
async function sendOne(file, line, taken, key = newKey()) {
  const progress = showProgress(line, file);
  try {
    refuseEarly(file);
    await taken(await uploaded(file, progress, key));
    line.remove();
  } catch (error) {
    showTrouble(line, `${file.name}: ${error.message}`, () => sendOne(file, line, taken, key));
  }
}

function refuseEarly(file) {
  if (file.size > BYTES_MAX) throw new Error(`A file may have ${sizeText(BYTES_MAX)} at most; this has ${sizeText(file.size)}.`);
  const short = shortageOf(`storage_bytes:${file.size}`);
  if (short) throw new Error(`It needs ${sizeText(file.size)}, and ${sizeText(short.meter.remaining)} of your storage are left.`);
}

function uploaded(file, progress, key) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/assets");
    request.setRequestHeader("Idempotency-Key", key);
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => event.lengthComputable && (progress.value = event.loaded / event.total);
    request.onload = () => {
      const told = answerOf(request);
      if (request.status === 201) resolve(told);
      else reject(new Error(`${told.detail ?? "The server did not take it."}${ADVICE[request.status] ?? ""}`));
    };
    request.onerror = () => reject(new Error("The server cannot be reached. Nothing is lost: try again."));
    request.send(form);
  });
}

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {}; // something between here and the server has answered
  }
}

function showProgress(line, file) {
  line.className = "upload";
  const name = document.createElement("span");
  name.textContent = file.name;
  const progress = document.createElement("progress");
  progress.className = "progress";
  progress.max = 1;
  progress.setAttribute("aria-label", `Uploading ${file.name}`);
  line.replaceChildren(name, progress);
  return progress;
}

function showTrouble(line, sentence, again) {
  line.className = "upload is-failed";
  const said = document.createElement("span");
  said.setAttribute("role", "alert");
  said.textContent = sentence;
  line.replaceChildren(said, smallButton("Try again", again), smallButton("Dismiss", () => line.remove()));
}

function smallButton(text, pressed) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = text;
  button.addEventListener("click", pressed);
  return button;
}
