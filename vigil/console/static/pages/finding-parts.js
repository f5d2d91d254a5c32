// Parts of a finding's page that need some explaining: who did it, the exemption, the proof.

import { h, link, segmentPath } from "../dom.js";
import { missing, when } from "../format.js";
import { facts, panel, tag } from "../parts.js";

const VIA = {
  console: "in the AWS console", "cli-or-sdk": "by CLI or SDK", iac: "by infrastructure as code",
  "aws-service": "through an AWS service",
};
const UNKNOWN = {
  "first-look": "It stood there when Vigil first looked; what led to it happened before.",
  time: "Nobody did anything: time alone made it fail.",
  "rule-change": "The rule changed, not the resource.",
  companion: "Something that it depends on changed.",
};
const NOT_PROVEN = "No change in the trail is proven to have led here, so nobody is named.";

/** Returns who did it; or that nobody knows, and why. */
export function whoPanel(record) {
  const cause = record.cause;
  if (!cause) {
    return panel("Who did it", null, h("p", null, tag("unknown", "quiet"), " ",
      UNKNOWN[record.reason] ?? NOT_PROVEN),
    record.seen_by && h("p", { class: "hint" }, "Seen because of event ",
      h("code", null, record.seen_by), ", which proves nothing about who did it."));
  }
  return panel("Who did it", null, h("p", { class: "actor" },
    h("b", null, cause.actor.person ?? cause.actor.name), " ",
    VIA[cause.actor.via] ?? "", " · ", h("code", null, cause.event_name), " · ",
    when(cause.event_time, { precise: true })), actorFacts(cause));
}

function actorFacts(cause) {
  const actor = cause.actor;
  const code = (text) => text && h("code", { class: "wrap" }, text);
  return facts([
    ["Identity", code(actor.arn)], ["Kind", actor.type],
    ["Through role", actor.issuer_arn !== actor.arn ? code(actor.issuer_arn) : null],
    ["Session", actor.session_name], ["On behalf of", actor.invoked_by],
    ["Tool", actor.tool], ["From", code(actor.source_ip)],
    ["User agent", actor.user_agent], ["MFA", mfa(actor.mfa)],
    ["Service", cause.event_source], ["Event", code(cause.event_id)],
  ]);
}

const mfa = (used) => used === true ? "yes" : used === false ? "no" : null;

/** Returns the exemption in force. */
export function exemptionPanel(record) {
  const found = record.exemption;
  if (!found) return null;
  return panel("Exemption", null, h("p", { class: "prose" }, found.reason), facts([
    ["Until", when(found.expires_at)], ["Asked by", found.requested_by],
    ["Approved by", found.approved_by], ["Approved", found.approved_at && when(found.approved_at)],
    ["Exemption", link(segmentPath("/exemptions", found.id), { class: "mono" }, found.id)],
  ]));
}

/** Returns what proves the record. */
export function integrityPanel(record) {
  const proof = record.integrity;
  const hash = (text) => text ? h("code", { class: "wrap" }, text) : missing("none: the first");
  return panel("Proof", null, facts([
    ["Finding", h("code", { class: "wrap" }, record.finding_id)],
    ["Entry", String(proof.seq)], ["Hash", hash(proof.hash)], ["Previous", hash(proof.prev)],
    ["Rule as of", record.rule_hash && h("code", { class: "wrap" }, record.rule_hash)],
  ]));
}
