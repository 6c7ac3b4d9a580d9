// Dialogs: `data-opens="id"` opens a <dialog>, `data-closes` inside closes it; `asked(dialog)` waits for the answer.

/** Let buttons open and close dialogs. */
export function openDialogs() {
  addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      document.getElementById(opener.dataset.opens)?.showModal();
      return;
    }
    const closer = event.target.closest("dialog [data-closes]");
    if (closer) closer.closest("dialog").close(closer.value || "");
    else if (event.target instanceof HTMLDialogElement) event.target.close(""); // the ground behind it
  });
}

/** Show a dialog; true when it was closed by a button whose value is "yes". */
export function asked(dialog) {
  return new Promise((resolve) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}
