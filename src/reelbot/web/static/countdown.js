// <rb-countdown data-at="2026-03-02T00:00:00Z">: how long until then, kept true. One timer serves all of a page.

import { now } from "./now.js";
import { durationWords } from "./words.js";

const shown = new Set();
let timer = null;

class Countdown extends HTMLElement {
  static observedAttributes = ["data-at"];

  connectedCallback() {
    shown.add(this);
    this.show();
    timer ??= setInterval(showAll, 1000);
  }

  disconnectedCallback() {
    shown.delete(this);
    if (shown.size > 0) return;
    clearInterval(timer);
    timer = null;
  }

  attributeChangedCallback() {
    if (this.isConnected) this.show();
  }

  show() {
    const left = new Date(this.dataset.at) - now();
    const text = left <= 0 ? "now" : `in ${durationWords(left)}`;
    if (this.textContent !== text) this.textContent = text;
  }
}

function showAll() {
  for (const countdown of shown) countdown.show();
}

addEventListener("visibilitychange", showAll);
customElements.define("rb-countdown", Countdown);
