// Saves every change by itself, and shows that it does: saving, saved, offline.
//
// What is typed is kept in the browser until the server has it, so that neither a reload nor a lost connection loses a
// word; a change that cannot be sent is sent again. One change is saved at a time, in the order in which they were made.

import { Problem, call } from "../api.js";
import { toast } from "../toast.js";
import { agreed } from "./impact.js";
import { makerBody, makerName, markWrong } from "./makers.js";
import { isChanged, takeDefault } from "./morph.js";
import { draftId, refresh, refreshSoon } from "./shown.js";

const IDLE_MS = 900; // a pause in typing
const RETRY_MS = 3000;
const KEPT = `reelbot-unsaved:${draftId}:`;
const SAID = {
  saved: "Saved",
  waiting: "Not saved yet",
  saving: "Saving …",
  asking: "Waiting for your answer",
  offline: "Offline: kept here, and saved as soon as the server can be reached",
  refused: "Not saved",
};

const waiting = new Map(); // by name: the field
let running = null;
let timer = null;

/** Begin to save the fields with `data-save` and `data-setting`, and those of makers.js. */
export function startSaving() {
  document.addEventListener("input", (event) => note(event.target, event.target.matches?.("[data-save]") ? IDLE_MS : 250));
  document.addEventListener("change", (event) => note(event.target, 0));
  addEventListener("online", () => saveSoon(0));
  addEventListener("pagehide", sendAtLast);
  takeUnsaved();
}

/** Wait until all is saved; false when something could not be. */
export async function settled() {
  clearTimeout(timer);
  await save();
  return waiting.size === 0;
}

/** Change something that no field shows: the order of scenes, another version. True when it was done. */
export async function change(body) {
  if (!(await settled())) {
    toast("Something before this is not saved yet. Try again in a moment.", "bad");
    return false;
  }
  tell("saving");
  try {
    const done = await patched(body);
    tell("saved");
    await refresh();
    return done;
  } catch (error) {
    tell(error.status === 0 ? "offline" : "refused");
    toast(error.message, "bad");
    refreshSoon();
    return false;
  }
}

// fields

function nameOf(field) {
  return field.dataset?.save ?? field.dataset?.setting ?? makerName(field);
}

function note(field, pause) {
  const name = nameOf(field);
  if (!name) return;
  markWrong(field, "");
  const isSaved = field.matches("[type=radio]") ? field.defaultChecked : !isChanged(field);
  if (isSaved) {
    waiting.delete(name);
    forget(name);
    if (waiting.size === 0 && !running) tell("saved");
    return;
  }
  waiting.set(name, field);
  keep(name, field);
  if (!running) tell("waiting");
  saveSoon(pause);
}

function bodyOf(field) {
  if (field.dataset.save) return { [field.dataset.save]: field.value };
  if (!field.dataset.setting) return makerBody(field);
  const value = field.dataset.kind === "number" ? Number(field.value) : field.value;
  return { settings: { [field.dataset.setting]: value } };
}

// sending

function saveSoon(pause) {
  clearTimeout(timer);
  timer = setTimeout(save, pause);
}

async function save() {
  while (running) await running;
  if (waiting.size === 0) return;
  running = saveAll();
  await running;
  running = null;
}

async function saveAll() {
  for (const [name, field] of [...waiting]) {
    const value = field.value;
    tell("saving");
    try {
      const done = await patched(bodyOf(field));
      if (!done) takeDefault(field);
      if (!done || field.value === value) settle(name);
    } catch (error) {
      failed(name, field, error);
      return;
    }
  }
  await refresh();
  tell(waiting.size ? "waiting" : "saved");
}

function settle(name) {
  waiting.delete(name);
  forget(name);
}

/** Change the draft; false when finished steps would no longer match and that was not wanted. */
async function patched(body) {
  try {
    await call("PATCH", `/drafts/${draftId}`, body);
    return true;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "confirmation_needed") throw error;
    tell("asking");
    if (!(await agreed(error.problem, body))) return false;
    tell("saving");
    await call("PATCH", `/drafts/${draftId}`, { ...body, confirm: true });
    return true;
  }
}

function failed(name, field, error) {
  if (error.status === 0 || error.status >= 500) {
    tell("offline");
    saveSoon(RETRY_MS);
    return;
  }
  settle(name);
  if (error.status === 401) {
    keep(name, field); // for when somebody has signed in again
    tell("refused");
    return;
  }
  if (field.dataset.option && error.problem.where?.startsWith("provider_options")) {
    markWrong(field, error.message);
    tell("refused");
    return;
  }
  if (!field.dataset.save || error.code === "draft_locked") takeDefault(field);
  tell("refused");
  toast(error.message, "bad");
  refreshSoon();
}

/** The page is left: what waits goes out without being waited for, and is kept until it is known to have arrived. */
function sendAtLast() {
  for (const field of waiting.values()) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    fetch(`/api/v1/drafts/${draftId}`, { method: "PATCH", headers, body: JSON.stringify(bodyOf(field)), keepalive: true }).catch(() => null);
  }
}

// what is kept in the browser until it is saved

function keep(name, field) {
  if (!field.dataset.save) return;
  try {
    localStorage.setItem(KEPT + name, field.value);
  } catch {
    // a browser that keeps nothing: the page itself still has it
  }
}

function forget(name) {
  try {
    localStorage.removeItem(KEPT + name);
  } catch {
    // as above
  }
}

function takeUnsaved() {
  for (const field of document.querySelectorAll("[data-save]")) {
    let kept = null;
    try {
      kept = localStorage.getItem(KEPT + field.dataset.save);
    } catch {
      return;
    }
    if (kept === null) continue;
    field.value = kept;
    note(field, 0);
  }
}

// saying it

function tell(state) {
  const place = document.getElementById("saving");
  place.dataset.state = state;
  if (place.textContent !== SAID[state]) place.textContent = SAID[state];
}
