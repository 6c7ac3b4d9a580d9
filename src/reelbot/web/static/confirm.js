// Buttons of forms that take something away: `data-confirm="Remove it?"` asks first, `data-effect` says what that does.

import { asked } from "./dialog.js";

let agreed = null;

/** Ask before forms are sent that are sent by such a button. */
export function askFirst() {
  addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.dataset.confirm || button === agreed) return;
    event.preventDefault();
    ask(button);
  });
}

async function ask(button) {
  const dialog = document.getElementById("confirm");
  const said = { question: button.dataset.confirm, effect: button.dataset.effect ?? "", go: button.textContent.trim() };
  for (const [name, words] of Object.entries(said)) dialog.querySelector(`[data-part="${name}"]`).textContent = words;
  if (!(await asked(dialog))) return;
  agreed = button;
  button.form.requestSubmit(button);
  agreed = null;
}
