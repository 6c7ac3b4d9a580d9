// What this page knows of every meter. Elements read it and are told of each change; only the stream writes to it.

const meters = new Map();
const changes = new EventTarget();

for (const words of JSON.parse(document.querySelector('meta[name="reelbot-meters"]')?.content || "[]")) {
  const { figures, ...said } = words;
  meters.set(figures.meter, { ...said, ...figures });
}

/** A meter's figures and words; undefined for one that this page does not know. */
export function meterNamed(name) {
  return meters.get(name);
}

/** Call `heard(meter, before)` whenever a meter has changed. Returns what ends it. */
export function onMeter(heard) {
  const listener = (event) => heard(event.detail.meter, event.detail.before);
  changes.addEventListener("meter", listener);
  return () => changes.removeEventListener("meter", listener);
}

/** Take new figures of one meter. */
export function takeFigures(figures) {
  const before = meters.get(figures.meter);
  if (before === undefined) return;
  const meter = { ...before, ...figures };
  meters.set(figures.meter, meter);
  changes.dispatchEvent(new CustomEvent("meter", { detail: { meter, before } }));
}
