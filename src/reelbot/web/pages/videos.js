// Videos that are finished while the list is open appear in it.

import { onEvent } from "../live.js";
import { morph } from "../studio/morph.js";

onEvent("video", async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  morph(document.getElementById("videos"), fresh.getElementById("videos"));
});
