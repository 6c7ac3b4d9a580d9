// Beside the meters: what a button would take, while it is pointed at or has the focus. Now → this → after.
// Its place is kept free, so that nothing moves under the pointer.

import { ahead } from "./quoting.js";

const HINT = "Point at a button to see what it costs.";

/** Begin to watch buttons with a price. */
export function startForecast() {
  for (const kind of ["mouseover", "focusin"]) document.addEventListener(kind, (event) => tell(event.target));
  document.addEventListener("mouseout", (event) => {
    if (event.target.closest?.("[data-needs]")) tell(document.activeElement);
  });
  document.addEventListener("focusout", () => tell(null));
}

function tell(target) {
  const box = document.getElementById("forecast");
  const button = target?.closest?.("[data-needs]");
  const terms = button ? (button.dataset.cost ?? button.dataset.needs).split(" ").flatMap(term) : [];
  box.classList.toggle("is-told", terms.length > 0);
  box.replaceChildren(terms.length ? list(terms) : HINT);
}

function term(need) {
  const [meter, amount] = need.split(":");
  return meter === "storage_bytes" || !(Number(amount) > 0) ? [] : ahead(meter, Number(amount));
}

function list(terms) {
  const made = document.createElement("dl");
  made.className = "now-after";
  made.append(...terms);
  return made;
}
