// Begins what every page has: the live figures, the meters, countdowns, buttons with a price, menus.

import { announceCharges } from "./announce.js";
import "./countdown.js";
import { startLive } from "./live.js";
import { closeMenus } from "./menus.js";
import "./meter.js";
import { announceRequests } from "./plan_requests.js";
import { askFirst } from "./confirm.js";
import { watchNeeds } from "./needs.js";
import { openDialogs } from "./dialog.js";
import { showSending } from "./sending.js";

closeMenus();
openDialogs();
askFirst();
showSending();
watchNeeds();
announceCharges();
announceRequests();
startLive();

// Only over https or on this very machine; elsewhere the browser shows its own page when the server is away.
navigator.serviceWorker?.register(new URL("./offline-worker.js", import.meta.url), { scope: "/" }).catch(() => {});
