// One resource: its configuration now or as of a time, what it fails, and how it came to be so.

import { get } from "../api.js";
import { h, link, pathWith } from "../dom.js";
import { ago, typeName, when } from "../format.js";
import {
  badge, differences, empty, facts, findingLink, heading, load, panel, tag,
} from "../parts.js";

export async function resource(place, context) {
  const key = context.parameters.get("key") ?? "";
  const asOf = context.parameters.get("as_of");
  context.titled("Resource");
  const asked = get(pathWith("/resource", { key, as_of: asOf }), context.signal);
  await load(place, asked, (found) => {
    context.titled(found.ref?.id ?? key);
    return [asOf && banner(asOf, key), top(found, key), h("div", { class: "split" },
      h("div", { class: "split-main" }, configuration(found), timeline(found, key, asOf)),
      h("aside", { class: "split-side", "aria-label": "About this resource" },
        about(found, key), failing(found)))];
  }, { lines: 12, again: context.again });
}

function banner(asOf, key) {
  return h("div", { class: "banner" }, h("span", null, "As it was on ", when(asOf, { precise: true })),
    link(pathWith("/resource", { key }), null, "Show it as it is now"));
}

function top(found, key) {
  const [, , type, ...id] = key.split("#");
  return heading(found.ref?.id ?? id.join("#"), { lead: typeName(found.ref?.type ?? type) });
}

function about(found, key) {
  const [account, region] = key.split("#");
  return panel("Resource", null, facts([
    ["Account", h("span", { class: "mono" }, account)], ["Region", region],
    ["ARN", found.arn && h("code", { class: "wrap" }, found.arn)],
    ["Looked at", found.looked_at && ago(found.looked_at)],
    ["Recorded as", found.item_ref && h("code", { class: "wrap" }, found.item_ref.hash)],
  ]));
}

function configuration(found) {
  return panel("Configuration", null, found.item
    ? h("pre", { class: "document", tabindex: "0" }, JSON.stringify(found.item, null, 2))
    : empty("No configuration is kept", "The resource did not exist, or was not looked at yet."));
}

function timeline(found, key, asOf) {
  if (!found.timeline?.length) return null;
  return panel("How it changed", null, h("ol", { class: "timeline" }, found.timeline.map((entry) =>
    h("li", { class: "entry" },
      h("p", { class: "entry-head" },
        link(pathWith("/resource", { key, as_of: entry.at }), {
          "aria-current": entry.at === asOf ? "true" : null,
        }, when(entry.at, { precise: true })),
        h("span", { class: "entry-time" }, ago(entry.at))),
      entry.differences?.length ? differences(entry.differences)
        : h("p", { class: "hint" }, "First recorded"),
      entry.event_id && h("p", { class: "hint" }, "event ", h("code", null, entry.event_id))))));
}

function failing(found) {
  const list = found.findings ?? [];
  return panel("Findings", null, list.length ? h("ul", { class: "plain" }, list.map((f) =>
    h("li", { class: "mini" }, badge(f.severity), findingLink(f),
      f.status === "RESOLVED" && tag("resolved", "good"), f.exemption && tag("exempt", "exempt"))))
    : empty("Nothing was found"));
}
