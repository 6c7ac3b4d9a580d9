// Two tabs, one text: which of the two is to stay. Optimistic concurrency as people see it; neither text is lost.
//
// A text is known by what it was when somebody began to write here, its base. Where the draft's text is another by now, the
// other one is shown below the field and nothing is saved until one of them is chosen.

const bases = new Map(); // by name: what the draft had when the typing began
const asking = new Map(); // by name: the bar that asks

/** Note what a text was before it was changed here; only the first call before it is saved counts. */
export function noteBase(name, text) {
  if (!bases.has(name)) bases.set(name, text);
}

/** Note what a text is now: what is typed from here on is a change of that. */
export function setBase(name, text) {
  bases.set(name, text);
}

/** What a text was before it was changed here. */
export function baseOf(name) {
  return bases.get(name);
}

/** The text is saved, or was given up: whatever comes next begins from there. */
export function forgetBase(name) {
  bases.delete(name);
  asking.get(name)?.remove();
  asking.delete(name);
}

/** Whether somebody else has written another text than the one that was there when the typing began. */
export function isConflict(name, theirs, mine) {
  const base = bases.get(name);
  return base !== undefined && !isSame(theirs, base) && !isSame(theirs, mine);
}

/** Whether the reader has yet to say which of two texts is to stay. */
export function isAsking(name) {
  return asking.has(name);
}

/** Show the other text below a field; `keep` and `take` are called when the reader has chosen. */
export function askWhich(name, field, theirs, { keep, take }) {
  asking.get(name)?.remove();
  const bar = document.createElement("div");
  bar.className = "notice warn conflict";
  bar.setAttribute("role", "alert");
  const says = document.createElement("p");
  says.textContent = "This draft was changed in another tab, or by an AI action, while you were writing. The other text:";
  const other = document.createElement("blockquote");
  other.textContent = theirs.trim() || "(empty)";
  other.dir = "auto";
  const choose = (word, chosen) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = word;
    button.addEventListener("click", () => {
      asking.delete(name);
      bar.remove();
      bases.set(name, theirs);
      field.focus();
      chosen();
    });
    return button;
  };
  const buttons = document.createElement("p");
  buttons.className = "buttons";
  buttons.append(choose("Keep mine", keep), choose("Take the other", take));
  bar.append(says, other, buttons);
  field.insertAdjacentElement("afterend", bar);
  asking.set(name, bar);
}

function isSame(one, other) {
  return one.trim() === other.trim();
}
