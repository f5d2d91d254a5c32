// Every change that reached Vigil, and what became of it: also of those that nobody needs to see.

import { get } from "../api.js";
import { endOfDay } from "../exempting.js";
import { h, link, pathWith } from "../dom.js";
import { missing, when } from "../format.js";
import { empty, filled, growing, heading, load, tag } from "../parts.js";

const LIMIT = 50;
const MEANINGS = {
  evaluated: ["judged", "good"], irrelevant: ["no rule is about it", "plain"],
  "failed-call": ["call failed", "plain"], "read-only": ["only read", "plain"],
  refused: ["refused: not from CloudTrail", "bad"], invalid: ["not readable", "bad"],
};

export async function changes(place, context) {
  context.titled("Changes");
  const filters = Object.fromEntries(["from", "to", "account", "region"]
    .map((name) => [name, context.parameters.get(name) ?? ""]));
  const list = h("div", null);
  place.append(heading("Changes", {
    lead: "Every record that arrived, newest first. The trail's own completeness is not proven here.",
  }), bar(filters, context), list);
  const fetchPage = (cursor) => get(pathWith("/changes", {
    ...filters, from: startOfDay(filters.from), to: endOfDay(filters.to), limit: LIMIT, cursor,
  }), context.signal);
  await load(list, filled(fetchPage, null), (first) => growing({
    columns: COLUMNS, label: "Changes", fetchPage, first,
    nothing: empty("No change arrived", "Changes in AWS stand here seconds after they were made."),
  }), { lines: 12, again: context.again });
}

const COLUMNS = [
  { name: "Time", class: "c-when", of: (c) => when(c.event_time, { precise: true }) },
  { name: "Change", class: "c-main", of: (c) => [
    h("span", { class: "row-title mono" }, c.event_name),
    h("span", { class: "row-text" }, String(c.event_source).replace(".amazonaws.com", ""))] },
  { name: "Who", class: "c-who", of: (c) => c.actor?.name ?? c.actor ?? missing("not kept") },
  { name: "Where", class: "c-where", of: (c) => [
    h("span", { class: "row-title mono" }, c.account_id),
    h("span", { class: "row-text" }, c.region)] },
  { name: "What became of it", class: "c-state", of: (c) => {
    const [text, kind] = MEANINGS[c.disposition] ?? [c.disposition, "plain"];
    return [tag(text, kind), c.detail && h("span", { class: "row-text" }, c.detail)];
  } },
];

function bar(filters, context) {
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter changes" });
  const input = (name, text, type = "text") => h("label", { class: "filter" }, h("span", null, text),
    h("input", { name, type, value: filters[name], maxlength: 64, autocomplete: "off" }));
  form.append(h("div", { class: "filter-row" }, input("from", "From", "date"), input("to", "To", "date"),
    input("account", "Account"), input("region", "Region"),
    h("button", { type: "submit", class: "primary" }, "Filter"),
    Object.values(filters).some(Boolean) && link("/changes", { class: "button" }, "Clear")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    context.go(pathWith("/changes", Object.fromEntries(new FormData(form))));
  });
  return form;
}

function startOfDay(day) {
  return day ? new Date(`${day}T00:00:00`).toISOString() : undefined;
}
