// Short messages in the corner: `toast("Saved")`, `toast("That did not work", "bad")`. Good news goes away by itself.

const SHOWN_MS = 6000;

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
  document.getElementById("toasts").append(box);
  if (tone !== "bad") setTimeout(() => box.remove(), SHOWN_MS);
}
