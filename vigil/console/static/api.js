// Calls the REST API through the console's server, which signs for the person.

const KEY = "vigil-session";
const FRAGMENT = "#session=";

/** What the API says is wrong: an RFC 9457 problem. */
export class Problem extends Error {
  constructor(status, document) {
    super(String(document.detail || document.message || document.title || `status ${status}`));
    this.status = status;
    this.title = String(document.title || "That did not work");
    this.errors = Array.isArray(document.errors) ? document.errors : [];
  }
}

/** Takes the token out of the address and shows it once, for the cookie. */
export async function openSession() {
  const fragment = location.hash;
  if (!fragment.startsWith(FRAGMENT)) return;
  localStorage.setItem(KEY, fragment.slice(FRAGMENT.length));
  history.replaceState(null, "", location.pathname + location.search);
  await answerOf(await asked("POST", "/session"));
}

/** Returns the JSON of a GET. */
export const get = (path, signal) => call("GET", path, undefined, signal);
export const post = (path, body) => call("POST", path, body ?? {});
export const put = (path, body) => call("PUT", path, body);
export const del = (path) => call("DELETE", path);

/** Returns a segment of a path. */
export const segment = encodeURIComponent;

async function call(method, path, body, signal) {
  return answerOf(await asked(method, `/api${path}`, body, signal));
}

async function asked(method, url, body, signal) {
  const headers = { "X-Vigil-Session": localStorage.getItem(KEY) ?? "" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? undefined : JSON.stringify(body);
  try {
    return await fetch(url, { method, headers, body: sent, signal, redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, {
      title: "The console is not running",
      detail: "Nothing answers at this address any more. Start `vigil console` again.",
    });
  }
}

async function answerOf(response) {
  const text = await response.text();
  if (response.ok) return text ? JSON.parse(text) : null;
  throw new Problem(response.status, documentIn(text));
}

function documentIn(text) {
  try {
    const found = JSON.parse(text);
    return typeof found === "object" && found !== null ? found : {};
  } catch {
    return {};
  }
}
