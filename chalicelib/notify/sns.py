"""The SNS topic everything is announced on: one publish per notice, for machines and for e-mail.

`default` is the notice as JSON for queues and webhooks, `email` the text a person reads. A notice
too large for SNS goes out as keys only; its subscribers read the history.
"""

from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import DeliveryError
from chalicelib.model import Finding, Transition, TransitionKind
from chalicelib.model.notice import ACT_KINDS, Entry, Notice
from chalicelib.model.wire import wire_json
from chalicelib.notify import accepted, words
from chalicelib.notify._care import act_text, care, owner
from chalicelib.notify._summaries import WHOLE_LIST, named_and_rest, rest_text

#: SNS takes 262,144 bytes: both forms as one JSON document, quotes escaped, and the attributes.
MESSAGE_LIMIT_BYTES = 250_000
EMAIL_LIMIT_CHARS = 8_000
#: SNS wants fewer than 100.
SUBJECT_LIMIT_CHARS = 99
_SERVER_ERROR = 500
_REPEATED = "Repeated: an earlier message may have said this already."

_VERBS = {
    TransitionKind.OPENED: "Found",
    TransitionKind.REOPENED: "Found again",
    TransitionKind.UPDATED: "Changed",
    TransitionKind.ATTRIBUTED: "Explained",
    TransitionKind.RESOLVED: "Resolved",
    TransitionKind.DETECTED: "Seen",
    TransitionKind.SUMMARISED: "Summary",
    TransitionKind.EXEMPTION_ENDED: "No longer exempt",
}


def payload(notice: Notice, topic_arn: str) -> dict[str, Any]:
    """Return the arguments of ``sns:Publish``."""
    return {
        "TopicArn": topic_arn,
        "MessageStructure": "json",
        "Message": _message(notice),
        "Subject": _subject(notice),
        "MessageAttributes": _attributes(notice),
    }


def deliver(client: Any, arguments: dict[str, Any]) -> str:
    """Publish and return SNS's message id.

    Raises:
        DeliveryError: SNS refused it, or was not reached.
    """
    try:
        return str(client.publish(**arguments)["MessageId"])
    except ClientError as error:
        status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        code = error.response["Error"]["Code"]
        raise DeliveryError(f"SNS answered {code}", may_stand=status >= _SERVER_ERROR) from error
    except BotoCoreError as error:
        raise DeliveryError(f"SNS: {type(error).__name__}", may_stand=True) from error


def email_text(notice: Notice) -> str:
    """Write the notice for a person."""
    blocks = [_REPEATED] if notice.repeated else []
    room = EMAIL_LIMIT_CHARS
    for told, entry in enumerate(notice.entries):
        block = _paragraph(entry.transition)
        if entry.exemption_id is not None:
            block = f"Accepted risk, exemption {words.clean(entry.exemption_id)}\n{block}"
        room -= len(block)
        if room < 0 and told:
            return "\n\n".join([*blocks, f"… and {len(notice.entries) - told} more"])
        blocks.append(block[:EMAIL_LIMIT_CHARS])
    return "\n\n".join(blocks)


def _message(notice: Notice) -> str:
    """Write both forms; the machine's as keys where it has no room."""
    email, keys = email_text(notice), [_key_of(entry) for entry in notice.entries]
    slim = {"id": notice.id, "level": notice.level, "severity": notice.severity, "keys": keys}
    whole = _forms(notice, email)
    return (whole if len(whole) <= MESSAGE_LIMIT_BYTES else _forms(slim, email)).decode()


def _key_of(entry: Entry) -> dict[str, str]:
    exempt = {"exemption_id": entry.exemption_id} if entry.exemption_id is not None else {}
    return {"pk": entry.pk, "sk": entry.sk, **exempt}


def _forms(record: Any, email: str) -> bytes:
    return msgspec.json.encode({"default": wire_json(record, order="sorted"), "email": email})


def _subject(notice: Notice) -> str:
    first = notice.entries[0].transition
    about = first.kind.value if first.exemption or first.person else first.rule_id or "summary"
    text = f"{words.clean(about, 80)} {notice.severity}"
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
    is_act = transition.kind in ACT_KINDS
    said = act_text(transition) if is_act else _VERBS[transition.kind]
    lines = [
        f"{said}: {words.clean(told.message, 1000)} ({told.severity})",
        f"Rule: {told.title}",
        f"Where: {words.where(told.subject)}",
    ]
    if is_act:
        return "\n".join(lines)
    changes = words.change_lines(transition)
    if transition.kind is TransitionKind.RESOLVED and transition.finding:
        return "\n".join([*lines, *changes, f"Open for: {words.open_for(transition.finding)}"])
    who = f"Who: {words.who(transition.cause or told.cause)}"
    about = [f"Owner: {owner(told.subject)}"]
    if isinstance(told, Finding):
        about += care(told, transition.times.decided)
    advice = [f"Why it matters: {told.risk}", f"How to fix: {told.fix.text}"]
    return "\n".join([*lines, who, *about, *changes, *advice])


def _summary_text(transition: Transition) -> str:
    summary = transition.summary
    if title := accepted.title_of(transition):
        return "\n".join([title, *accepted.lines_of(transition)])
    if summary is None:
        return transition.rule_id
    named, rest = named_and_rest(summary.counts)
    lines = [
        f"{c.severity}: not met by {c.count}: {c.title} ({', '.join(map(words.clean, c.examples))})"
        for c in named
    ]
    lines += [f"{one.severity}: {rest_text(one)}" for one in rest]
    lines += [f"… {WHOLE_LIST}"] if rest else []
    what = "first sweep" if summary.first else "sweep under new rules"
    return "\n".join([f"Vigil's {what} of account {transition.account_id} found:", *lines])
