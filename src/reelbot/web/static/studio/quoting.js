// What AI actions would cost: asked of the server, put on buttons, and shown line by line before a larger one.

import { call } from "../api.js";
import { asked } from "../dialog.js";
import { meterNamed } from "../store.js";
import { amountText, countedText, instantWords, numberText } from "../words.js";
import { draftId } from "./shown.js";
import { slotWords, slotsWords } from "./slots.js";

/** The quote for a request. */
export function quoteFor(body) {
  const { quote, ...request } = body;
  return call("POST", `/drafts/${draftId}/quotes`, request);
}

/** How many AI credits a quote comes to. */
export function creditsOf(quote) {
  return quote.totals.ai_credits ?? 0;
}

/** How many AI credits a button says it takes. */
export function creditsOn(button) {
  return Number(/ai_credits:(\d+)/.exec(button.dataset.cost ?? button.dataset.needs)?.[1] ?? 0);
}

/** Put a quote on a button. With `fits`, the button needs no more than the cheapest line: as many as fit are made. */
export function putOn(button, quote, fits = false) {
  const tag = button.querySelector('[data-part="price"]');
  const credits = creditsOf(quote);
  tag.hidden = false;
  tag.classList.toggle("is-free", credits === 0);
  tag.textContent = credits === 0 ? "already made" : numberText(credits);
  if (credits) tag.append(unseen(credits === 1 ? " AI credit" : " AI credits"));
  const needs = fits ? leastOf(quote) : quote.totals;
  button.dataset.cost = worded(quote.totals);
  button.dataset.needs = worded(needs);
}

/** Words for screen readers alone. */
function unseen(words) {
  const spoken = document.createElement("span");
  spoken.className = "unseen";
  spoken.textContent = words;
  return spoken;
}

function leastOf(quote) {
  const slots = grouped(quote.lines);
  let least = null;
  for (const lines of slots.values()) {
    const needs = Object.fromEntries(lines.map((line) => [line.meter, line.amount]));
    if (least === null || (needs.ai_credits ?? 0) < (least.ai_credits ?? 0)) least = needs;
  }
  return least ?? {};
}

function grouped(lines) {
  const slots = new Map();
  for (const line of lines) slots.set(line.slot, [...(slots.get(line.slot) ?? []), line]);
  return slots;
}

function worded(amounts) {
  return Object.entries(amounts).map(([meter, amount]) => `${meter}:${amount}`).join(" ");
}

/** Show a quote line by line; true when it is agreed to. */
export function agreedTo(quote, title, fits = false) {
  const dialog = document.getElementById("quote");
  const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
  part("title").textContent = title;
  part("lines").replaceChildren(...gathered(quote.lines).map(row));
  part("forecast").replaceChildren(...Object.keys(quote.totals).filter((name) => name !== "storage_bytes").flatMap((name) => ahead(name, taken(quote, name, fits))));
  const late = quote.lines.filter((line) => !line.fits);
  part("later").hidden = late.length === 0;
  part("later").textContent = late.length ? laterWords(late, fits) : "";
  const go = part("go");
  go.textContent = fits && late.length ? fittingWords(quote.lines, title) : title;
  go.dataset.needs = fits ? worded(leastOf(quote)) : worded(quote.totals);
  return asked(dialog);
}

function taken(quote, meter, fits) {
  const lines = quote.lines.filter((line) => line.meter === meter && (!fits || line.fits));
  return lines.reduce((sum, line) => sum + line.amount, 0);
}

/** The lines to show: those that say the same are one, and what counts as storage is told by its own meter. */
function gathered(lines) {
  const rows = new Map();
  for (const line of lines.filter((one) => one.meter !== "storage_bytes")) {
    const name = line.amount === 0 ? line.slot.split(":")[0] : slotWords(line.slot); // what is free needs no list of its own
    const key = JSON.stringify([name, line.why, line.fits]);
    const known = rows.get(key) ?? { ...line, slots: [], amount: 0 };
    rows.set(key, { ...known, slots: [...known.slots, line.slot], amount: known.amount + line.amount });
  }
  return [...rows.values()];
}

function row(line) {
  const made = document.createElement("tr");
  if (!line.fits) made.className = "is-late";
  const head = element("th", "", element("span", "what", slotsWords(line.slots)), element("span", "why", line.why));
  head.scope = "row";
  made.append(head, element("td", "number", line.amount === 0 ? "free" : countedText(line.amount, meterNamed(line.meter))));
  return made;
}

function element(name, className, ...inside) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...inside);
  return made;
}

/** What a meter has now, what is taken, and what is left after, as terms of a list. */
export function ahead(name, amount) {
  const meter = meterNamed(name);
  if (!meter) return [];
  const box = document.createElement("div");
  const term = document.createElement("dt");
  term.textContent = meter.title;
  const said = document.createElement("dd");
  said.textContent = forecastText(meter, amount);
  box.append(term, said);
  return [box];
}

/** `52 now → 2 → 50 after`. */
export function forecastText(meter, amount) {
  const own = (number) => amountText(number, meter.one);
  if (meter.remaining === null) return `${own(amount)}, no limit`;
  return `${own(meter.remaining)} now → ${own(amount)} → ${own(Math.max(0, meter.remaining - amount))} after`;
}

/** What is begun where not all of it fits. */
function fittingWords(lines, title) {
  const late = new Set(lines.filter((line) => !line.fits).map((line) => line.slot));
  const count = new Set(lines.map((line) => line.slot).filter((slot) => !late.has(slot))).size;
  if (count === 0) return title;
  return count === 1 ? "Make the one that fits" : `Make the ${count} that fit`;
}

function laterWords(late, fits) {
  const names = [...new Set(late.map((line) => slotWords(line.slot)))].join(", ");
  const at = late.map((line) => line.fits_at).filter(Boolean).sort().at(-1);
  const when = at ? `There is room again ${instantWords(at)}.` : "It never fits on this plan.";
  return fits ? `Not now: ${names}. ${when}` : `This does not fit: ${names}. ${when}`;
}
