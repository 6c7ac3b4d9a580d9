// The figures of an account stay true; a link to sign in is completed by the address under which this browser knows the site.

import { keepLive } from "./operator_live.js";

const link = document.querySelector("[data-address]");
if (link) link.textContent = new URL(link.textContent, location.href).href;

keepLive();
