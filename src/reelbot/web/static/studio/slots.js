// Slots in words, as pages/draft_view.py says them: `picture:7` is the picture of the scene numbered 7.

const CALLED = { suggestions: "Topic ideas", picture: "Picture", animation: "Clip", render: "The video", title: "Title" };

/** What people call a slot. */
export function slotWords(slot) {
  const [name, scene] = slot.split(":");
  const called = CALLED[name] ?? name[0].toUpperCase() + name.slice(1);
  if (!scene) return called;
  const order = [...document.querySelectorAll("[data-scene]")].map((one) => one.dataset.scene);
  const at = order.indexOf(scene);
  return at < 0 ? called : `${called} ${at + 1}`;
}

/** Slots as one would list them: `Topic ideas, 5 pictures, Music`. */
export function slotsWords(slots) {
  const kinds = Map.groupBy(slots, (slot) => slot.split(":")[0]);
  return [...kinds.values()].map((ones) => (ones.length === 1 ? slotWords(ones[0]) : `${ones.length} ${slotWords(ones[0].split(":")[0]).toLowerCase()}s`)).join(", ");
}
