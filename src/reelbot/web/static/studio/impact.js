// The dialog before a change that affects finished steps: what would no longer match and why, what stays, what it costs.

import { asked } from "../dialog.js";
import { slotWords, slotsWords } from "./slots.js";

const CALLED = { duration_s: "duration", language: "content language", caption_size: "caption size", scenes: "pictures", add: "pictures", versions: "version in use" };

/** Show what a change would do; true when it is wanted all the same. */
export async function agreed(problem, change) {
  const dialog = document.getElementById("impact");
  const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
  const { affected, stays, refresh } = problem.impact;
  part("change").textContent = `You are changing the ${changeWords(change)}.`;
  part("affected").replaceChildren(...affected.map(line));
  part("stays-box").hidden = stays.length === 0;
  part("stays").textContent = slotsWords(stays);
  part("cost").textContent = costOf(refresh);
  return asked(dialog);
}

function changeWords({ settings = {}, ...others }) {
  const names = [...Object.keys(others), ...Object.keys(settings)].filter((name) => name !== "confirm").map((name) => CALLED[name] ?? name.replaceAll("_", " "));
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0];
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
