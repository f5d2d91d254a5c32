// The findings that filters leave; the filters stand in the URL, so a list can be sent to others.

import { get } from "../api.js";
import { h, link, pathWith } from "../dom.js";
import { SEVERITIES, ago, typeName } from "../format.js";
import {
  badge, due, empty, filled, findingLink, growing, heading, load, select, tag,
} from "../parts.js";

const SIMPLE = ["q", "rule_id", "resource_type", "region", "account", "owner", "assignee"];
const NAMES = ["status", "severity", ...SIMPLE, "exempt", "overdue"];
const LABELS = {
  q: "Text", rule_id: "Rule", resource_type: "Type", region: "Region", account: "Account",
  owner: "Owner", assignee: "Assignee",
};
const ALWAYS = ["q", "owner", "account"];
const FLAGS = [["", "any"], ["true", "yes"], ["false", "no"]];
const LIMIT = 50;

export async function findings(place, context) {
  context.titled("Findings");
  const filters = Object.fromEntries(NAMES.map((name) => [name, context.parameters.get(name)])
    .filter(([, value]) => value));
  filters.status ??= "open";
  const list = h("div", null);
  place.append(heading("Findings"), filterBar(filters, context), list);
  const fetchPage = (cursor) =>
    get(pathWith("/findings", { ...filters, limit: LIMIT, cursor }), context.signal);
  await load(list, filled(fetchPage, null), (first) => growing({
    columns: COLUMNS, label: "Findings", fetchPage, first, nothing: nothingFor(filters),
  }), { lines: 12, again: context.again });
}

const COLUMNS = [
  { name: "Severity", class: "c-sev", of: (f) => badge(f.severity) },
  { name: "Finding", class: "c-main", of: (f) => [
    h("span", { class: "row-title" }, findingLink(f), marks(f)),
    h("span", { class: "row-text" }, f.message)] },
  { name: "Resource", class: "c-res", of: (f) => [
    h("span", { class: "row-title mono" }, f.resource_id),
    h("span", { class: "row-text" }, typeName(f.resource_type))] },
  { name: "Where", class: "c-where", of: (f) => [
    h("span", { class: "row-title mono" }, f.account_id),
    h("span", { class: "row-text" }, f.region)] },
  { name: "Owner", class: "c-owner", of: (f) => f.owner && ownerOf(f) },
  { name: "Opened", class: "c-time", of: (f) => [
    h("span", { class: "row-title" }, ago(f.opened_at)),
    f.actor && h("span", { class: "row-text" }, "by ", f.actor)] },
  { name: "Due", class: "c-time", of: (f) => f.status === "RESOLVED"
    ? h("span", { class: "good" }, "resolved ", f.resolved_at && ago(f.resolved_at)) : due(f) },
];

const ownerOf = (f) => [
  h("span", { class: "row-title" }, f.owner?.name ?? f.owner),
  f.assignee && h("span", { class: "row-text" }, "with ", f.assignee)];

function marks(finding) {
  return [
    finding.exemption && tag("exempt", "exempt"),
    finding.acknowledged_at && finding.status === "OPEN" && tag("acknowledged", "quiet"),
    finding.episode > 1 && tag(`episode ${finding.episode}`, "quiet"),
  ];
}

function nothingFor(filters) {
  const plain = Object.keys(filters).length === 1;
  return plain
    ? empty(filters.status === "open" ? "Nothing is open" : "Nothing was resolved yet",
      "What Vigil finds stands here within seconds.")
    : empty("No finding matches", "Other filters may find more.",
      link("/findings", { class: "button" }, "Clear all filters"));
}

function filterBar(filters, context) {
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter findings" });
  const apply = () => context.go(pathWith("/findings", read(form)), { replace: false });
  const more = NAMES.slice(2).filter((name) => !ALWAYS.includes(name));
  const used = more.filter((name) => filters[name]).length;
  form.append(
    h("div", { class: "filter-row" }, severityChips(filters),
      labelled("Status", select([["open", "Open"], ["resolved", "Resolved"]], filters.status,
        { name: "status", onchange: apply })),
      ALWAYS.map((name) => textFilter(name, filters[name])),
      h("button", { type: "submit", class: "primary" }, "Filter"),
      Object.keys(filters).length > 1 && link("/findings", { class: "button" }, "Clear")),
    h("details", { class: "more-filters", open: used > 0 },
      h("summary", null, used ? `More filters (${used})` : "More filters"),
      h("div", { class: "filter-row" }, more.map((name) => LABELS[name]
        ? textFilter(name, filters[name])
        : labelled(name === "exempt" ? "Exempt" : "Past due",
          select(FLAGS, filters[name], { name, onchange: apply }))))));
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  form.addEventListener("change", (event) => { if (event.target.type === "checkbox") apply(); });
  return form;
}

function severityChips(filters) {
  const chosen = new Set((filters.severity ?? "").split(","));
  return h("fieldset", { class: "chips" }, h("legend", { class: "sr" }, "Severity"),
    SEVERITIES.map((name) => h("label", { class: `chip chip-${name}` },
      h("input", { type: "checkbox", name: "severity", value: name, checked: chosen.has(name) }),
      h("span", null, name))));
}

function textFilter(name, value) {
  const type = name === "q" ? "search" : "text";
  return labelled(LABELS[name], h("input", {
    type, name, value: value ?? "", maxlength: 256, autocomplete: "off", spellcheck: "false",
  }));
}

function labelled(name, control) {
  return h("label", { class: "filter" }, h("span", null, name), control);
}

function read(form) {
  const data = new FormData(form);
  const severity = SEVERITIES.filter((name) => data.getAll("severity").includes(name)).join(",");
  const told = Object.fromEntries(NAMES.map((name) => [name, String(data.get(name) ?? "").trim()]));
  return { ...told, severity, status: told.status === "open" ? "" : told.status };
}
