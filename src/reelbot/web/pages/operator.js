// The operator's pages stay true while they are looked at; the one dialog that cancels jobs is told which it is about.

import { keepLive } from "./operator_live.js";

addEventListener("click", (event) => {
  const opener = event.target instanceof Element ? event.target.closest("[data-job]") : null;
  if (!opener) return;
  const dialog = document.getElementById("call-off");
  const form = dialog.querySelector("form");
  form.action = `/operator/jobs/${opener.dataset.job}/cancellation`;
  form.elements.why.value = "";
  dialog.querySelector("[data-part=whose]").textContent = opener.dataset.whose;
});

keepLive();
