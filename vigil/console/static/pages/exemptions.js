// Accepted risks: what waits for a second person, what is in force, what was.

import { get } from "../api.js";
import { exemptionLink, requestExemption, scopeText } from "../exempting.js";
import { h, link, pathWith } from "../dom.js";
import { ago, nameOf, number, when } from "../format.js";
import { announce, empty, filled, growing, heading, load, tag } from "../parts.js";

const LIMIT = 50;
const VIEWS = [
  ["", "All"], ["in_force=true", "In force"], ["status=requested", "Waiting"],
  ["status=refused", "Refused"], ["status=revoked", "Revoked"], ["status=expired", "Expired"],
];
const KINDS = { requested: "waiting", refused: "plain", revoked: "plain", expired: "plain" };
const WHOLE = { rule_id: "*", account: "*", region: "*", resource: "*" };

export async function exemptions(place, context) {
  context.titled("Exemptions");
  const list = h("div", null);
  const filters = Object.fromEntries(["status", "in_force"]
    .map((name) => [name, context.parameters.get(name)]).filter(([, value]) => value));
  place.append(heading("Exemptions", {
    lead: "A risk that two persons accepted until a day. The failure stays a failure.",
    actions: h("button", { type: "button", class: "primary", onclick: () => request(context) },
      "Ask for an exemption"),
  }), views(filters), list);
  const fetchPage = (cursor) =>
    get(pathWith("/exemptions", { ...filters, limit: LIMIT, cursor }), context.signal);
  await load(list, filled(fetchPage, null), (first) => growing({
    columns: COLUMNS, label: "Exemptions", fetchPage, first,
    nothing: empty("No exemption", "Ask for one on a finding's page: it then names its resource."),
  }), { again: context.again });
}

async function request(context) {
  if (await requestExemption(WHOLE)) {
    announce("Asked: another person must approve it");
    context.again();
  }
}

/** Returns how far an exemption has come. */
export function stateOf(exemption) {
  if (exemption.in_force) return tag("in force", "exempt");
  if (exemption.status === "approved") return tag("approved, ended", "plain");
  return tag(exemption.status === "requested" ? "waiting for approval" : exemption.status,
    KINDS[exemption.status] ?? "plain");
}

const COLUMNS = [
  { name: "State", class: "c-state", of: stateOf },
  { name: "What", class: "c-main", of: (e) => [
    h("span", { class: "row-title" }, exemptionLink(e.id, scopeText(e.scope))),
    h("span", { class: "row-text" }, e.reason)] },
  { name: "Matches", class: "num", of: (e) => number(e.matched) },
  { name: "Asked by", class: "c-owner", of: (e) => [
    h("span", { class: "row-title" }, nameOf(e.requested_by)),
    h("span", { class: "row-text" }, ago(e.requested_at))] },
  { name: "Decided by", class: "c-owner", of: (e) => e.decided_by && nameOf(e.decided_by) },
  { name: "Until", class: "c-time", of: (e) => when(e.expires_at) },
];

function views(filters) {
  const current = new URLSearchParams(filters).toString();
  return h("nav", { class: "segments", "aria-label": "Which exemptions" }, VIEWS.map(([query, name]) =>
    link(query ? `/exemptions?${query}` : "/exemptions", {
      "aria-current": query === current ? "true" : null,
    }, name)));
}
