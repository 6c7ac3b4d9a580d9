// Who makes something, and what only they can be asked: read from the fields of the page, and what is wrong told at a field.

const root = document.getElementById("draft");

/** What a field is called while it waits to be saved; undefined when it is none of these. */
export function makerName(field) {
  if (field.dataset?.maker) return `maker:${field.dataset.maker}`;
  return field.dataset?.option ? `option:${keysOf(field).join(".")}` : undefined;
}

/** The change that a field asks for: who makes what, or all options that the page shows. */
export function makerBody(field) {
  return { settings: field.dataset.maker ? { providers: providers() } : { provider_options: options(field) } };
}

/** Say at a field what is wrong with it; an empty sentence takes that back. */
export function markWrong(field, sentence) {
  if (!field.dataset.option) return;
  if (sentence) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  document.getElementById(`${field.id}-error`).textContent = sentence;
}

function keysOf({ dataset }) {
  return [dataset.optionKind, dataset.optionOf, dataset.option];
}

function providers() {
  const chosen = JSON.parse(root.dataset.providers);
  for (const { value, dataset } of document.querySelectorAll("[data-maker]")) {
    if (value) chosen[dataset.maker] = value;
    else delete chosen[dataset.maker];
  }
  return chosen;
}

function options(asking) {
  const chosen = JSON.parse(root.dataset.providerOptions);
  for (const field of document.querySelectorAll("[data-option]")) {
    if (field !== asking && field.getAttribute("aria-invalid")) continue; // told at that field already
    const [kind, maker, name] = keysOf(field);
    const own = ((chosen[kind] ??= {})[maker] ??= {});
    const value = valueOf(field);
    if (value === "") delete own[name];
    else own[name] = value;
  }
  return chosen;
}

function valueOf(field) {
  if (field.dataset.kind === "switch") return field.checked;
  const text = field.value.trim();
  return ["number", "whole"].includes(field.dataset.kind) && text !== "" ? Number(text) : text;
}
