// Buttons that need some of a limit: `data-needs="ai_credits:2"`, several apart by blanks.
//
// While a limit does not allow it, such a button keeps its label and its place in the order of keys, says why, and counts
// down to when it comes back; it does nothing. When the figures allow it again it works again, by itself.

import { meterNamed, onMeter } from "./store.js";
import { amountText, countedText, instantWords } from "./words.js";

let count = 0;

export function watchNeeds() {
  document.querySelectorAll("[data-needs]").forEach(check);
  onMeter(() => document.querySelectorAll("[data-needs]").forEach(check));
  new MutationObserver(checkChanged).observe(document.body, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-needs"],
  });
  addEventListener("click", stopRefused, { capture: true });
}

function checkChanged(changes) {
  for (const { type, target, addedNodes } of changes) {
    if (type === "attributes") check(target);
    for (const node of addedNodes) {
      if (!(node instanceof Element)) continue;
      if (node.matches("[data-needs]")) check(node);
      node.querySelectorAll("[data-needs]").forEach(check);
    }
  }
}

function stopRefused(event) {
  const button = event.target instanceof Element && event.target.closest('[data-needs][aria-disabled="true"]');
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function check(button) {
  const short = shortageOf(button.dataset.needs);
  if (!short) {
    if (button.dataset.refused === undefined) return;
    delete button.dataset.refused;
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-describedby");
    reasonOf(button)?.remove();
    return;
  }
  button.dataset.refused = short.meter.meter;
  button.setAttribute("aria-disabled", "true");
  explain(button, short);
}

/** The first limit that does not allow what is needed; undefined when all do. */
export function shortageOf(needs) {
  for (const need of needs.split(/\s+/).filter(Boolean)) {
    const [name, text] = need.split(":");
    const meter = meterNamed(name);
    const amount = Number(text);
    if (meter && meter.remaining !== null && amount > 0 && amount > meter.remaining) return { meter, amount };
  }
  return undefined;
}

function reasonOf(button) {
  return button.dataset.reason ? document.getElementById(button.dataset.reason) : null;
}

function explain(button, { meter, amount }) {
  let reason = reasonOf(button);
  if (!reason) {
    reason = document.createElement("span");
    reason.className = "reason";
    reason.id = button.dataset.reason = `reason-${(count += 1)}`;
    button.after(reason);
    button.setAttribute("aria-describedby", reason.id);
  }
  const text = `Needs ${countedText(amount, meter)}; ${amountText(meter.remaining, meter.one)} left. `;
  const ends = meter.window.ends_at;
  if (reason.dataset.said === `${text}${ends}`) return;
  reason.dataset.said = `${text}${ends}`;
  reason.textContent = ends ? `${text}Back ${instantWords(ends)}, ` : `${text}Free some first.`;
  if (!ends) return;
  const countdown = document.createElement("rb-countdown");
  countdown.dataset.at = ends;
  reason.append(countdown, ".");
}
