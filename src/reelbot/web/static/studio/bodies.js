// What each button asks for. Most know it from the server; these depend on what is chosen on the page.

const valueOf = (id) => document.getElementById(id)?.value.trim() ?? "";

const RULES = {
  topic: () => ({ step: "topic", options: valueOf("keywords") ? { keywords: valueOf("keywords") } : {} }),
  title: () => ({ step: "rewrite", options: { makes: "title" } }),
  rewrite: () => ({ step: "rewrite", options: { ...passage(), wish: valueOf("wish") } }),
  image: () => ({ step: "image", options: { count: Number(valueOf("count")), ...(valueOf("prompt") ? { prompt: valueOf("prompt") } : {}) } }),
  animation: () => ({ steps: [{ step: "animation", options: { scenes: chosenScenes(), seconds: Number(valueOf("clip-seconds")) } }], mode: "fit" }),
  music: () => ({ step: "music", options: valueOf("mood") ? { mood: valueOf("mood") } : {} }),
};

/** The request of a button. */
export function bodyOf(button) {
  return button.dataset.body ? JSON.parse(button.dataset.body) : RULES[button.dataset.makes]();
}

/** The scenes that are chosen to be animated, in their order. */
export function chosenScenes() {
  return [...document.querySelectorAll("[data-animate]:checked")].map((box) => Number(box.dataset.animate));
}

function passage() {
  const shown = document.getElementById("passage");
  return shown && !shown.hidden ? { passage: shown.textContent } : {};
}
