// A link to sign in with is completed by the address under which this browser knows the site.

const link = document.querySelector("[data-address]");
if (link) link.textContent = new URL(link.textContent, location.href).href;
