// While the ledger is checked, looks once a second whether it is done.

const LOOK_MS = 1000;

async function look() {
  const answer = await fetch("/operator", { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("check");
    if (!fresh.hasAttribute("data-checking")) {
      document.getElementById("check").replaceWith(document.adoptNode(fresh));
      return;
    }
  }
  setTimeout(look, LOOK_MS);
}

if (document.querySelector("[data-checking]")) setTimeout(look, LOOK_MS);
