// Turns what a page shows into what the server has just rendered, touching only what is different: focus, what is being
// typed, what plays and what is open stay as they are.
//
// `data-key` or an id tells which element is which, `data-keep` leaves one alone. A field keeps what was typed and not yet
// saved: its default is the server's, its value the reader's.

const OF_SCRIPTS = ["aria-busy", "data-refused", "data-reason", "aria-invalid"]; // attributes that belong to this page, not to the server

/** Make `old` like `fresh`, which is of a document of its own. */
export function morph(old, fresh) {
  if (old.hasAttribute("data-keep") || old.isEqualNode(fresh)) return;
  if (old.matches("rb-meter, rb-countdown")) return; // alive by themselves
  if (old.matches("dialog[open]")) {
    morphChildren(old, fresh);
    return;
  }
  const isDirty = isField(old) && isChanged(old);
  morphAttributes(old, fresh);
  if (old.matches("textarea")) old.defaultValue = fresh.defaultValue;
  else morphChildren(old, fresh);
  if (isField(old) && !isDirty) takeDefault(old);
}

function morphAttributes(old, fresh) {
  const isRefused = old.dataset.refused !== undefined;
  for (const { name } of [...old.attributes]) {
    if (fresh.hasAttribute(name) || OF_SCRIPTS.includes(name)) continue;
    if (isRefused && (name === "aria-disabled" || name === "aria-describedby")) continue;
    if (name === "open" && old.matches("details")) continue;
    old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name === "open" && old.matches("details")) continue;
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function morphChildren(old, fresh) {
  const known = new Map();
  for (const child of old.children) if (keyOf(child)) known.set(keyOf(child), child);
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    while (at && isOfScripts(at)) at = at.nextSibling;
    const found = keyOf(next) ? known.get(keyOf(next)) : at && isAlike(at, next) ? at : null;
    if (!found) {
      old.insertBefore(document.importNode(next, true), at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else old.insertBefore(found, at);
    if (found.nodeType === Node.ELEMENT_NODE) morph(found, next);
    else if (found.data !== next.data) found.data = next.data;
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    if (!isOfScripts(gone)) gone.remove();
  }
}

function keyOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  return node.dataset.key || node.id || "";
}

function isAlike(old, fresh) {
  return old.nodeName === fresh.nodeName && !keyOf(old) && !keyOf(fresh);
}

function isOfScripts(node) {
  return node.nodeType === Node.ELEMENT_NODE && node.matches(".reason, .toasts, .conflict");
}

// fields

/** Whether somebody has changed a field since the server last said what it is. */
export function isChanged(field) {
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  return !isSame(field, valueOf(field), defaultOf(field));
}

/** Make a field what the server last said. */
export function takeDefault(field) {
  if (field.matches("[type=radio]")) {
    for (const one of document.getElementsByName(field.name)) one.checked = one.defaultChecked;
  } else if (field.matches("[type=checkbox]")) field.checked = field.defaultChecked;
  else if (!isSame(field, field.value, defaultOf(field))) field.value = defaultOf(field);
}

function isField(element) {
  return element.matches("input:not([type=file]), textarea, select");
}

function valueOf(field) {
  return field.value;
}

function defaultOf(field) {
  if (!field.matches("select")) return field.defaultValue;
  const chosen = [...field.options].find((option) => option.defaultSelected);
  return (chosen ?? field.options[0])?.value ?? "";
}

function isSame(field, one, other) {
  if (field.matches("[type=range]")) return Number(one) === Number(other);
  if (field.matches("[type=color]")) return one.toLowerCase() === other.toLowerCase();
  return one.trim() === other.trim();
}
