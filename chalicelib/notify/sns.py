"""The SNS topic everything is announced on: one publish per notice, for machines and for e-mail.

`default` is the notice as JSON for queues and webhooks, `email` the text a person reads. A notice
too large for SNS goes out as keys only; its subscribers read the history.
"""

from typing import Any

import msgspec

from chalicelib.model import Transition, TransitionKind
from chalicelib.model.notice import Notice
from chalicelib.notify import words

#: SNS takes 262,144 bytes with attributes and both forms; this much is left for `default`.
RECORD_LIMIT_BYTES = 200_000
EMAIL_LIMIT_CHARS = 8_000
SUBJECT_LIMIT_CHARS = 100

_VERBS = {
    TransitionKind.OPENED: "Found",
    TransitionKind.REOPENED: "Found again",
    TransitionKind.UPDATED: "Changed",
    TransitionKind.ATTRIBUTED: "Explained",
    TransitionKind.RESOLVED: "Resolved",
    TransitionKind.DETECTED: "Seen",
    TransitionKind.SUMMARISED: "Summary",
}


def payload(notice: Notice, topic_arn: str) -> dict[str, Any]:
    """Return the arguments of ``sns:Publish``."""
    message = {"default": _record(notice), "email": email_text(notice)}
    return {
        "TopicArn": topic_arn,
        "MessageStructure": "json",
        "Message": msgspec.json.encode(message).decode(),
        "Subject": _subject(notice),
        "MessageAttributes": _attributes(notice),
    }


def deliver(client: Any, arguments: dict[str, Any]) -> str:
    """Publish and return SNS's message id."""
    return str(client.publish(**arguments)["MessageId"])


def notice_from(body: str) -> Notice:
    """Read the notice that a queue subscribed to the topic received (raw delivery)."""
    return msgspec.json.decode(body, type=Notice)


def email_text(notice: Notice) -> str:
    """Write the notice for a person."""
    blocks = [_paragraph(entry.transition) for entry in notice.entries]
    return "\n\n".join(blocks)[:EMAIL_LIMIT_CHARS]


def _record(notice: Notice) -> str:
    record = msgspec.json.encode(notice, order="sorted")
    if len(record) > RECORD_LIMIT_BYTES:
        slim = {"id": notice.id, "level": notice.level, "severity": notice.severity}
        slim["keys"] = [{"pk": e.pk, "sk": e.sk} for e in notice.entries]  # type: ignore[assignment] # a JSON object
        record = msgspec.json.encode(slim, order="sorted")
    return record.decode()


def _subject(notice: Notice) -> str:
    text = words.clean(f"{notice.entries[0].transition.rule_id} {notice.severity}")
    return text.encode("ascii", "replace").decode()[:SUBJECT_LIMIT_CHARS]


def _attributes(notice: Notice) -> dict[str, dict[str, str]]:
    first = notice.entries[0].transition
    values = {
        "severity": notice.severity.value,
        "level": notice.level.value,
        "account": first.account_id,
        "service": first.subject.ref.type.split("::")[1].lower(),
        "reason": first.reason.value,
        "owner": words.clean(first.subject.owner or "unassigned"),
    }
    return {k: {"DataType": "String", "StringValue": v} for k, v in values.items()}


def _paragraph(transition: Transition) -> str:
    told = transition.finding or transition.detection
    if told is None:
        return _summary_text(transition)
    lines = [
        f"{_VERBS[transition.kind]}: {told.title} ({told.severity})",
        f"Where: {words.where(told.subject)}",
        f"Who: {words.who(transition.cause or told.cause)}",
        f"What: {words.clean(told.message, 1000)}",
        *(f"Changed: {words.difference_text(d)}" for d in transition.differences),
    ]
    if transition.kind is TransitionKind.RESOLVED and transition.finding:
        return "\n".join([*lines[:2], f"Open for: {words.open_for(transition.finding)}"])
    return "\n".join([*lines, f"Why it matters: {told.risk}", f"How to fix: {told.fix.text}"])


def _summary_text(transition: Transition) -> str:
    summary = transition.summary
    if summary is None:
        return transition.rule_id
    lines = [
        f"{c.severity}: {c.title}: {c.count} ({', '.join(map(words.clean, c.examples))})"
        for c in summary.counts
    ]
    what = "first sweep" if summary.first else "sweep under new rules"
    return "\n".join([f"Vigil's {what} of account {transition.account_id} found:", *lines])
