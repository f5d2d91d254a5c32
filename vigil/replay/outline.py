"""The few keys of a record that show, without decoding the rest, that nothing judges it.

In a real trail nine of ten records are reads or calls that no rule names. This is a filter, not a
second way to a verdict: it answers only for plain records that no change rule can name, and
hands everything else on.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from chalicelib.evaluate.rulebook import Rulebook, refused_with
from chalicelib.ingest.cloudtrail import action_of, is_reading
from chalicelib.ingest.outcome import SIGN_IN_SOURCE
from chalicelib.model.rule import ANY
from vigil.replay.reading import Raw

ACCOUNT_ID_DIGITS = 12


class Verdict(StrEnum):
    """What replay says of a record."""

    RISKY = "risky"
    NOTED = "noted"
    HARMLESS = "harmless"
    FAILED = "failed"
    IGNORED = "ignored"
    INVALID = "invalid"


def _as_aws_spells(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest) if name != "event_id" else "eventID"


class _Identity(msgspec.Struct, gc=False):
    type: str = ""


class Outline(msgspec.Struct, gc=False, rename=_as_aws_spells):
    """A plain record's outline; decoding fails where a key has another type."""

    event_source: str
    event_name: str
    event_time: str
    event_id: str
    recipient_account_id: str
    user_identity: _Identity
    error_code: str = ""
    read_only: bool | None = None
    management_event: bool | None = None
    event_category: str | None = None


class _Envelope(msgspec.Struct):
    detail: msgspec.Raw


_OUTLINES = msgspec.json.Decoder(Outline)
_ENVELOPES = msgspec.json.Decoder(_Envelope)
#: What decoding raises: no JSON, of another shape, nested without end, or decoded already.
_OF_ANOTHER_SHAPE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)


def outlined(raw: Raw) -> tuple[Outline | None, Raw]:
    """Return a plain record's outline, or None, and the record taken out of its envelope."""
    try:
        return _OUTLINES.decode(raw), raw  # type: ignore[arg-type] # others raise TypeError
    except _OF_ANOTHER_SHAPE:
        pass
    try:
        detail = _ENVELOPES.decode(raw).detail  # type: ignore[arg-type] # likewise
        return _OUTLINES.decode(detail), detail
    except _OF_ANOTHER_SHAPE:
        return None, raw


#: Data events as CloudTrail's user guide lists them ("Logging data events"), for records from
#: before ``managementEvent`` and ``eventCategory`` existed.
DATA_EVENTS = {
    "s3.amazonaws.com": frozenset(
        {
            "AbortMultipartUpload",
            "CompleteMultipartUpload",
            "CopyObject",
            "CreateMultipartUpload",
            "DeleteObject",
            "DeleteObjectTagging",
            "DeleteObjects",
            "PutObject",
            "PutObjectAcl",
            "PutObjectLegalHold",
            "PutObjectRetention",
            "PutObjectTagging",
            "RestoreObject",
            "UploadPart",
            "UploadPartCopy",
        }
    ),
    "lambda.amazonaws.com": frozenset({"Invoke"}),
    "dynamodb.amazonaws.com": frozenset(
        {"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"}
    ),
}


def is_data_event(source: str, action: str, *, managed: bool | None, category: str | None) -> bool:
    """Tell whether a call is about data, not configuration.

    Args:
        source: ``eventSource``.
        action: ``eventName`` without its version.
        managed: ``managementEvent``; None where the record has none.
        category: ``eventCategory``, likewise.
    """
    if managed is not None or category is not None:
        return managed is False or category == "Data"
    return action in DATA_EVENTS.get(source, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What change rules can name at all; routes lead to looks, and a replay looks at nothing.

    Attributes:
        named: (event source, action) pairs.
        open_sources: Sources of which a rule names every action.
        open_actions: Actions that a rule names in every source.
        open_actors: Identity types whose every call a rule names.
        open_errors: Error codes with which a rule names every call.
        sees_all: A rule names every call of everybody.
    """

    named: frozenset[tuple[str, str]]
    open_sources: frozenset[str]
    open_actions: frozenset[str]
    open_actors: frozenset[str]
    open_errors: tuple[str, ...]
    sees_all: bool

    @classmethod
    def of(cls, rulebook: Rulebook) -> "Sight":
        """Gather what change rules match."""
        pairs = frozenset(rulebook.changes)
        everything = [ready.rule for ready in rulebook.changes.get((ANY, ANY), ())]
        return cls(
            named=pairs,
            open_sources=frozenset(s for s, a in pairs if a == ANY and s != ANY),
            open_actions=frozenset(a for s, a in pairs if s == ANY and a != ANY),
            open_actors=frozenset(t for rule in everything for t in rule.actor_types),
            open_errors=tuple({code for rule in everything for code in rule.errors}),
            sees_all=any(not rule.actor_types and not rule.errors for rule in everything),
        )

    def verdict_of(self, outline: Outline) -> Verdict | None:
        """Return the verdict of a plain record that nothing judges; None for all others."""
        source, action = outline.event_source, action_of(outline.event_name)
        if self._may_judge(source, action, outline) or not _is_plain(outline):
            return None
        if outline.error_code:
            return Verdict.FAILED
        reading = outline.read_only
        if is_reading(action) if reading is None else reading:
            return Verdict.IGNORED
        managed, category = outline.management_event, outline.event_category
        data = is_data_event(source, action, managed=managed, category=category)
        return Verdict.IGNORED if data else Verdict.HARMLESS

    def _may_judge(self, source: str, action: str, outline: Outline) -> bool:
        return (
            (source, action) in self.named
            or source in self.open_sources
            or action in self.open_actions
            or outline.user_identity.type in self.open_actors
            or refused_with(outline.error_code, self.open_errors)
            or self.sees_all
            or source == SIGN_IN_SOURCE
        )


def _is_plain(outline: Outline) -> bool:
    """Tell whether the record is complete beyond doubt, so that it cannot be an invalid one."""
    account, source, name = outline.recipient_account_id, outline.event_source, outline.event_name
    return (
        len(account) == ACCOUNT_ID_DIGITS
        and account.isdecimal()
        and account.isascii()
        and outline.event_time != ""
        and outline.user_identity.type.isalpha()
        # Nothing that cleaning a text would change.
        and source.isascii()
        and source.isprintable()
        and source[:1].isalpha()
        and source.endswith(".amazonaws.com")
        and name.isalnum()
        and name.isascii()
    )
