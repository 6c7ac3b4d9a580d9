// Saves every change by itself, and shows that it does: saving, saved, offline.
//
// What is typed is kept in the browser until the server has it, so that neither a reload nor a lost connection loses a
// word; a change that cannot be sent is sent again. One change is saved at a time, in the order in which they were made,
// and names the revision of the draft that it was made to (`If-Match`). Where another tab was quicker with the same text,
// the reader chooses between the two; what does not touch what was changed there is sent again with the later revision.

import { Problem, call } from "../api.js";
import { toast } from "../toast.js";
import { askWhich, baseOf, forgetBase, isAsking, isConflict, noteBase, setBase } from "./conflict.js";
import { agreed } from "./impact.js";
import { makerBody, makerName, markWrong } from "./makers.js";
import { isChanged, takeDefault } from "./morph.js";
import { draftId, noteRevision, refresh, refreshSoon, revision } from "./shown.js";

const IDLE_MS = 900; // a pause in typing
const RETRY_MS = 3000;
const KEPT = `reelbot-unsaved:${draftId}:`;
const SAID = {
  saved: "Saved",
  waiting: "Not saved yet",
  saving: "Saving …",
  asking: "Waiting for your answer",
  conflict: "Not saved: changed in another tab",
  offline: "Offline: kept here, and saved as soon as the server can be reached",
  refused: "Not saved",
};

const waiting = new Map(); // by name: the field
const kept = new Map(); // by name: what this tab keeps in the browser
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
    const saved = await patched(body, !(body.scenes || body.versions));
    tell("saved");
    await refresh();
    return saved !== null;
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
    settle(name);
    if (waiting.size === 0 && !running) tell("saved");
    return;
  }
  waiting.set(name, field);
  if (field.dataset.save) noteBase(name, field.defaultValue);
  keep(name, field);
  if (isAsking(name)) return;
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
    if (field.dataset.save && isConflict(name, field.defaultValue, value)) ask(name, field, field.defaultValue);
    if (isAsking(name)) continue;
    tell("saving");
    try {
      const saved = await patched(bodyOf(field), true, field);
      if (isAsking(name)) continue;
      if (!saved) takeDefault(field);
      else if (field.dataset.save) rebase(name, field, textIn(saved, name));
      if (!saved || field.value === value) settle(name);
    } catch (error) {
      failed(name, field, error);
      return;
    }
  }
  await refresh();
  tell([...waiting.keys()].some(isAsking) ? "conflict" : waiting.size ? "waiting" : "saved");
}

function settle(name) {
  waiting.delete(name);
  forgetBase(name);
  forget(name);
}

/** What is typed from here on is a change of this text. */
function rebase(name, field, text) {
  field.defaultValue = text;
  setBase(name, text);
}

/** Change the draft, which it gives as it then is; null when finished steps would no longer match and that was not wanted.
 *
 * When somebody else has changed it meanwhile, the change is sent again with the later revision if it `isHarmless` beside
 * what was done there, and, where it is a text, only if that text is still the one that was there before. */
async function patched(body, isHarmless, field) {
  try {
    const saved = await call("PATCH", `/drafts/${draftId}`, body, { match: revision() });
    noteRevision(saved.revision);
    return saved;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "revision_conflict") return patchedLater(error.problem.draft, body, isHarmless, field);
    if (error.code !== "confirmation_needed") throw error;
    tell("asking");
    if (!(await agreed(error.problem, body))) return null;
    tell("saving");
    return patched({ ...body, confirm: true }, isHarmless, field);
  }
}

async function patchedLater(present, body, isHarmless, field) {
  noteRevision(present.revision);
  if (!isHarmless) throw new Problem(409, { code: "revision_conflict", detail: "This draft was changed in another tab. Look at it as it is now, then do it again." });
  const name = field?.dataset.save;
  const theirs = name && textIn(present, name);
  if (name && isConflict(name, theirs, field.value)) {
    ask(name, field, theirs);
    return present;
  }
  return patched(body, isHarmless, field);
}

/** A text of the draft as the API tells it. */
function textIn({ steps }, name) {
  if (name === "script") return steps.script?.text ?? "";
  return { topic: steps.topic.text, keywords: steps.topic.keywords ?? "", title: steps.topic.title.text }[name];
}

function ask(name, field, theirs) {
  field.defaultValue = theirs;
  askWhich(name, field, theirs, {
    keep: () => note(field, 0),
    take: () => {
      field.value = theirs;
      settle(name);
      refreshSoon(0);
      tell(waiting.size ? "waiting" : "saved");
    },
  });
  tell("conflict");
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
  for (const [name, field] of waiting) {
    if (isAsking(name) || (field.dataset.save && isConflict(name, field.defaultValue, field.value))) continue; // kept here, and asked about when the page is opened again
    const headers = { "Content-Type": "application/json", Accept: "application/json", "If-Match": `"${revision()}"` };
    fetch(`/api/v1/drafts/${draftId}`, { method: "PATCH", headers, body: JSON.stringify(bodyOf(field)), keepalive: true }).catch(() => null);
  }
}

// what is kept in the browser until it is saved

function keep(name, field) {
  if (!field.dataset.save) return;
  kept.set(name, JSON.stringify({ text: field.value, base: baseOf(name) }));
  try {
    localStorage.setItem(KEPT + name, kept.get(name));
  } catch {
    // a browser that keeps nothing: the page itself still has it
  }
}

function forget(name) {
  try {
    if (localStorage.getItem(KEPT + name) === kept.get(name)) localStorage.removeItem(KEPT + name); // else it is another tab's
  } catch {
    // as above
  }
}

function takeUnsaved() {
  for (const field of document.querySelectorAll("[data-save]")) {
    const name = field.dataset.save;
    let text = null;
    try {
      text = localStorage.getItem(KEPT + name);
    } catch {
      return;
    }
    if (text === null) continue;
    kept.set(name, text);
    const unsaved = readKept(text);
    field.value = unsaved.text;
    setBase(name, unsaved.base ?? field.defaultValue);
    note(field, 0);
  }
}

function readKept(text) {
  try {
    const unsaved = JSON.parse(text);
    if (typeof unsaved?.text === "string") return unsaved;
  } catch {
    // kept by an earlier version: the bare text
  }
  return { text };
}

// saying it

function tell(state) {
  const place = document.getElementById("saving");
  place.dataset.state = state;
  if (place.textContent !== SAID[state]) place.textContent = SAID[state];
}
