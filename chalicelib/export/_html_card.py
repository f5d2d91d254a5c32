"""One finding on the page: everything an auditor asks of it, in the order in which they ask."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.export import _html_words as words
from chalicelib.export._markup import Html, element, joined, table

#: Entries shown of a history; a resource that flaps has thousands.
HISTORY_LIMIT, HISTORY_HEAD = 100, 20

#: (status, could nobody tell) → what the card says, and its colour.
_STANDING: Mapping[tuple[str, bool], tuple[str, str]] = {
    ("OPEN", False): ("Failing", "high"),
    ("OPEN", True): ("Not readable", "medium"),
    ("RESOLVED", False): ("Resolved", "good"),
}


def card(record: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> Html:
    """Return a finding; `record` and `history` are those of `chalicelib.export.record`."""
    return element(
        "article",
        *_heading(record),
        _facts(record),
        _exemption(record["exemption"]),
        *_proof(record),
        *_advice(record),
        *_history(record, history),
        id=anchor(record["finding_id"]),
        class_=record["severity"],
    )


def anchor(finding_id: str) -> str:
    """Return where on the page a finding is."""
    return f"f-{finding_id}"


def _heading(record: Mapping[str, Any]) -> Iterator[Html]:
    yield element("div", *_badges(record))
    yield element("h3", record["title"])
    yield element("p", record["message"])


def _badges(record: Mapping[str, Any]) -> Iterator[Html]:
    yield _badge(record["severity"].capitalize(), record["severity"])
    yield _badge(*_STANDING[record["status"], record["compliance"] == "INSUFFICIENT_DATA"])
    if record["exemption"]:
        yield _badge("Exempted", "note")
    if record["overdue"]:
        yield _badge("Overdue", "critical")
    if record["times"]["acknowledged_at"] and record["status"] == "OPEN":
        yield _badge("Acknowledged", "low")


def _badge(name: str, kind: str) -> Html:
    return element("span", name, class_=f"badge {kind}")


def _facts(record: Mapping[str, Any]) -> Html:
    times = record["times"]
    facts: Mapping[str, str | None] = {
        "Rule": joined((words.code(record["rule_id"]), _because(record))),
        "Resource": _resource(record),
        "Where": f"account {record['account_id']}, {record['region']}",
        "Owner": words.owner(record),
        "Assigned to": record["assignee"],
        "Tags": _tags(record["tags"]),
        "Who": words.who(record["cause"]),
        "Opened": _opened(record),
        "Due": words.when(times["due_at"]),
        "Acknowledged": _acknowledged(record),
        "Resolved": _resolved(record),
    }
    pairs = ((element("dt", name), element("dd", said)) for name, said in facts.items() if said)
    return element("dl", *(part for pair in pairs for part in pair))


def _because(record: Mapping[str, Any]) -> Html | None:
    because = record["severity_because"]
    if not because:
        return None
    return element("span", f" {record['severity']} because {because}", class_="mute")


def _resource(record: Mapping[str, Any]) -> Html:
    name = joined((f"{record['resource_type']} ", words.code(record["resource_id"])))
    arn = record["resource_arn"]
    return joined((name, element("br"), words.code(arn))) if arn else name


def _tags(tags: Mapping[str, str]) -> Html | None:
    found = [words.code(f"{key}={value}") for key, value in sorted(tags.items())]
    return joined(part for tag in found for part in (tag, " ")) if found else None


def _opened(record: Mapping[str, Any]) -> str:
    episode = f", episode {record['episode']}" if record["episode"] > 1 else ""
    return f"{words.when(record['times']['opened_at'])}{episode}"


def _acknowledged(record: Mapping[str, Any]) -> str:
    at = record["times"]["acknowledged_at"]
    return f"{words.when(at)} by {record['acknowledged_by']}" if at else ""


def _resolved(record: Mapping[str, Any]) -> str:
    at = record["times"]["resolved_at"]
    reason = words.REASONS.get(record["reason"], record["reason"])
    return f"{words.when(at)}: {reason}" if at else ""


def _exemption(exemption: Mapping[str, Any] | None) -> Html | None:
    if exemption is None:
        return None
    approved = f"{words.named(exemption['approved_by'])}, {words.when(exemption['approved_at'])}"
    return element(
        "aside",
        element("b", "Accepted risk "),
        words.code(exemption["id"]),
        element("p", exemption["reason"]),
        element("p", f"Requested by {words.named(exemption['requested_by'])}. "),
        element("p", f"Approved by {approved}. "),
        element("p", f"In force until {words.when(exemption['expires_at'])}."),
    )


def _proof(record: Mapping[str, Any]) -> Iterator[Html]:
    yield from _titled("Evidence", table(("Place", "Found", "Expected"), _evidence(record)))
    yield from _titled("Before and after", table(("Attribute", "Before", "After"), _diff(record)))
    yield from _titled("What could not be read", table(("Place", "Call", "Error"), _gaps(record)))


def _evidence(record: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for one in record["evidence"]:
        yield words.code(one["path"]), words.value(one["actual"]), one["expected"]


def _diff(record: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for one in record["differences"]:
        yield words.code(one["pointer"]), words.value(one["before"]), words.value(one["after"])


def _gaps(record: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for gap in record["gaps"]:
        yield words.code(gap["pointer"]), words.code(gap["call"]), gap["error"]


def _advice(record: Mapping[str, Any]) -> Iterator[Html]:
    yield from _titled("Risk", element("p", record["risk"]) if record["risk"] else None)
    yield from _titled("Fix", element("p", record["fix"]["text"]))


def _history(record: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> Iterator[Html]:
    heading = ("When (UTC)", "What", "Who", "Note", "Entry")
    shown = history
    if len(history) > HISTORY_LIMIT:
        shown = [*history[:HISTORY_HEAD], *history[HISTORY_HEAD - HISTORY_LIMIT :]]
    yield from _titled("History", table(heading, map(_step, shown), "history"))
    if len(shown) < len(history):
        left_out = f"{len(history) - len(shown)} entries in between are left out here."
        yield element("p", left_out, class_="mute")
    yield element("p", "Finding ", words.code(record["finding_id"]), class_="mute")


def _step(step: Mapping[str, Any]) -> Iterable[str]:
    said = words.KINDS.get(step["kind"], step["kind"])
    reason = words.REASONS.get(step["reason"], step["reason"])
    what = said if step["by"] else f"{said}: {reason}"
    entry = words.code(f"{step['seq']}: {step['hash']}")
    return words.when(step["at"]), what, words.named(step["by"]), step["note"] or "", entry


def _titled(title: str, content: Html | None) -> Iterator[Html]:
    if content is not None:
        yield element("h4", title)
        yield content
