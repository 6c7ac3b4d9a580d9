// Files, dropped or chosen: sent with their progress, and put where they were meant for.

import { newKey } from "../api.js";
import { shortageOf } from "../needs.js";
import { toast } from "../toast.js";
import { sizeText } from "../words.js";

const BYTES_MAX = 500_000_000; // as the server's own bound of one file

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
    const line = lineFor(file);
    list.append(line);
    try {
      refuseEarly(file);
      const asset = await uploaded(file, line.querySelector("progress"));
      await taken(where, asset);
    } catch (error) {
      toast(`${file.name}: ${error.message}`, "bad");
    }
    line.remove();
  }
}

function refuseEarly(file) {
  if (file.size > BYTES_MAX) throw new Error(`A file may have ${sizeText(BYTES_MAX)} at most; this has ${sizeText(file.size)}.`);
  const short = shortageOf(`storage_bytes:${file.size}`);
  if (short) throw new Error(`It needs ${sizeText(file.size)}, and ${sizeText(short.meter.remaining)} of your storage are left.`);
}

function uploaded(file, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/assets");
    request.setRequestHeader("Idempotency-Key", newKey());
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => event.lengthComputable && (progress.value = event.loaded / event.total);
    request.onload = () => {
      const told = JSON.parse(request.responseText || "{}");
      if (request.status === 201) resolve(told);
      else reject(new Error(told.detail ?? "The server did not take it."));
    };
    request.onerror = () => reject(new Error("The server cannot be reached. Try again."));
    request.send(form);
  });
}

function lineFor(file) {
  const line = document.createElement("li");
  line.className = "upload";
  const name = document.createElement("span");
  name.textContent = file.name;
  const progress = document.createElement("progress");
  progress.className = "progress";
  progress.max = 1;
  progress.setAttribute("aria-label", `Uploading ${file.name}`);
  line.append(name, progress);
  return line;
}
