// Keeps the posts true while the page is open: what is on its way arrives, or says why not, without reloading.

import { onEvent } from "../live.js";

const GATHER_MS = 300; // a post tells of itself several times within a moment

let timer = null;

onEvent("post", () => {
  clearTimeout(timer);
  timer = setTimeout(renew, GATHER_MS);
});

async function renew() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("posts");
  const old = document.getElementById("posts");
  if (fresh && old && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(fresh));
}
