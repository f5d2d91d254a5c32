// One exemption: what it is about, who asked and who decided; approving, refusing, revoking it.

import { get, post, segment } from "../api.js";
import { scopeText } from "../exempting.js";
import { h, link, pathWith } from "../dom.js";
import { nameOf, number, when } from "../format.js";
import { announce, ask, facts, field, heading, load, panel } from "../parts.js";
import { stateOf } from "./exemptions.js";
import { entriesOf } from "./history.js";

export async function exemption(place, context) {
  context.titled("Exemption");
  const path = `/exemptions/${segment(context.name)}`;
  await load(place, get(path, context.signal), (found) => [
    heading(scopeText(found.scope), {
      lead: h("span", { class: "head-tags" }, stateOf(found), h("code", null, found.id)),
      actions: actions(found, path, context),
    }),
    h("div", { class: "split" },
      h("div", { class: "split-main" },
        panel("Reason", null, h("p", { class: "prose" }, found.reason)),
        panel("History", null, entriesOf([...found.history].reverse()))),
      h("aside", { class: "split-side", "aria-label": "About this exemption" }, about(found))),
  ], { again: context.again });
}

function about(found) {
  const scope = found.scope;
  const tags = Object.entries(scope.tags ?? {}).map(([name, value]) => `${name}=${value}`);
  return [
    panel("Scope", null, facts([
      ["Rule", scope.rule_id], ["Account", scope.account], ["Region", scope.region],
      ["Resource", scope.resource], ["Type", scope.resource_type],
      ["Tags", tags.length ? tags.join(", ") : null],
      ["Matched", `${number(found.matched)} open when it was asked for`],
      ["Confined to", found.pinned ? `${number(found.pinned.length)} findings` : null],
      ["Findings", link(pathWith("/findings", findingFilters(scope)), null, "Show what is exempt")],
    ])),
    panel("Who and when", null, facts([
      ["Asked by", person(found.requested_by)], ["Asked", when(found.requested_at)],
      ["Decided by", found.decided_by && person(found.decided_by)],
      ["Decided", found.decided_at && when(found.decided_at)],
      ["Ended by", found.ended_by && person(found.ended_by)],
      ["Ended", found.ended_at && when(found.ended_at)],
      ["Until", when(found.expires_at, { precise: true })],
    ])),
  ];
}

function findingFilters(scope) {
  const plain = (text) => /[*?]/.test(text ?? "*") ? "" : text;
  return { exempt: "true", rule_id: plain(scope.rule_id), account: plain(scope.account) };
}

const person = (identity) => [nameOf(identity), identity.person
  ? h("span", { class: "hint block" }, "person ", identity.person)
  : h("span", { class: "hint block" }, "no person is known for this identity")];

const DECISIONS = {
  approval: { name: "Approve", done: "Approved", kind: "primary",
    text: "You accept the risk together with who asked. It must be another person than you." },
  refusal: { name: "Refuse", done: "Refused", kind: "", text: "The finding stays as it is." },
  revocation: { name: "Revoke", done: "Revoked", kind: "danger", reason: true,
    text: "From now on its findings count as failures that nobody accepted." },
};

function actions(found, path, context) {
  const possible = found.status === "requested" ? ["refusal", "approval"]
    : found.in_force ? ["revocation"] : [];
  return possible.map((name) => h("button", {
    type: "button", class: DECISIONS[name].kind, onclick: () => decide(name, path, context),
  }, DECISIONS[name].name));
}

async function decide(name, path, context) {
  const { name: title, text, kind, done, reason } = DECISIONS[name];
  const note = h("textarea", { name: "note", rows: 3, maxlength: 2000, required: Boolean(reason) });
  const decided = await ask({
    title, text, confirm: title, danger: kind === "danger",
    body: field(reason ? "Reason" : "Note", note, reason ? null : "May stay empty"),
    act: (values) => post(`${path}/${name}`, values),
  });
  if (decided) {
    announce(done);
    context.again();
  }
}
