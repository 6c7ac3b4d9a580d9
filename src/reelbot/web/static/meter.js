// <rb-meter data-meter="ai_credits">: keeps what the server rendered true. The parts are named by `data-part`.
//
// A number rolls to its new value, "−2" rises when something is taken, the held part is hatched and shrinks when it is
// given back. Who wants less motion sees the new figures at once.

import { meterNamed, onMeter } from "./store.js";
import { amountText, instantWords } from "./words.js";

const ROLL_MS = 620;
const STATES = { available: "", low: "Running low", exhausted: "Used up", unlimited: "Unlimited" };
const stills = matchMedia("(prefers-reduced-motion: reduce)");

class Meter extends HTMLElement {
  connectedCallback() {
    this.unhear = onMeter((meter, before) => {
      if (meter.meter === this.dataset.meter) this.show(meter, before);
    });
    const known = meterNamed(this.dataset.meter);
    if (known) this.show(known, known);
  }

  disconnectedCallback() {
    this.unhear();
  }

  show(meter, before) {
    this.dataset.state = meter.state;
    this.say("state", STATES[meter.state]);
    this.say("used", amountText(meter.used, meter.one));
    this.say("held", amountText(meter.held, meter.one));
    this.say("of", ofText(meter));
    this.roll(meter, before);
    this.draw(meter);
    this.reset(meter);
    this.rise(meter, before);
    const still = this.part("still");
    if (still) still.hidden = meter.state !== "exhausted";
  }

  part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }

  say(name, text) {
    const part = this.part(name);
    if (part && part.textContent !== text) part.textContent = text;
  }

  roll(meter, before) {
    const part = this.part("remaining");
    if (!part) return;
    cancelAnimationFrame(this.rolling);
    const to = meter.remaining;
    const from = before.remaining;
    if (to === null || from === null || from === to || stills.matches || document.hidden) {
      part.textContent = to === null ? "∞" : amountText(to, meter.one);
      return;
    }
    const began = performance.now();
    const step = (at) => {
      const share = Math.min(1, (at - began) / ROLL_MS);
      const eased = 1 - (1 - share) ** 3;
      part.textContent = amountText(Math.round(from + (to - from) * eased), meter.one);
      if (share < 1) this.rolling = requestAnimationFrame(step);
    };
    this.rolling = requestAnimationFrame(step);
  }

  draw(meter) {
    const used = share(meter.used, meter.limit);
    const held = Math.min(share(meter.held, meter.limit), 100 - used);
    this.set("bar-used", { width: `${used}%` });
    this.set("bar-held", { x: `${used}%`, width: `${held}%` });
    this.set("ring-used", { strokeDasharray: `${used} 200` });
    this.set("ring-held", { strokeDasharray: `${used + held} 200` });
    const one = meter.one;
    this.part("bar")?.setAttribute("aria-label", `${amountText(meter.used, one)} used, ${amountText(meter.held, one)} held`);
  }

  set(name, style) {
    const part = this.part(name);
    if (part) Object.assign(part.style, style);
  }

  reset(meter) {
    const ends = meter.window.ends_at;
    const time = this.part("resets");
    if (!time || !ends || time.dateTime === ends) return;
    time.dateTime = ends;
    time.textContent = instantWords(ends);
    const countdown = this.querySelector("rb-countdown");
    if (countdown) countdown.dataset.at = ends;
  }

  rise(meter, before) {
    if (meter === before || meter.window.starts_at !== before.window.starts_at || meter.limit !== before.limit) return;
    const taken = meter.used + meter.held - before.used - before.held;
    if (taken === 0 || stills.matches || document.hidden) return;
    const delta = document.createElement("span");
    delta.className = "delta";
    delta.setAttribute("aria-hidden", "true");
    delta.textContent = `${taken > 0 ? "−" : "+"}${amountText(Math.abs(taken), meter.one)}`;
    delta.addEventListener("animationend", () => delta.remove());
    this.append(delta);
  }
}

function ofText(meter) {
  const of = meter.limit === null ? "no limit" : `left of ${amountText(meter.limit, meter.one)}`;
  return meter.during ? `${of} ${meter.during}` : of;
}

function share(amount, limit) {
  if (limit === null) return 0;
  if (limit === 0) return 100;
  return Math.min(100, Math.round((10000 * amount) / limit) / 100);
}

customElements.define("rb-meter", Meter);
