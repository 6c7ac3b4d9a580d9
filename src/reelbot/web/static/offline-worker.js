// Shows a page of our own when the server cannot be reached while one goes from page to page. Keeps nothing else.

const KEPT = `reelbot ${self.location.pathname}`; // the path has the version
const PAGE = "/offline";
const LOOK = ["shell.css", "components.css", "theme.js", "mark.svg", "fonts/instrument.woff2", "fonts/bricolage.woff2"];

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(PAGE)));
  } else if (LOOK.some((name) => request.url === addressOf(name))) {
    event.respondWith(fetch(request).catch(() => caches.match(request.url)));
  }
});

async function keep() {
  const cache = await caches.open(KEPT);
  await cache.addAll(LOOK.map(addressOf));
  await cache.put(PAGE, await fetch(PAGE, { credentials: "omit" }));
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("reelbot ") && name !== KEPT).map((name) => caches.delete(name)));
}

function addressOf(name) {
  return new URL(name, self.location.href).href;
}
