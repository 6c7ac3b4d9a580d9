// Light or dark as chosen before, set before anything is painted; without a choice, as the machine is set.

const chosen = localStorage.getItem("reelbot-theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;

addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || !event.target.closest("[data-theme-toggle]")) return;
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("reelbot-theme", root.dataset.theme);
});
