// Calls of the API from a page: JSON in and out, an idempotency key for whatever changes something, problems as errors.

/** An answer that is a problem: `code`, `detail`, and its other members in `problem`. */
export class Problem extends Error {
  constructor(status, problem) {
    super(problem.detail || "That did not work.");
    this.status = status;
    this.code = problem.code || "unreachable";
    this.problem = problem;
  }
}

/** `call("POST", "/drafts", {flow: "narrated"})`: the JSON of the answer; `Problem` when it is one or none came.
 *
 * `match` is the revision that was seen: what was changed since is not changed (`revision_conflict`). */
export async function call(method, path, body, { key = newKey(), signal, match } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (match !== undefined) headers["If-Match"] = `"${match}"`;
  const asked = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, asked);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { code: "unreachable", detail: "The server cannot be reached. Nothing is lost; try again." });
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, told);
  return told;
}

/** A new idempotency key. Keep it for as long as the same click may be tried again. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Run `work` once at a time for a button, which shows that it is busy. */
export async function whileBusy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
