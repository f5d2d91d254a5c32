// Asks for an exemption: what it would match is counted before anybody is asked to approve it.

import { post } from "./api.js";
import { h, link, show } from "./dom.js";
import { number } from "./format.js";
import { ask, badge, empty, failure, field } from "./parts.js";

const DAY = 24 * 60 * 60 * 1000;
const SUGGESTED_DAYS = 30;
const FIELDS = [
  ["rule_id", "Rule", "One rule, or * for every rule"],
  ["account", "Account", "* and ? stand for any characters"],
  ["region", "Region"],
  ["resource", "Resource", "Its id or ARN"],
  ["resource_type", "Type", "Empty for any"],
];

/** Opens the dialog; resolves to the exemption, or null. */
export function requestExemption(scope) {
  const preview = h("div", { class: "preview", "aria-live": "polite" });
  const inputs = Object.fromEntries(FIELDS.map(([name]) => [name, h("input", {
    name, value: scope[name] ?? "", autocomplete: "off", spellcheck: "false", maxlength: 512,
    required: name !== "resource_type",
  })]));
  const count = () => showCount(preview, scopeFrom(inputs));
  for (const input of Object.values(inputs)) input.addEventListener("change", count);
  count();
  return ask({
    title: "Ask for an exemption",
    text: "The failure stays visible, marked as accepted. Another person must approve it.",
    confirm: "Ask for it",
    body: [
      h("div", { class: "form-grid" },
        FIELDS.map(([name, label, hint]) => field(label, inputs[name], hint))),
      preview, reasonField(), untilField(),
    ],
    act: (values) => post("/exemptions", {
      scope: scopeFrom(inputs), reason: values.reason, expires_at: endOfDay(values.until),
    }),
  });
}

function reasonField() {
  return field("Reason", h("textarea", {
    name: "reason", rows: 3, required: true, maxlength: 2000,
  }), "An auditor reads it: why the risk is accepted, and what is done instead");
}

function untilField() {
  const day = (from) => new Date(from).toLocaleDateString("sv-SE");
  return field("Until", h("input", {
    type: "date", name: "until", required: true, min: day(Date.now() + DAY),
    value: day(Date.now() + SUGGESTED_DAYS * DAY),
  }), "From the end of that day on it is not in force any more");
}

/** Returns the last millisecond of a day here, as the API takes times. */
export function endOfDay(day) {
  return day ? new Date(`${day}T23:59:59.999`).toISOString() : undefined;
}

function scopeFrom(inputs) {
  const told = Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]);
  return Object.fromEntries(told.filter(([, value]) => value !== ""));
}

async function showCount(place, scope) {
  show(place, h("p", { class: "hint" }, "Counting what it matches…"));
  const asked = JSON.stringify(scope);
  place.dataset.asked = asked;
  try {
    const found = await post("/exemptions/preview", { scope });
    if (place.dataset.asked === asked) show(place, matches(found));
  } catch (problem) {
    if (place.dataset.asked === asked) show(place, failure(problem));
  }
}

function matches({ matched, findings }) {
  if (!matched) {
    return empty("Matches no open finding", "It would be about findings that may come.");
  }
  const more = matched - findings.length;
  return [
    h("p", null, "Matches ", h("b", { class: "matched" }, number(matched)),
      matched === 1 ? " open finding" : " open findings"),
    h("ul", { class: "preview-list" }, findings.slice(0, 6).map((f) => h("li", null,
      badge(f.severity), h("span", null, f.title), h("span", { class: "hint" }, f.resource_id)))),
    (more > 0 || findings.length > 6) &&
      h("p", { class: "hint" }, `and ${number(matched - Math.min(6, findings.length))} more`),
  ];
}

/** Returns what an exemption is about, for people. */
export function scopeText(scope) {
  const parts = [["rule", scope.rule_id], ["account", scope.account], ["Region", scope.region],
    ["resource", scope.resource], ["type", scope.resource_type]]
    .filter(([, value]) => value && value !== "*");
  const tags = Object.entries(scope.tags ?? {});
  const told = [...parts.map(([name, value]) => `${name} ${value}`),
    ...tags.map(([name, value]) => `tag ${name}=${value}`)];
  return told.length ? told.join(" · ") : "every finding";
}

/** Returns a link to an exemption. */
export const exemptionLink = (id, text) =>
  link(`/exemptions/${encodeURIComponent(id)}`, { class: "row-link" }, text);
