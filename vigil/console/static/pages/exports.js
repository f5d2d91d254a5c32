// Asks for exports and shows how far they are; a pack is worth what its verifier says.

import { Problem, get, post, segment } from "../api.js";
import { h, safeUrl, show } from "../dom.js";
import { bytes, nameOf, number, when } from "../format.js";
import {
  announce, empty, facts, failure, field, heading, load, panel, say, select, tag,
} from "../parts.js";

const FORMATS = [
  ["pack", "Evidence pack (zip with its verifier)"], ["csv", "CSV"], ["jsonl", "JSON Lines"],
  ["html", "HTML report"], ["ocsf", "OCSF"], ["asff", "ASFF (Security Hub)"],
];
const OCSF = [["1.8.0", "1.8.0, released"], ["1.9.0-dev", "1.9.0-dev, with record integrity"]];
const STATES = { queued: "waiting", running: "waiting", done: "good", failed: "bad" };
const POLL_MS = 1500;
const DAY = 24 * 60 * 60 * 1000;
const WINDOW_DAYS = 90;

export async function exports(place, context) {
  context.titled("Export");
  const jobs = h("div", null);
  place.append(heading("Export", {
    lead: "Findings that were open at any moment of a window, with all of their history.",
  }), h("div", { class: "columns" }, panel("New export", null, form(jobs, context)),
    panel("How to verify a pack", null, verifying())), panel("Exports", null, jobs));
  await refresh(jobs, context, { first: true });
}

function form(jobs, context) {
  const today = Date.now();
  const day = (at) => new Date(at).toISOString().slice(0, 10);
  const ocsf = field("OCSF version", select(OCSF, "1.8.0", { name: "ocsf_version" }));
  ocsf.hidden = true;
  const error = h("div", { role: "alert" });
  const format = select(FORMATS, "pack", {
    name: "format", onchange: (event) => { ocsf.hidden = event.target.value !== "ocsf"; },
  });
  const element = h("form", { class: "form-grid" }, field("Format", format), ocsf,
    field("From", h("input", { type: "date", name: "from", required: true, value: day(today - WINDOW_DAYS * DAY) }), "Days are UTC"),
    field("To", h("input", { type: "date", name: "to", required: true, value: day(today) }), "This day included, or until now"),
    field("Accounts", h("input", { name: "accounts", autocomplete: "off" }), "Empty for all; commas between"),
    field("Rules", h("input", { name: "rule_ids", autocomplete: "off" }), "Empty for all; commas between"),
    error, h("div", { class: "form-end" }, h("button", { type: "submit", class: "primary" }, "Export")));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    show(error);
    try {
      await post("/exports", queryFrom(new FormData(element)));
      announce("The export has begun");
      await refresh(jobs, context, { first: false });
    } catch (problem) {
      show(error, failure(problem));
    }
  });
  return element;
}

function queryFrom(data) {
  const list = (name) => data.get(name).split(/[\s,]+/).filter(Boolean);
  const end = Math.min(Date.parse(`${data.get("to")}T00:00:00Z`) + DAY, Date.now());
  const query = {
    format: data.get("format"),
    from: new Date(`${data.get("from")}T00:00:00Z`).toISOString(),
    to: new Date(end).toISOString(),
  };
  if (list("accounts").length) query.accounts = list("accounts");
  if (list("rule_ids").length) query.rule_ids = list("rule_ids");
  if (query.format === "ocsf") query.ocsf_version = data.get("ocsf_version");
  return query;
}

async function refresh(place, context, { first }) {
  const asked = get("/exports", context.signal);
  if (first) {
    await load(place, asked, (found) => shown(found, place, context), { again: context.again });
    return;
  }
  try {
    show(place, shown(await asked, place, context));
  } catch (problem) {
    if (problem.name !== "AbortError") show(place, failure(problem, context.again));
  }
}

function shown(found, place, context) {
  const jobs = found.items;
  const going = jobs.some((job) => ["queued", "running"].includes(job.status));
  if (going) {
    const timer = setTimeout(() => refresh(place, context, { first: false }), POLL_MS);
    context.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  } else if (place.dataset.going) {
    say("The export has ended");
  }
  place.dataset.going = going ? "yes" : "";
  return jobs.length ? h("ul", { class: "jobs" }, jobs.map(jobOf))
    : empty("Nothing was exported yet");
}

// Where a file can be fetched is told anew each time: such an address is good for minutes.
async function download(job) {
  try {
    const { url } = await get(`/exports/${segment(job.id)}`);
    const safe = safeUrl(url);
    if (!safe) throw new Problem(0, { detail: "The API does not say where the file is." });
    location.assign(safe);
  } catch (problem) {
    announce(problem.message, "failed");
  }
}

function jobOf(job) {
  return h("li", { class: "job" },
    h("div", { class: "job-head" }, h("b", null, job.format), tag(job.status, STATES[job.status]),
      h("span", { class: "hint" }, when(job.from), " – ", when(job.to)),
      job.status === "done" && h("button", {
        type: "button", class: "primary", onclick: () => download(job),
      }, `Download (${bytes(job.size)})`)),
    ["queued", "running"].includes(job.status) && progress(job),
    job.error && h("p", { class: "overdue" }, job.error),
    facts([
      ["Asked by", nameOf(job.requested_by)],
      ["Asked", job.requested_at && when(job.requested_at)],
      ["SHA-256", job.sha256 && h("code", { class: "wrap" }, job.sha256)],
      ["Key fingerprint", job.key_fingerprint && h("code", { class: "wrap" }, job.key_fingerprint)],
    ]));
}

function progress(job) {
  const told = job.total ? `${number(job.done)} of ${number(job.total)}` : "counting…";
  return h("div", { class: "progress" },
    h("progress", { max: job.total || 1, value: job.total ? job.done : undefined, "aria-label": "Progress" }),
    h("span", { class: "hint" }, told));
}

function verifying() {
  return [
    h("p", { class: "prose" }, "A pack holds its verifier, one file that needs nothing but Python."
      + " Give it the key fingerprint from outside of the pack: the one that stands here, compared"
      + " with what your security team wrote down when Vigil was deployed."),
    h("pre", { class: "document" }, "unzip pack.zip -d pack\npython3 pack/verify.py pack --key-fingerprint F"),
    h("p", { class: "hint" }, "It ends with 0 if everything is proven, with 1 and the places if"
      + " something was tampered with, with 3 if nobody said whose key it must be."),
  ];
}
