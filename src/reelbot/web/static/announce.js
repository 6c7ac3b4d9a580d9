// Tells screen readers, once, what was taken or given back. One voice for the whole page, however many meters it has.

import { onMeter } from "./store.js";
import { amountText, countedText, instantWords } from "./words.js";

const GATHER_MS = 350; // what belongs to one click comes in several messages

let waiting = [];

export function announceCharges() {
  onMeter((meter, before) => {
    const sentence = sentenceOf(meter, before);
    if (!sentence) return;
    if (waiting.length === 0) setTimeout(speak, GATHER_MS);
    waiting = waiting.filter((one) => one.meter !== meter.meter).concat({ meter: meter.meter, sentence });
  });
}

function speak() {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = waiting.map((one) => one.sentence).join(" ");
  waiting = [];
}

/** What there is to say; nothing when a hold only becomes usage, which was said when it was held. */
export function sentenceOf(meter, before) {
  const during = meter.during ? ` ${meter.during}` : "";
  if (meter.window.starts_at !== before.window.starts_at) return `${meter.title} are full again: ${leftText(meter)}${during}.`;
  const taken = meter.used + meter.held - before.used - before.held;
  if (taken === 0) return "";
  const did = taken > 0 ? `${countedText(taken, meter)} taken` : `${countedText(-taken, meter)} given back`;
  const warning = meter.state !== before.state ? WARNINGS[meter.state](meter) : "";
  return `${did}. ${leftText(meter)}${during}.${warning}`;
}

const WARNINGS = {
  available: () => "",
  unlimited: () => "",
  low: () => " Running low.",
  exhausted: (meter) => ` Used up${meter.window.ends_at ? ` until ${instantWords(meter.window.ends_at)}` : ""}.`,
};

function leftText(meter) {
  if (meter.limit === null) return "No limit";
  return `${amountText(meter.remaining, meter.one)} of ${amountText(meter.limit, meter.one)} left`;
}
