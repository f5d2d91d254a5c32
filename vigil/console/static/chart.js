// Draws how many findings were open over time, by severity, one upon the other.

import { h, s, show } from "./dom.js";
import { SEVERITIES, instant, number, tick, when } from "./format.js";

const HEIGHT = 230;
const PAD = { left: 34, right: 6, top: 10, bottom: 22 };
const TICKS = 4;
const ROWS = 60;

/** Returns the chart of points {at, critical, high, …}, oldest first, and the same as a table. */
export function stacked(series) {
  const points = series.map((p) => ({ ...p, time: instant(p.at) })).filter((p) => p.time !== null);
  const told = h("div", { class: "chart-told" });
  const place = h("div", { class: "chart-place" });
  const draw = () => show(place, plotOf(points, Math.max(280, place.clientWidth), told));
  // It is drawn for the width it has, so that texts keep their size.
  new ResizeObserver(draw).observe(place);
  tell(told, points.at(-1));
  return h("div", { class: "chart-box" }, told, place, asTable(points));
}

function plotOf(points, width, told) {
  const scale = scaleOf(points, width);
  const cursor = s("line", {
    class: "cursor", y1: PAD.top, y2: HEIGHT - PAD.bottom, visibility: "hidden",
  });
  const plot = s("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, class: "chart", role: "img",
    "aria-label": labelOf(points),
  }, areas(points, scale), grid(scale), cursor);
  plot.addEventListener("pointermove", (event) => {
    const x = event.clientX - plot.getBoundingClientRect().left;
    const found = points[Math.max(0, points.findLastIndex((p) => scale.x(p.time) <= x + 0.5))];
    cursor.setAttribute("x1", scale.x(found.time));
    cursor.setAttribute("x2", scale.x(found.time));
    cursor.setAttribute("visibility", "visible");
    tell(told, found);
  });
  plot.addEventListener("pointerleave", () => {
    cursor.setAttribute("visibility", "hidden");
    tell(told, points.at(-1));
  });
  return plot;
}

function scaleOf(points, width) {
  const from = points[0].time;
  const to = points.at(-1).time;
  const top = niceTop(Math.max(1, ...points.map(totalOf)));
  const wide = width - PAD.left - PAD.right;
  const high = HEIGHT - PAD.top - PAD.bottom;
  return {
    from, to, top, left: PAD.left, right: width - PAD.right,
    x: (time) => PAD.left + (to === from ? wide : ((time - from) / (to - from)) * wide),
    y: (value) => PAD.top + high - (value / top) * high,
  };
}

const totalOf = (p) => SEVERITIES.reduce((sum, name) => sum + (p[name] ?? 0), 0);

function niceTop(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.max(TICKS, [1, 2, 4, 6, 8, 10].find((factor) => factor * unit >= value) * unit);
}

function grid(scale) {
  const counts = Array.from({ length: TICKS + 1 }, (_, i) => (scale.top / TICKS) * i);
  return s("g", { class: "grid" }, counts.map((value) => ruleAt(value, scale)), dates(scale));
}

function ruleAt(value, { left, right, y }) {
  const at = Math.round(y(value)) + 0.5;
  return [
    s("line", { class: "rule", x1: left, x2: right, y1: at, y2: at }),
    s("text", { x: left - 7, y: at + 3.5, "text-anchor": "end" }, number(value)),
  ];
}

function dates({ from, to, x, right }) {
  const count = right > 500 ? 6 : 3;
  const times = from === to ? [to]
    : Array.from({ length: count }, (_, i) => from + ((to - from) / (count - 1)) * i);
  return times.map((time, i) => {
    const anchor = i === times.length - 1 ? "end" : i ? "middle" : "start";
    return s("text", { x: x(time), y: HEIGHT - 5, "text-anchor": anchor }, tick(time, to - from));
  });
}

function areas(points, scale) {
  const floor = points.map(() => 0);
  return SEVERITIES.map((name) => {
    const low = [...floor];
    points.forEach((p, i) => { floor[i] += p[name] ?? 0; });
    const edge = [...steps(points, floor, scale), ...steps(points, low, scale).reverse()];
    const path = edge.map((pair) => pair.map((n) => n.toFixed(1)).join(",")).join("L");
    return s("path", { class: `area area-${name}`, d: `M${path}Z` });
  });
}

// A count holds until the next one: steps, not slopes.
function steps(points, values, { x, y, left }) {
  const corners = points.flatMap((p, i) =>
    i ? [[x(p.time), y(values[i - 1])], [x(p.time), y(values[i])]] : [[x(p.time), y(values[i])]]);
  return points.length === 1 ? [[left, corners[0][1]], ...corners] : corners;
}

function tell(told, found) {
  show(told, when(found.at), SEVERITIES.map((name) =>
    h("span", { class: `key key-${name}` }, `${name} `, h("b", null, number(found[name])))));
}

function labelOf(points) {
  const counts = SEVERITIES.map((name) => `${points.at(-1)[name] ?? 0} ${name}`).join(", ");
  return `Open findings over time. Last: ${counts}. The table below has all of it.`;
}

function asTable(points) {
  const every = Math.ceil(points.length / ROWS);
  const some = points.filter((_, i) => i % every === 0 || i === points.length - 1).reverse();
  const head = ["Time", ...SEVERITIES].map((name) => h("th", { scope: "col" }, name));
  const rows = some.map((p) => h("tr", null, h("td", null, when(p.at)),
    SEVERITIES.map((name) => h("td", { class: "num" }, number(p[name])))));
  return h("details", { class: "chart-table" }, h("summary", null, "Show as a table"),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Open over time" },
      h("table", { class: "table" }, h("thead", null, h("tr", null, head)),
        h("tbody", null, rows))));
}
