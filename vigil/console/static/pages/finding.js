// One finding: why it fails, what changed, who did it, what became of it. Or the same as of a time.

import { get, post, put, segment } from "../api.js";
import { requestExemption } from "../exempting.js";
import { h, link, pathWith, safeUrl } from "../dom.js";
import { ago, json, missing, typeName, when } from "../format.js";
import {
  announce, ask, badge, differences, due, facts, field, heading, load, panel, table, tag,
} from "../parts.js";
import { exemptionPanel, integrityPanel, whoPanel } from "./finding-parts.js";
import { history } from "./history.js";

export async function finding(place, context) {
  const path = `/findings/${segment(context.name)}`;
  const asOf = context.parameters.get("as_of");
  const record = await loaded(place, get(pathWith(path, { as_of: asOf }), context.signal), context);
  if (!record) return;
  context.titled(record.title);
  const timeline = h("div", null);
  place.replaceChildren(
    asOf ? asOfBanner(asOf, context.name) : "",
    top(record, asOf ? [] : actions(record, context)),
    h("div", { class: "split" },
      h("div", { class: "split-main" }, mainParts(record),
        panel("History", { id: "history" }, timeline)),
      h("aside", { class: "split-side", "aria-label": "About this finding" },
        about(record), times(record), exemptionPanel(record), controls(record),
        integrityPanel(record))));
  await load(timeline, history(`${path}/history`, record, context), (list) => list, { lines: 4 });
}

async function loaded(place, promise, context) {
  let found = null;
  await load(place, promise, (record) => { found = record; }, { lines: 12, again: context.again });
  return found;
}

function asOfBanner(asOf, id) {
  return h("div", { class: "banner" }, h("span", null, "As it was on ", when(asOf, { precise: true })),
    link(`/findings/${segment(id)}`, null, "Show it as it is now"));
}

function top(record, buttons) {
  const state = record.status === "OPEN"
    ? tag(record.overdue ? "open, past due" : "open", record.overdue ? "bad" : "open")
    : tag("resolved", "good");
  return heading(record.title, {
    lead: h("span", { class: "head-tags" }, badge(record.severity), state,
      record.exemption && tag("exempt", "exempt"),
      record.times.acknowledged_at && tag("acknowledged", "quiet"),
      h("code", null, record.rule_id)),
    actions: buttons,
  });
}

function mainParts(record) {
  const message = h("p", { class: "message" }, record.message);
  const because = record.severity_because
    && h("p", { class: "hint" }, "Severity: ", record.severity_because);
  return [
    panel("What is wrong", null, message, because, evidence(record),
      record.gaps.length > 0 && gaps(record)),
    record.differences.length > 0 && panel("What changed", null, differences(record.differences)),
    whoPanel(record), fix(record),
  ];
}

function evidence(record) {
  if (!record.evidence.length) return null;
  return table([
    { name: "Where", of: (e) => h("code", { class: "pointer" }, e.path || "/") },
    { name: "Found", of: (e) => h("pre", { class: "value" }, json(e.actual)) },
    { name: "Expected", of: (e) => h("pre", { class: "value" }, expected(e.expected)) },
    { name: "Because", of: (e) => [e.because].flat().map((one) => h("code", { class: "pointer block" }, one)) },
  ], record.evidence, { label: "Evidence" }).element;
}

const expected = (value) => typeof value === "string" ? value : json(value);

function gaps(record) {
  return [h("h3", null, "What could not be read"), table([
    { name: "Where", of: (g) => h("code", { class: "pointer" }, g.pointer || "/") },
    { name: "Call", of: (g) => g.call },
    { name: "Why", of: (g) => [g.reason, g.error && ` (${g.error})`] },
    { name: "Refused to", of: (g) => g.principal && h("code", null, g.principal) },
  ], record.gaps, { label: "What could not be read" }).element];
}

function fix(record) {
  return panel("How to fix it", null, h("p", { class: "prose" }, record.fix.text),
    h("h3", null, "The risk"), h("p", { class: "prose" }, record.risk));
}

function about(record) {
  const key = [record.account_id, record.region, record.resource_type, record.resource_id].join("#");
  return panel("Resource", null, facts([
    ["Resource", link(pathWith("/resource", { key }), { class: "mono" }, record.resource_id)],
    ["Type", typeName(record.resource_type)],
    ["ARN", record.resource_arn && h("code", { class: "wrap" }, record.resource_arn)],
    ["Account", h("span", { class: "mono" }, record.account_id)],
    ["Region", record.region],
    ["Owner", owner(record.owner)],
    ["Assignee", record.assignee ?? missing("nobody")],
    ["Tags", tags(record.tags)],
  ]));
}

const OWNER_FROM = {
  tag: "from a tag of the resource", account: "owner of the account", default: "the default owner",
};

function owner(found) {
  if (!found) return missing("not known");
  return [found.name, found.from
    && h("span", { class: "hint block" }, OWNER_FROM[found.from] ?? found.from)];
}

function tags(found) {
  const pairs = Object.entries(found ?? {});
  return pairs.length ? h("ul", { class: "tags" }, pairs.map(([name, value]) =>
    h("li", null, h("span", { class: "tag-name" }, name), h("span", null, value)))) : null;
}

function times(record) {
  const t = record.times;
  return panel("Times", null, facts([
    ["Changed in AWS", t.event_at && when(t.event_at, { precise: true })],
    ["Opened", t.opened_at && [when(t.opened_at), " · ", ago(t.opened_at)]],
    ["Due", t.due_at ? [when(t.due_at), " · ", due({ ...record, due_at: t.due_at })]
      : missing("no date")],
    ["Acknowledged", t.acknowledged_at && [when(t.acknowledged_at), " by ",
      record.acknowledged_by ?? "somebody"]],
    ["Resolved", t.resolved_at && [when(t.resolved_at), " · ", record.reason]],
    ["Episode", record.episode > 1 ? `${record.episode}, it was fixed before` : null],
  ]));
}

function controls(record) {
  const found = Object.entries(record.frameworks ?? {});
  if (!found.length) return null;
  const count = found.reduce((sum, [, list]) => sum + list.length, 0);
  return panel("Controls", null, h("details", { class: "folded" },
    h("summary", null, `${count} of ${found.map(([name]) => name).join(", ")}`),
    facts(found.map(([name, list]) => [name, list.join(", ")]))));
}

function actions(record, context) {
  const path = `/findings/${segment(record.finding_id)}`;
  const did = (text) => (done) => {
    if (done) { announce(text); context.again(); }
  };
  const button = (text, act, kind = "") => h("button", { type: "button", class: kind, onclick: act }, text);
  const open = record.status === "OPEN";
  const link_ = safeUrl(record.fix.url);
  return [
    link_ && h("a", { href: link_, rel: "noreferrer noopener", target: "_blank", class: "button" }, "Guide"),
    button("Note", () => ask(noteFor(path)).then(did("Noted"))),
    open && button("Assign", () => ask(assignFor(path, record)).then(did("Assigned"))),
    open && !record.exemption && button("Ask for an exemption", () =>
      requestExemption(scopeOf(record)).then(did("Asked: another person must approve it"))),
    open && !record.times.acknowledged_at && button("Acknowledge",
      () => ask(acknowledgeFor(path)).then(did("Acknowledged")), "primary"),
  ];
}

const scopeOf = (record) => ({
  rule_id: record.rule_id, account: record.account_id, region: record.region,
  resource: record.resource_id, resource_type: record.resource_type,
});
const noteField = (required) => field("Note", h("textarea", {
  name: "note", rows: 3, maxlength: 2000, required,
}), required ? "Stands in the history for ever" : "May stay empty");

const noteFor = (path) => ({
  title: "Add a note", confirm: "Add", body: noteField(true),
  act: (values) => post(`${path}/notes`, values),
});
const acknowledgeFor = (path) => ({
  title: "Acknowledge", confirm: "Acknowledge", body: noteField(false),
  text: "Says that you see to it. It stays open until the resource is fixed.",
  act: (values) => post(`${path}/acknowledgement`, values),
});
const assignFor = (path, record) => ({
  title: "Assign", confirm: "Assign",
  body: [field("Who sees to it", h("input", {
    name: "assignee", required: true, maxlength: 256, value: record.assignee ?? "",
  })), noteField(false)],
  act: (values) => put(`${path}/assignee`, values),
});
