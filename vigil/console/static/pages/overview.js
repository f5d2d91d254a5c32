// What is open, since when, with whom; and whether what says so is in order.

import { get } from "../api.js";
import { stacked } from "../chart.js";
import { h, link, pathWith } from "../dom.js";
import { SEVERITIES, ago, number, span } from "../format.js";
import { badge, empty, heading, load, panel, tag } from "../parts.js";

const RANGES = [[7, "7 days"], [30, "30 days"], [90, "90 days"], [365, "1 year"]];
const BARS = 8;

export async function overview(place, context) {
  context.titled("Overview");
  const days = Number(context.parameters.get("days")) || 30;
  const body = h("div", null);
  place.append(heading("Overview", { actions: rangesOf(days) }), body);
  await load(body, get(`/posture?days=${days}`, context.signal), (posture) => [
    totals(posture.now), trend(posture), h("div", { class: "columns" },
      severities(posture.now), counts("Accounts", posture.now.by_account, "account"),
      counts("Owners", posture.now.by_owner, "owner")),
    h("div", { class: "columns wide-first" }, rules(posture.now), evidence(context)),
  ], { lines: 10, again: context.again });
}

function rangesOf(days) {
  return h("nav", { class: "segments", "aria-label": "Range" }, RANGES.map(([count, name]) =>
    link(pathWith("/", { days: count }), { "aria-current": count === days ? "true" : null }, name)));
}

function totals(now) {
  const open = SEVERITIES.reduce((sum, name) => sum + (now.open[name] ?? 0), 0);
  return h("div", { class: "totals" },
    total("Open", number(open), "/findings", now.at && ["counted ", ago(now.at)]),
    total("Past due", number(now.overdue), "/findings?overdue=true", "open beyond their date",
      now.overdue > 0),
    total("Exempt", number(now.exempt), "/findings?exempt=true", "failing, accepted for a while"),
    total("Unreadable", number(now.unreadable), "/findings?rule_id=vigil-resource-unreadable",
      "cannot be judged"),
    total("To notice", span(now.mttd_seconds), null, "mean, from change to finding"),
    total("To acknowledge", span(now.mtta_seconds), null, "mean, from finding to a person"),
    total("To resolve", span(now.mttr_seconds), null, "mean, exempt ones left out"));
}

function total(name, value, to, text, bad = false) {
  const label = to ? link(to, null, name) : name;
  return h("div", { class: bad ? "total bad" : "total" },
    h("h2", { class: "total-name" }, label), h("p", { class: "total-value" }, value),
    h("p", { class: "total-text" }, text));
}

function trend(posture) {
  const series = posture.series.length ? posture.series
    : posture.now.at ? [{ at: posture.now.at, ...posture.now.open }] : [];
  return panel("Open findings over time", null, series.length ? stacked(series)
    : empty("Nothing was counted yet", "Open findings are counted every hour."));
}

function severities(now) {
  const counted = SEVERITIES.map((name) => [name, now.open[name] ?? 0]);
  return panel("Severity", null, bars(counted, (name) => badge(name), (name) => ({ severity: name }),
    (name) => `bar-${name}`));
}

function counts(title, found, parameter) {
  const sorted = Object.entries(found ?? {}).map(([name, count]) => [name, countOf(count)])
    .sort((a, b) => b[1] - a[1]);
  const told = sorted.slice(0, BARS);
  const rest = sorted.slice(BARS).reduce((sum, [, count]) => sum + count, 0);
  return panel(title, null, told.length
    ? [bars(told, (name) => name || "nobody", (name) => name ? { [parameter]: name } : null),
      rest > 0 && h("p", { class: "hint" }, `and ${number(rest)} in ${sorted.length - BARS} more`)]
    : empty("Nothing is open"));
}

// By account and owner the counts may be split by severity.
function countOf(count) {
  return typeof count === "object" && count !== null
    ? Object.values(count).reduce((sum, one) => sum + one, 0) : count;
}

function bars(counted, label, parameters, kind = () => "") {
  const most = Math.max(1, ...counted.map(([, count]) => count));
  return h("ul", { class: "bars" }, counted.map(([name, count]) => {
    const filters = parameters(name);
    const inner = [h("span", { class: "bar-name" }, label(name)),
      h("span", { class: "bar-count" }, number(count)),
      h("span", { class: "bar-track", "aria-hidden": "true" },
        h("span", { class: `bar ${kind(name)}`, "width%": (count / most) * 100 }))];
    return h("li", null,
      filters ? link(pathWith("/findings", filters), null, inner) : h("span", null, inner));
  }));
}

function rules(now) {
  const found = now.by_rule ?? [];
  return panel("Rules not met", null, found.length
    ? h("ol", { class: "ranked" }, found.slice(0, 10).map((rule) => h("li", null,
      link(pathWith("/findings", { rule_id: rule.rule_id }), null,
        h("span", { class: "ranked-count" }, number(rule.count)),
        h("span", { class: "ranked-name" }, rule.title), badge(rule.severity)))))
    : empty("Every rule is met", "Nothing is open."));
}

function evidence(context) {
  const body = h("div", null);
  load(body, get("/health", context.signal), (health) => [
    h("p", { class: "health" }, tag(health.status, health.status === "ok" ? "good" : "bad"),
      h("span", null, "Vigil ", health.version)),
    h("dl", { class: "facts" },
      fact("Sealed until", health.sealed_until ? ago(health.sealed_until) : "nothing is sealed yet"),
      fact("Not yet sealed", entries(health.unsealed))),
    h("ul", { class: "checks" }, (health.checks ?? []).map((check) => h("li", null,
      h("span", { class: check.ok ? "mark good" : "mark bad" }, check.ok ? "✓" : "✗"),
      h("span", { class: "check-name" }, check.name), check.detail &&
      h("span", { class: "hint" }, check.detail)))),
  ], { lines: 3 });
  return panel("Evidence", null, body);
}

const entries = (count) => count === null || count === undefined ? "not known"
  : count === 1 ? "1 entry" : `${number(count)} entries`;
const fact = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));
