// What several pages are made of: badges, panels, tables, states, dialogs, forms.

import { append, h, link, show } from "./dom.js";
import { ago, json, missing } from "./format.js";

const EMPTY_PAGES = 8;

export const badge = (severity) =>
  h("span", { class: `sev sev-${SEVERITY_CLASS[severity] ?? "informational"}` }, severity ?? "unknown");

const SEVERITY_CLASS = Object.fromEntries(
  ["critical", "high", "medium", "low", "informational"].map((name) => [name, name]),
);

export const tag = (text, kind = "plain") => h("span", { class: `tag tag-${kind}` }, text);

/** Returns a part of a page with a heading. */
export function panel(title, attributes, ...children) {
  const { aside, ...rest } = attributes ?? {};
  return h("section", { class: "panel", ...rest },
    h("header", { class: "panel-head" }, h("h2", null, title), aside),
    h("div", { class: "panel-body" }, children));
}

/** Returns the top of a page. */
export function heading(title, { lead, actions } = {}) {
  return h("header", { class: "page-head" },
    h("div", { class: "page-title" }, h("h1", null, title), lead && h("p", { class: "lead" }, lead)),
    actions && h("div", { class: "actions" }, actions));
}

/** Returns names and values, without those that have none. */
export function facts(pairs) {
  const told = pairs.filter(([, value]) => value !== null && value !== undefined);
  return h("dl", { class: "facts" },
    told.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

/** Returns a table that becomes cards on narrow screens; a cell's label is its column's name. */
export function table(columns, rows, { label, keep } = {}) {
  const head = h("tr", null, columns.map((c) => h("th", { scope: "col", class: c.class }, c.name)));
  const body = h("tbody", null);
  const element = h("table", { class: keep ? "table" : "table cards", "aria-label": label },
    h("thead", null, head), body);
  const add = (more) => append(body, more.map((row) => rowOf(columns, row)));
  add(rows);
  return { element, add };
}

function rowOf(columns, row) {
  const cells = columns.map((column) => {
    const value = column.of(row);
    const empty = value === null || value === undefined || value === "";
    return h("td", { class: column.class, "data-label": column.name, "data-empty": empty },
      empty ? missing() : value);
  });
  return h("tr", null, cells);
}

/** Returns grey lines in place of what is on its way. */
export function skeleton(lines = 6) {
  const bars = Array.from({ length: lines }, () => h("div", { class: "bone" }));
  return h("div", { class: "skeleton", "aria-busy": "true" },
    h("span", { class: "sr" }, "Loading…"), bars);
}

/** Returns what stands where there is nothing. */
export function empty(title, text, ...actions) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title),
    text && h("p", null, text), actions);
}

/** Returns what stands where something could not be had. */
export function failure(problem, again) {
  return h("div", { class: "failure", role: "alert" },
    h("p", { class: "empty-title" }, problem.title ?? "That did not work"),
    h("p", null, problem.message),
    again && h("button", { type: "button", onclick: again }, "Try again"));
}

/** Fills a place with what a promise brings: grey lines until then, the problem if it fails. */
export async function load(place, promise, render, { lines = 6, again } = {}) {
  show(place, skeleton(lines));
  try {
    show(place, await render(await promise));
  } catch (problem) {
    if (problem.name === "AbortError") return;
    show(place, failure(problem, again));
  }
}

/** Tells something to everybody: seen for a while, and read out. */
export function announce(text, kind = "done") {
  const toast = h("div", { class: `toast toast-${kind}` }, text);
  document.getElementById("toasts").append(toast);
  say(text);
  setTimeout(() => toast.remove(), 6000);
}

/** Has a screen reader say something. */
export function say(text) {
  document.getElementById("live").textContent = text;
}

/** Returns a labelled control; `hint` explains it. */
export function field(label, control, hint) {
  const id = control.id || `f${(field.count = (field.count ?? 0) + 1)}`;
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), control,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
}

/** Returns a select of [value, text] pairs. */
export function select(options, chosen, attributes) {
  return h("select", attributes, options.map(([value, text]) =>
    h("option", { value, selected: value === (chosen ?? "") }, text)));
}

/**
 * Asks for something in a dialog, which keeps the focus in it. `act` gets the form's values; what it
 * throws is shown and the dialog stays. Resolves to what it returned, or null when cancelled.
 */
export function ask({ title, text, body, confirm, danger, act }) {
  return new Promise((resolve) => {
    const error = h("div", { class: "dialog-error", role: "alert" });
    const button = h("button", { class: danger ? "danger" : "primary", type: "submit" }, confirm);
    const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
    let done = null;
    const submitted = async (event) => {
      event.preventDefault();
      button.disabled = true;
      show(error);
      try {
        done = (await act(valuesOf(form))) ?? true;
        dialog.close();
      } catch (problem) {
        show(error, h("p", null, problem.message), (problem.errors ?? []).map(errorLine));
      } finally {
        button.disabled = false;
      }
    };
    const form = h("form", { onsubmit: submitted },
      h("h2", { id: "dialog-title" }, title), text && h("p", { class: "lead" }, text),
      body, error, h("div", { class: "dialog-actions" }, cancel, button));
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(done);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function errorLine(error) {
  return h("p", null, error.at ? `${error.at}: ` : "", error.detail ?? String(error));
}

/** Returns a form's values by name, texts trimmed; what is empty is left out. */
export function valuesOf(form) {
  const told = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]);
  return Object.fromEntries(told.filter(([, value]) => value !== ""));
}

/** Returns before → after of attributes. */
export function differences(list) {
  return h("div", { class: "diffs" }, list.map((one) => h("div", { class: "diff" },
    h("code", { class: "pointer" }, one.pointer || "/"),
    h("div", { class: "sides" },
      h("pre", { class: "before" }, h("span", { class: "sr" }, "before: "), json(one.before)),
      h("span", { class: "arrow", "aria-hidden": "true" }, "→"),
      h("pre", { class: "after" }, h("span", { class: "sr" }, "after: "), json(one.after))))));
}

/** Returns a page that holds something, if one soon follows: a page may be empty and not the last. */
export async function filled(fetchPage, cursor) {
  let page = await fetchPage(cursor);
  for (let tries = 1; tries < EMPTY_PAGES && !page.items.length && page.next; tries += 1) {
    page = await fetchPage(page.next);
  }
  return page;
}

/** Returns a list that grows by pages: `columns` of each row, a button while there is more. */
export function growing({ columns, label, fetchPage, nothing, first }) {
  const place = h("div", null);
  const list = table(columns, first.items, { label });
  const button = h("button", { type: "button", class: "more" }, "Show more");
  let next = first.next;
  const update = () => { button.hidden = !next; };
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const page = await filled(fetchPage, next);
      const count = list.element.tBodies[0].rows.length;
      list.add(page.items);
      next = page.next;
      say(`${page.items.length} more`);
      list.element.tBodies[0].rows[count]?.querySelector("a")?.focus();
    } catch (problem) {
      announce(problem.message, "failed");
    } finally {
      button.disabled = false;
      update();
    }
  });
  update();
  append(place, [first.items.length || next ? list.element : nothing, button]);
  return place;
}

/** Returns a link to one finding by its title. */
export const findingLink = (finding) =>
  link(`/findings/${encodeURIComponent(finding.finding_id)}`, { class: "row-link" }, finding.title);

export const due = (finding) => !finding.due_at ? null
  : h("span", { class: finding.overdue ? "overdue" : null },
    finding.overdue ? ["overdue ", ago(finding.due_at, { bare: true })] : ago(finding.due_at));
