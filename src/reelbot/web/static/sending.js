// A form that is on its way shows it on the button that sent it, until the next page is there.

/** Begin to show it. */
export function showSending() {
  addEventListener("submit", (event) => {
    const button = event.submitter;
    setTimeout(() => {
      if (button && !event.defaultPrevented) button.setAttribute("aria-busy", "true"); // else a script has taken it over
    });
  });
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form button[aria-busy]")) button.removeAttribute("aria-busy"); // gone back to
  });
}
