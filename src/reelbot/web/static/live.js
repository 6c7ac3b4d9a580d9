// The account's live stream: one connection while the page is seen, none while it is hidden.
//
// A hidden tab gives its connection back, because a browser has only six for one site; seen again, it goes on after the
// last message it knows, and so shows what every other tab shows. A connection that is lost is made again by itself.

import { isAtLeast } from "./now.js";
import { takeFigures } from "./store.js";

const STREAM = "/api/v1/events";
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15000];
const TOLD_AFTER_MS = 2500; // a blink of the network is nobody's business

const listeners = new EventTarget();
const kinds = new Set(["usage"]);
let cursor = document.documentElement.dataset.cursor;
let source = null;
let failures = 0;
let retry = null;
let telling = null;

/** Call `heard(data)` for every message of a kind: usage, job, draft, video, plan_request. Returns what ends it. */
export function onEvent(kind, heard) {
  const listener = (event) => heard(event.detail);
  listeners.addEventListener(kind, listener);
  if (!kinds.has(kind)) {
    kinds.add(kind);
    if (source) listenTo(source, kind);
  }
  return () => listeners.removeEventListener(kind, listener);
}

/** Begin, on a page of somebody who has signed in. */
export function startLive() {
  if (!cursor) return;
  addEventListener("visibilitychange", follow);
  addEventListener("online", connectNow);
  addEventListener("offline", () => tell("You are offline. This page catches up by itself when you are back."));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", follow);
  follow();
}

function follow() {
  if (document.visibilityState === "hidden") disconnect();
  else if (!source) connectNow();
}

function connectNow() {
  failures = 0;
  connect();
}

function connect() {
  disconnect();
  source = new EventSource(`${STREAM}?after=${encodeURIComponent(cursor)}`);
  source.onopen = () => {
    failures = 0;
    untell();
  };
  source.onmessage = note;
  source.onerror = lost;
  for (const kind of kinds) listenTo(source, kind);
}

function disconnect() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function listenTo(stream, kind) {
  stream.addEventListener(kind, (message) => {
    note(message);
    const told = JSON.parse(message.data);
    if (kind === "usage") {
      if (told.window.starts_at) isAtLeast(Date.parse(told.window.starts_at));
      takeFigures(told);
    }
    listeners.dispatchEvent(new CustomEvent(kind, { detail: told }));
  });
}

function note(message) {
  if (message.lastEventId) cursor = message.lastEventId;
}

// The browser's own reconnecting gives up at the first answer that is no stream, such as that of a server that is
// starting. So a lost connection is always made again here.
async function lost() {
  disconnect();
  telling ??= setTimeout(() => tell("Connecting again … The figures may be a moment old."), TOLD_AFTER_MS);
  if (await hasEnded()) {
    tell("You have been signed out. ", { href: "/login", text: "Sign in again" });
    return;
  }
  if (document.visibilityState === "hidden") return;
  const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
  failures += 1;
  clearTimeout(retry);
  retry = setTimeout(connect, wait * (0.75 + Math.random() / 2));
}

async function hasEnded() {
  try {
    const answer = await fetch("/api/v1/account", { headers: { Accept: "application/json" } });
    return answer.status === 401;
  } catch {
    return false;
  }
}

function tell(sentence, link) {
  const bar = document.getElementById("connection");
  if (!bar) return;
  bar.textContent = sentence;
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.textContent = link.text;
    bar.append(anchor);
  }
  bar.hidden = false;
  document.documentElement.dataset.connection = "lost";
}

function untell() {
  clearTimeout(telling);
  telling = null;
  const bar = document.getElementById("connection");
  if (bar) bar.hidden = true;
  document.documentElement.dataset.connection = "live";
}
