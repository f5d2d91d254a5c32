"""One record → its verdict, by the functions that evaluate runs: `change_from`, `judge_change`.

A failed call changed nothing, so it is never risky, whatever a rule says of its payload.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from chalicelib.errors import InvalidRecordError
from chalicelib.evaluate.engine import judge_change, occurrences
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.ingest import canonical, cloudtrail
from chalicelib.ingest.actor import ACTOR_KEYS, actor_from
from chalicelib.ingest.routing import Routing
from chalicelib.ingest.text import clean
from chalicelib.model import (
    Actor,
    Change,
    ConfigurationItem,
    Detection,
    Occurrence,
    Outcome,
    ResourceRef,
    ResourceType,
    Severity,
    Subject,
)
from vigil.replay.outline import Sight, Verdict, is_data_event
from vigil.replay.reading import Raw
from vigil.replay.row import Row

#: Of records whose account was redacted: they are judged, nothing is looked up.
UNKNOWN_ACCOUNT = "unknown"
TEXT_LIMIT_CHARS = 256
MESSAGE_LIMIT_CHARS = 2000
ACTORS_KEPT = 1_000
#: One call may name thousands of resources.
RESOURCES_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A record with its verdict.

    Attributes:
        change: None where it is no CloudTrail record.
        record: The decoded record, or whatever came instead.
        counted: What rate rules count of it; whether they object shows only in the order of time.
        why: What is wrong with an invalid one, or what an ignored event is.
    """

    verdict: Verdict
    record: Any
    change: Change | None = None
    detections: tuple[Detection, ...] = ()
    counted: tuple[Occurrence, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A record that rate rules count.

    Attributes:
        row: What is told of it if it is not one too many.
    """

    row: Row
    failed: bool
    occurrences: tuple[Occurrence, ...]

    @classmethod
    def of(cls, judged: Judged, row: Row) -> "Candidate":
        """Take what counting needs of a judged record."""
        failed = judged.change is not None and judged.change.outcome is Outcome.FAILED
        return cls(row=row, failed=failed, occurrences=judged.counted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Rules and routes, ready to judge records.

    Attributes:
        now: Stands in for a redacted eventTime.
        actor_of: `actor_from`, with a memory.
    """

    rulebook: Rulebook
    routing: Routing
    sight: Sight
    now: datetime
    types: dict[str, ResourceType] = field(default_factory=dict)
    actor_of: Callable[[Mapping[str, Any]], Actor] = field(
        default_factory=lambda: remembering(ACTORS_KEPT)
    )

    @classmethod
    def of(cls, rulebook: Rulebook, types: tuple[ResourceType, ...], now: datetime) -> "Judge":
        """Prepare judging by a rulebook."""
        routing = Routing.of(types, looks=False)
        return cls(
            rulebook=rulebook,
            routing=routing,
            sight=Sight.of(rulebook),
            now=now,
            types={t.type: t for t in types},
        )

    def judged(self, raw: Raw) -> Judged:
        """Judge one record, undecoded or decoded, in an envelope or bare."""
        record: Any = None
        try:
            record = canonical.decode(bytes(raw)) if isinstance(raw, bytes | msgspec.Raw) else raw
            if _is_other_event(record):
                kind = clean(record.get("detail-type"), TEXT_LIMIT_CHARS)
                return Judged(verdict=Verdict.IGNORED, record=record, why=f"not CloudTrail: {kind}")
            record = _unwrapped(record)
            change = cloudtrail.change_from(
                record,
                self.routing,
                received_at=self.now,
                account_id=UNKNOWN_ACCOUNT,
                actor_of=self.actor_of,
            )
        except InvalidRecordError as error:
            return Judged(verdict=Verdict.INVALID, record=record, why=str(error))
        detections = judge_change(change, self._rules_at(change), self._subject_of)
        return Judged(
            verdict=self._verdict_of(change, detections, record),
            record=record,
            change=change,
            detections=detections,
            counted=occurrences(change, self._rules_at(change), self._subject_of),
        )

    def _verdict_of(
        self, change: Change, detections: tuple[Detection, ...], record: dict[str, Any]
    ) -> Verdict:
        failed = change.outcome is Outcome.FAILED
        if detections:
            worst = max((one.severity for one in detections), key=_rank)
            return verdict_from(worst, failed=failed)
        if failed:
            return Verdict.FAILED
        if change.read_only or (_is_about_data(change, record) and not self._names(change)):
            return Verdict.IGNORED
        return Verdict.HARMLESS

    def _names(self, change: Change) -> bool:
        """Tell whether a rule names the call."""
        return bool(self._rules_at(change).change_rules_for(change))

    def _rules_at(self, change: Change) -> Rulebook:
        return self.rulebook.at(change.account_id, change.region)

    def _subject_of(self, ref: ResourceRef, item: ConfigurationItem | None) -> Subject:
        del item  # a replay describes nothing
        known = self.types.get(ref.type)
        return Subject(ref=ref, arn=known.arn(ref) if known and known.arn else None)


def remembering(size: int) -> Callable[[Mapping[str, Any]], Actor]:
    """Return `actor_from` with a memory: a session makes hundreds of calls in a row."""

    @lru_cache(maxsize=size)
    def known(evidence: bytes) -> Actor:
        return actor_from(msgspec.json.decode(evidence))

    def actor_of(record: Mapping[str, Any]) -> Actor:
        return known(msgspec.json.encode({key: record.get(key) for key in ACTOR_KEYS}))

    return actor_of


def row_of(judged: Judged, source: str) -> Row:
    """Return what is told of a judged record."""
    if judged.change is None:
        return _row_of_invalid(judged, source)
    change = judged.change
    worst = max((one.severity for one in judged.detections), key=_rank, default=None)
    return Row(
        event_id=clean(judged.record.get("eventID"), TEXT_LIMIT_CHARS),
        event_time=instant(change.event_time),
        event_source=change.event_source,
        event_name=change.event_name,
        account_id=change.account_id if change.account_id != UNKNOWN_ACCOUNT else None,
        region=change.region,
        actor=change.actor.arn or change.actor.name,
        source_ip=change.actor.source_ip,
        source=source,
        verdict=judged.verdict,
        rule_ids=tuple(dict.fromkeys(one.rule_id for one in judged.detections)),
        severity=worst,
        resources=_resources(change, judged.detections),
        message=_message(change, judged.detections),
    )


def verdict_from(severity: Severity, *, failed: bool) -> Verdict:
    """Return the verdict on a call that a rule objects to; what failed is never risky."""
    serious = severity.rank >= Severity.MEDIUM.rank
    return Verdict.RISKY if serious and not failed else Verdict.NOTED


def with_bursts(candidate: Candidate, bursts: Sequence[Detection]) -> Row:
    """Return the row of the record with which something had happened too often."""
    row = candidate.row
    severities = [*filter(None, [row.severity]), *(one.severity for one in bursts)]
    worst = max(severities, key=_rank)
    said = (row.message if row.rule_ids else "", *(one.message for one in bursts))
    return replace(
        row,
        verdict=verdict_from(worst, failed=candidate.failed),
        rule_ids=(*row.rule_ids, *(one.rule_id for one in bursts)),
        severity=worst,
        message=clean("; ".join(filter(None, said)), MESSAGE_LIMIT_CHARS) or "",
    )


def _rank(severity: Severity) -> int:
    return severity.rank


def instant(time: datetime) -> str:
    """Return a UTC instant as RFC 3339 with milliseconds."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _unwrapped(record: Any) -> Any:
    detail = record.get("detail") if isinstance(record, dict) else None
    return detail if isinstance(detail, dict) and "eventSource" not in record else record


def _is_other_event(record: Any) -> bool:
    """Tell whether this is an event of another kind, from the same bus."""
    if not isinstance(record, dict) or not isinstance(record.get("detail-type"), str):
        return False
    detail = record.get("detail")
    return isinstance(detail, dict) and not ("eventSource" in detail or "eventName" in detail)


def _is_about_data(change: Change, record: dict[str, Any]) -> bool:
    managed, category = record.get("managementEvent"), record.get("eventCategory")
    return is_data_event(
        change.event_source,
        change.action,
        managed=managed if isinstance(managed, bool) else None,
        category=category if isinstance(category, str) else None,
    )


def _resources(change: Change, detections: Iterable[Detection]) -> tuple[dict[str, str], ...]:
    refs = (*(one.subject.ref for one in detections), *(t.ref for t in change.touches))
    named = {(ref.type, ref.id): {"type": ref.type, "id": ref.id} for ref in refs}
    return tuple(named.values())[:RESOURCES_LIMIT]


def _message(change: Change, detections: Iterable[Detection]) -> str:
    messages = dict.fromkeys(one.message for one in detections)
    text = "; ".join(messages) or (change.error_code or "")
    return clean(text, MESSAGE_LIMIT_CHARS) or ""


def _row_of_invalid(judged: Judged, source: str) -> Row:
    record = judged.record if isinstance(judged.record, dict) else {}

    def shown(key: str) -> str | None:
        return clean(record.get(key), TEXT_LIMIT_CHARS)

    return Row(
        event_id=shown("eventID"),
        event_time=shown("eventTime"),
        event_source=shown("eventSource"),
        event_name=shown("eventName"),
        account_id=shown("recipientAccountId"),
        region=shown("awsRegion"),
        actor=None,
        source_ip=None,
        source=source,
        verdict=judged.verdict,
        message=clean(judged.why, MESSAGE_LIMIT_CHARS) or "",
    )
