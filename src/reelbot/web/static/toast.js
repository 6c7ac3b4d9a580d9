// Short messages in the corner: `toast("Saved")`, `toast("That did not work", "bad")`. Good news goes away by itself.

const SHOWN_MS = 6000;

const place = document.getElementById("toasts");

/** Show a sentence. `tone` is "good" or "bad"; bad news stays until it is closed. */
export function toast(sentence, tone = "good") {
  const box = document.createElement("div");
  box.className = `toast ${tone}`;
  box.setAttribute("role", tone === "bad" ? "alert" : "status");
  const words = document.createElement("p");
  words.textContent = sentence;
  const close = document.createElement("button");
  close.type = "button";
  close.setAttribute("aria-label", "Close this message");
  close.textContent = "×";
  close.addEventListener("click", () => box.remove());
  box.append(words, close);
  comeInFront();
  place.append(box);
  if (tone !== "bad") setTimeout(() => box.remove(), SHOWN_MS);
}

/** An open dialog lies above the page and puts the rest of it out of reach, so messages go into it, and out when it closes. */
function comeInFront() {
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (!dialog) {
    if (place.parentElement !== document.body) document.body.append(place);
    return;
  }
  if (dialog.contains(place)) return;
  dialog.append(place);
  dialog.addEventListener("close", () => document.body.append(place), { once: true });
}
