// Starts the console: opens the session, follows links without loading, shows the page of a path.

import { get, openSession } from "./api.js";
import { h, link, show } from "./dom.js";
import { nameOf } from "./format.js";
import { empty, failure, say, tag } from "./parts.js";
import { changes } from "./pages/changes.js";
import { exemption } from "./pages/exemption.js";
import { exemptions } from "./pages/exemptions.js";
import { exports } from "./pages/exports.js";
import { finding } from "./pages/finding.js";
import { findings } from "./pages/findings.js";
import { overview } from "./pages/overview.js";
import { people } from "./pages/people.js";
import { resource } from "./pages/resource.js";

const NAV = [
  ["/", "Overview"], ["/findings", "Findings"], ["/changes", "Changes"],
  ["/exemptions", "Exemptions"], ["/people", "People"], ["/exports", "Export"],
];
const ROUTES = [
  [/^\/$/, overview], [/^\/findings$/, findings], [/^\/findings\/([^/]+)$/, finding],
  [/^\/resource$/, resource], [/^\/changes$/, changes], [/^\/exemptions$/, exemptions],
  [/^\/exemptions\/([^/]+)$/, exemption], [/^\/people$/, people], [/^\/exports$/, exports],
];
const main = document.getElementById("main");
const nav = document.getElementById("nav");
let leaving = new AbortController();

/** Goes to a path of the console. */
export function go(to, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  render();
}

async function render() {
  leaving.abort();
  leaving = new AbortController();
  const path = location.pathname;
  const [pattern, page] = ROUTES.find(([route]) => route.test(path)) ?? [null, null];
  marked(path);
  if (!page) {
    show(main, empty("There is no such page", path, link("/", null, "Go to the overview")));
    return;
  }
  const { signal } = leaving;
  const context = {
    signal, go, again: render,
    parameters: new URLSearchParams(location.search),
    name: decoded(pattern.exec(path)[1] ?? ""),
    titled: (title) => { document.title = `${title} · Vigil`; },
  };
  const place = h("div", { class: "page" });
  show(main, place);
  try {
    await page(place, context);
  } catch (problem) {
    if (!signal.aborted) show(place, failure(problem, render));
  }
}

function marked(path) {
  const current = NAV.findLast(([to]) => to === "/" ? path === to : path.startsWith(to));
  show(nav, NAV.map(([to, name]) =>
    link(to, { "aria-current": current?.[0] === to ? "page" : null }, name)));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function followed(event) {
  const anchor = event.target.closest?.("a[href]");
  const plain = !(event.defaultPrevented || event.button || event.metaKey || event.ctrlKey
    || event.shiftKey || event.altKey);
  if (!anchor || !plain || anchor.target || anchor.hasAttribute("download")) return;
  const url = new URL(anchor.href);
  if (url.origin !== location.origin || url.hash) return;
  event.preventDefault();
  go(url.pathname + url.search);
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
  say(anchor.textContent);
}

async function showWho() {
  const who = document.getElementById("who");
  const { identity, person } = await get("/me");
  const known = person?.name ?? person ?? null;
  show(who, h("span", { class: "who-name" }, known ?? nameOf(identity)),
    known ? h("span", { class: "who-detail", title: identity.arn ?? identity.id }, nameOf(identity))
      : tag("no person: may not approve", "quiet"));
}

async function start() {
  addEventListener("popstate", render);
  document.addEventListener("click", followed);
  try {
    await openSession();
  } catch (problem) {
    show(main, failure(problem));
    return;
  }
  // Who one is matters less than the page: it says so itself where nobody may see it.
  showWho().catch(() => show(document.getElementById("who")));
  await render();
}

start();
