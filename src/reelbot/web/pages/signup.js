// A new account counts its days where its owner is.

const field = document.querySelector("[data-own-zone]");
if (field) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
