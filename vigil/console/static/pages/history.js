// The entries of a history, newest first; each leads to how things were then.

import { get } from "../api.js";
import { h, link, pathWith, segmentPath } from "../dom.js";
import { ago, nameOf, when } from "../format.js";
import { differences, empty } from "../parts.js";

const WORDS = {
  opened: "Opened", reopened: "Opened again", updated: "Changed", attributed: "Attributed",
  resolved: "Resolved", acknowledged: "Acknowledged", assigned: "Assigned", noted: "Note",
  exempted: "Exempted", "exemption-ended": "Exemption ended", detected: "Detected",
  explained: "Explained", recorded: "Configuration recorded",
  "exemption-requested": "Asked for", "exemption-approved": "Approved",
  "exemption-refused": "Refused", "exemption-revoked": "Revoked", "exemption-expired": "Expired",
  "exemption-ending": "Ends soon", "person-changed": "Changed",
};
const REASONS = {
  "first-look": "stood there at the first look", time: "by time alone",
  "rule-change": "because the rule changed", companion: "because of what it depends on",
  resource_deleted: "because the resource was deleted",
};
const LIMIT = 100;
const PAGES = 10;

/** Returns a list of a finding's entries; `record` is what they are about. */
export async function history(path, record, context) {
  const { items, more } = await allOf(path, context);
  if (!items.length) return empty("There is no history");
  return h("div", null,
    more && h("p", { class: "hint" }, `Only its first ${items.length} entries are shown here.`),
    entriesOf(items.reverse(), (entry) => pastLinks(entry, record)));
}

// The API begins with the oldest entry, people with the newest.
async function allOf(path, context) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < PAGES; page += 1) {
    const found = await get(pathWith(path, { limit: LIMIT, cursor }), context.signal);
    items.push(...found.items);
    cursor = found.next;
    if (!cursor) break;
  }
  return { items, more: Boolean(cursor) };
}

/** Returns entries as a timeline; `links` returns what leads on from one. */
export function entriesOf(items, links = () => null) {
  return h("ol", { class: "timeline" }, items.map((entry) => entryOf(entry, links(entry))));
}

function entryOf(entry, links) {
  const by = entry.by ? nameOf(entry.by) : entry.cause?.actor?.name;
  return h("li", { class: `entry entry-${String(entry.kind).replace(/[^a-z-]/g, "")}` },
    h("p", { class: "entry-head" }, h("b", null, WORDS[entry.kind] ?? entry.kind),
      by && [" by ", h("b", null, by)], " ", REASONS[entry.reason],
      h("span", { class: "entry-time" }, when(entry.at, { precise: true }), " · ", ago(entry.at))),
    entry.note && h("blockquote", null, entry.note),
    entry.message && h("p", { class: "entry-text" }, entry.message),
    entry.cause && h("p", { class: "hint" }, h("code", null, entry.cause.event_name),
      entry.cause.actor.source_ip && [" from ", h("code", null, entry.cause.actor.source_ip)]),
    entry.differences?.length > 0 && differences(entry.differences),
    h("p", { class: "entry-foot" }, links, h("span", null, `entry ${entry.seq}`),
      h("code", { title: entry.hash }, String(entry.hash ?? "").slice(0, 12))));
}

function pastLinks(entry, record) {
  const key = [record.account_id, record.region, record.resource_type, record.resource_id].join("#");
  return [
    link(pathWith(segmentPath("/findings", record.finding_id), { as_of: entry.at }), null,
      "Finding as of then"),
    link(pathWith("/resource", { key, as_of: entry.at }), null, "Configuration as of then"),
  ];
}
