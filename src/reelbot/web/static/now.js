// The server's clock, as far as this page knows it: a browser's own may be wrong by hours.

let ahead = Number(document.documentElement.dataset.now) - Date.now();

/** Now, in milliseconds since 1970, by the server's clock. */
export function now() {
  return Date.now() + ahead;
}

/** The server has said something that it says only from this instant on. */
export function isAtLeast(at) {
  if (at > now()) ahead = at - Date.now();
}
