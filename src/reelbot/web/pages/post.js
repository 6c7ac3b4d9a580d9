// Shows how a post that is on its way has ended. What is being written is never replaced under one's hands.

import { onEvent } from "../live.js";

const ON_ITS_WAY = ["queued", "publishing"];
const state = document.getElementById("post-state");

onEvent("post", (told) => {
  if (told.id !== state.dataset.post || told.state === state.dataset.state) return;
  if (ON_ITS_WAY.includes(state.dataset.state) && ON_ITS_WAY.includes(told.state)) return;
  if (ON_ITS_WAY.includes(state.dataset.state) || ON_ITS_WAY.includes(told.state)) location.reload();
});
