// The dialog before a change that affects finished steps: what would no longer match and why, what stays, what it costs.

import { asked } from "../dialog.js";
import { slotWords } from "./slots.js";

/** Show what a change would do; true when it is wanted all the same. */
export async function agreed(problem) {
  const dialog = document.getElementById("impact");
  const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
  const { affected, stays, refresh } = problem.impact;
  part("affected").replaceChildren(...affected.map(line));
  part("stays-box").hidden = stays.length === 0;
  part("stays").textContent = stays.map(slotWords).join(", ");
  part("cost").textContent = costOf(refresh);
  return asked(dialog);
}

function line({ slot, why }) {
  const item = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = slotWords(slot);
  item.append(name, ` ${why}`);
  return item;
}

function costOf(refresh) {
  if (!refresh) return "There is nothing to make again.";
  if (refresh.why_not) return refresh.why_not;
  if (refresh.amount === 0) return "Bringing it up to date later costs nothing: it was already made.";
  return `Bringing it up to date later costs ${refresh.amount} AI credit${refresh.amount === 1 ? "" : "s"}, when you ask for it.`;
}
