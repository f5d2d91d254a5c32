// How values are written: times in the reader's zone with UTC behind them, spans, counts.

import { h } from "./dom.js";

export const SEVERITIES = ["critical", "high", "medium", "low", "informational"];
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS = [[365 * DAY, "y"], [DAY, "d"], [HOUR, "h"], [MINUTE, "min"], [1, "s"]];
const WHEN = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});
const PRECISE = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});
const DATE = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const HOUR_MINUTE = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DATE_HOUR = new Intl.DateTimeFormat(undefined, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});
const NUMBER = new Intl.NumberFormat();

/** Returns the milliseconds of a time of the API; null for none. */
export function instant(text) {
  const found = Date.parse(text ?? "");
  return Number.isNaN(found) ? null : found;
}

/** Returns a time as it was here, with UTC in its title. */
export function when(text, { precise = false } = {}) {
  const at = instant(text);
  if (at === null) return missing();
  const format = precise ? PRECISE : WHEN;
  return h("time", { datetime: utc(at), title: utc(at) }, format.format(at));
}

/** Returns how long ago or ahead a time is: "3 d ago", "in 2 h"; bare: "3 d". */
export function ago(text, { bare = false } = {}) {
  const at = instant(text);
  if (at === null) return missing();
  const seconds = Math.round((Date.now() - at) / 1000);
  const title = `${PRECISE.format(at)} · ${utc(at)}`;
  const told = bare ? span(Math.abs(seconds)) : Math.abs(seconds) < 5 ? "just now"
    : seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
  return h("time", { datetime: utc(at), title }, told);
}

/** Returns a length of time in its largest fitting unit, with one below it where that helps. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.round(seconds);
  const at = UNITS.findIndex(([size]) => whole >= size);
  if (at < 0) return "0 s";
  const [size, name] = UNITS[at];
  const count = Math.floor(whole / size);
  const below = UNITS[at + 1];
  const rest = below && count < 3 ? Math.floor((whole % size) / below[0]) : 0;
  return rest ? `${count} ${name} ${rest} ${below[1]}` : `${count} ${name}`;
}

export const utc = (at) => new Date(at).toISOString();
/** Returns a time as an axis of so many milliseconds shows it: no two of its marks say the same. */
export const tick = (at, length) =>
  (length < 2 * DAY * 1000 ? HOUR_MINUTE : length < 6 * DAY * 1000 ? DATE_HOUR : DATE).format(at);
export const number = (value) => NUMBER.format(value ?? 0);
export const bytes = (value) =>
  value === null || value === undefined ? "–"
    : value < 1000 ? `${value} B` : value < 1e6 ? `${(value / 1e3).toFixed(1)} kB`
      : `${(value / 1e6).toFixed(1)} MB`;

/** Returns a value of a configuration as JSON: without quotes an empty text could not be seen. */
export function json(value) {
  if (value === null || value === undefined) return "not there";
  const line = JSON.stringify(value);
  return typeof value === "object" && line.length > 60 ? JSON.stringify(value, null, 2) : line;
}

export const missing = (text = "–") => h("span", { class: "none" }, text);

/** Returns the last part of a type: "AWS::S3::Bucket" → "S3 Bucket". */
export const typeName = (type) => String(type ?? "").replace(/^(AWS|Observed)::/, "").replaceAll("::", " ");

/** Returns what people call an identity. */
export const nameOf = (identity) => identity?.name || identity?.person || identity?.id || "–";
