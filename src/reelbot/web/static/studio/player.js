// Sounds: a button, a slider and, where there are timings, the words, each lit while it is spoken. Samples of voices.

import { onShown } from "./shown.js";

const PLAY = '<path d="m8 5 11 7-11 7z" class="fill"/>';
const PAUSE = '<path d="M8.5 5v14M15.5 5v14"/>';

const sample = new Audio();
let sampleButton = null;

/** Begin to serve players and samples. */
export function startPlayers() {
  document.addEventListener("click", pressed);
  document.addEventListener("input", (event) => {
    const player = event.target.matches?.('[data-part="place"]') && event.target.closest("[data-player]");
    if (player) audioOf(player).currentTime = Number(event.target.value) / 1000;
  });
  for (const kind of ["play", "pause", "ended", "timeupdate"]) document.addEventListener(kind, follow, true);
  for (const kind of ["pause", "ended"]) sample.addEventListener(kind, endSample);
  document.addEventListener("mouseover", (event) => playClip(event.target, true));
  document.addEventListener("mouseout", (event) => playClip(event.target, false));
  onShown(loadTracks);
}

function audioOf(player) {
  return player.querySelector("audio");
}

function pressed(event) {
  const { target } = event;
  const toggle = target.closest('[data-player] [data-part="toggle"]');
  if (toggle) {
    const audio = audioOf(toggle.closest("[data-player]"));
    if (audio.paused) audio.play();
    else audio.pause();
    return;
  }
  const word = target.closest("[data-at]");
  if (word) audioOf(word.closest("[data-player]")).currentTime = Number(word.dataset.at) / 1000;
  const listened = target.closest("[data-sample]");
  if (listened) listen(listened);
}

function follow({ target }) {
  const player = target.closest?.("[data-player]");
  if (!player) return;
  const toggle = player.querySelector('[data-part="toggle"]');
  draw(toggle, target.paused);
  const at = Math.round(target.currentTime * 1000); // as whole as the marks of words are
  player.querySelector('[data-part="place"]').value = at;
  const whole = player.querySelector('[data-part="place"]').max;
  player.querySelector('[data-part="time"]').textContent = `${clock(at)} / ${clock(Number(whole))}`;
  for (const word of player.querySelectorAll("[data-at]")) {
    word.classList.toggle("is-spoken", at >= Number(word.dataset.at) && at < Number(word.dataset.until) && at > 0);
  }
  if (!target.paused) requestAnimationFrame(() => !target.paused && follow({ target }));
}

function draw(button, isPaused) {
  button.querySelector("svg").innerHTML = isPaused ? PLAY : PAUSE;
  button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/^(Play|Pause)/, isPaused ? "Play" : "Pause"));
}

function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// words

function loadTracks() {
  for (const player of document.querySelectorAll("[data-player][data-words]")) {
    const track = player.querySelector('[data-part="track"]');
    if (track.dataset.of !== player.dataset.words) load(track, player.dataset.words);
  }
}

async function load(track, address) {
  track.dataset.of = address;
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) {
    delete track.dataset.of;
    return;
  }
  const words = await answer.json();
  track.replaceChildren(...words.flatMap(([text, from, to]) => [wordSpan(text, from, to), " "]));
}

function wordSpan(text, from, to) {
  const word = document.createElement("span");
  word.textContent = text;
  word.dataset.at = from;
  word.dataset.until = to;
  return word;
}

// samples of voices, and clips that move when they are pointed at

function listen(button) {
  const isPlaying = sampleButton === button && !sample.paused;
  sample.pause();
  if (isPlaying) return;
  sampleButton = button;
  sample.src = button.dataset.sample;
  button.classList.add("is-playing");
  sample.play().catch(endSample);
}

function endSample() {
  sampleButton?.classList.remove("is-playing");
}

function playClip(target, plays) {
  const clip = target.closest?.(".scene")?.querySelector("video[data-plays]");
  if (!clip || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  if (plays) clip.play().catch(() => null);
  else clip.pause();
}
