// Triggers AI actions, renders and previews. Nothing is begun for more than its button said.

import { call, newKey, whileBusy } from "../api.js";
import { asked } from "../dialog.js";
import { toast } from "../toast.js";
import { instantWords } from "../words.js";
import { bodyOf } from "./bodies.js";
import { agreedTo, creditsOf, creditsOn, putOn, quoteFor } from "./quoting.js";
import { settled } from "./saving.js";
import { draftId, refresh, refreshSoon } from "./shown.js";
import { slotWords } from "./slots.js";

const unanswered = new Map(); // by what was asked for: the request whose answer never came

/** Begin to listen to the buttons. */
export function startMaking() {
  document.addEventListener("draft-shown", () => unanswered.clear()); // whoever presses now has seen what became of them
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-makes]")) whileBusy(button, () => told(() => make(button)));
    else if (button.matches("[data-render]")) whileBusy(button, () => told(() => render({})));
    else if (button.matches("[data-preview]")) whileBusy(button, () => told(preview));
    else if (button.matches("[data-cancel]")) whileBusy(button, () => told(() => cancel(button.dataset.cancel)));
  });
}

/** Begin something. While its answer has not come and the page has not shown either whether it was begun, pressing again
    repeats the request, which the server carries out once. `means` is what counts as the same. */
async function begin(what, body, means = body) {
  const asked = `${what} ${JSON.stringify(means)}`;
  const request = unanswered.get(asked) ?? { body, key: newKey() };
  unanswered.set(asked, request);
  try {
    const begun = await call("POST", `/drafts/${draftId}/${what}`, request.body, { key: request.key });
    unanswered.delete(asked);
    return begun;
  } catch (error) {
    if (error.status >= 400 && error.status < 500) unanswered.delete(asked);
    throw error;
  }
}

async function told(work) {
  try {
    await work();
  } catch (error) {
    toast(error.message, "bad");
    refreshSoon();
  }
}

async function saved() {
  if (await settled()) return true;
  toast("Your last change is not saved yet, so nothing was started.", "bad");
  return false;
}

async function make(button) {
  if (!(await saved())) return;
  const body = bodyOf(button);
  const fits = button.hasAttribute("data-fits");
  const quote = await quoteFor(body);
  const before = creditsOn(button);
  if (button.hasAttribute("data-asks")) {
    if (!(await agreedTo(quote, button.querySelector('[data-part="text"]').textContent, fits))) return;
  } else if (creditsOf(quote) > before) {
    putOn(button, quote, fits);
    toast(`The price has changed: ${creditsOf(quote)} AI credit${creditsOf(quote) === 1 ? "" : "s"}. Press again if that is fine.`);
    return;
  }
  // A quote is for all that it lists: where only a part fits, the part is asked for at the prices of the list.
  const held = quote.id && quote.fits ? { ...body, quote: quote.id } : body;
  const begun = await begin("generations", held, body);
  button.closest("dialog")?.close("");
  for (const one of begun.later) {
    const when = one.fits_at ? `There is room again ${instantWords(one.fits_at)}.` : "It never fits on this plan.";
    toast(`${slotWords(one.slot)} does not fit now. ${when}`, "bad");
  }
  await refresh();
}

async function render(body) {
  if (!(await saved())) return;
  try {
    await begin("renders", body);
  } catch (error) {
    if (error.code !== "confirmation_needed") throw error;
    const stale = error.problem.stale.map(slotWords).join(", ");
    const text = `Made from something that has changed since: ${stale}. Bring the draft up to date first, or make the video as it is.`;
    if (await sure("Something no longer matches", text, "Make it as it is")) await render({ confirm: true });
    return;
  }
  await refresh();
}

async function preview() {
  if (!(await saved())) return;
  await call("POST", `/drafts/${draftId}/previews`, {});
  await refresh();
}

async function cancel(job) {
  await call("DELETE", `/jobs/${job}`);
  await refresh();
}

/** Ask a question that is answered by doing something or not. */
export function sure(title, text, go) {
  const dialog = document.getElementById("sure");
  for (const [name, words] of Object.entries({ title, text, go })) {
    dialog.querySelector(`[data-part="${name}"]`).textContent = words;
  }
  return asked(dialog);
}
