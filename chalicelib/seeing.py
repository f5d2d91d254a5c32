"""Resources as people look at them: configuration, findings and timeline, now or at an instant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import wiring
from chalicelib.errors import NotFoundError
from chalicelib.findings.history import transition_from
from chalicelib.findings.items import S3Items
from chalicelib.findings.paging import fits
from chalicelib.findings.past import DynamoPast
from chalicelib.findings.store import DynamoStore
from chalicelib.findings.timeline import findings_as_of
from chalicelib.model import Finding, ItemRef, ResourceRef, Subject, Transition
from chalicelib.ports import Clock
from chalicelib.settings import Settings

TIMELINE_LIMIT = 100
#: Of a store key, after the account.
KEY_PARTS = 3
_UNSEEN = "nothing is known of this resource"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A resource as it was seen.

    Attributes:
        item: The configuration; None where the resource was gone, or nothing kept it.
        looked_at: When it was described; None where it never was.
        timeline: Entries that recorded a configuration, newest first.
    """

    subject: Subject
    item: Mapping[str, Any] | None
    item_ref: ItemRef | None
    looked_at: datetime | None
    findings: tuple[Finding, ...]
    timeline: tuple[Transition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeing:
    """Looks resources up."""

    store: DynamoStore
    past: DynamoPast
    items: S3Items
    settings: Settings
    clock: Clock

    def seen(self, key: str, as_of: datetime | None = None) -> Seen:
        """Return a resource as it was last looked at, or at an instant.

        Raises:
            NotFoundError: Nothing is known of it.
        """
        ref = self._ref(key)
        return self._seen_at(ref, as_of) if as_of else self._seen_now(ref)

    def _ref(self, key: str) -> ResourceRef:
        account_id, _, rest = key.partition("#")
        parts = rest.split("#", 2)
        own = account_id == self.settings.account_id and len(parts) == KEY_PARTS and all(parts)
        if not own or not fits(key, "-"):
            raise NotFoundError(_UNSEEN)
        region, type_name, resource_id = parts
        partition = self.settings.partition
        return ResourceRef(
            account_id=account_id,
            region=region,
            type=type_name,
            id=resource_id,
            partition=partition,
        )

    def _seen_now(self, ref: ResourceRef) -> Seen:
        known = self.store.known(ref)
        timeline = self._timeline(ref, self.clock.now())
        newest = timeline[0].item if timeline else None
        if known.look is None and not known.findings and not timeline:
            raise NotFoundError(_UNSEEN)
        look = known.look
        item = look.item if look else None
        return Seen(
            subject=self._subject(ref, known.findings),
            item=item if item is not None else self.item(newest),
            item_ref=newest,
            looked_at=look.ended_at if look else None,
            findings=known.findings,
            timeline=timeline,
        )

    def _seen_at(self, ref: ResourceRef, at: datetime) -> Seen:
        timeline = self._timeline(ref, at)
        findings = findings_as_of(self.past.until(ref.key, at), at)
        if not timeline and not findings:
            raise NotFoundError("nothing was known of this resource yet")
        newest = timeline[0] if timeline else None
        return Seen(
            subject=self._subject(ref, findings),
            item=self.item(newest.item) if newest else None,
            item_ref=newest.item if newest else None,
            looked_at=(newest.look_ended_at or newest.times.decided) if newest else None,
            findings=findings,
            timeline=timeline,
        )

    def _timeline(self, ref: ResourceRef, until: datetime) -> tuple[Transition, ...]:
        """Return the newest configurations, newest first."""
        entries = self.past.recorded(ref.key, until, TIMELINE_LIMIT)
        return tuple(transition_from(entry.body) for entry in entries)

    def _subject(self, ref: ResourceRef, findings: Sequence[Finding]) -> Subject:
        if findings:
            return max(findings, key=lambda finding: finding.changed_at).subject
        return wiring.ports().subject_of(ref, None)

    def item(self, ref: ItemRef | None) -> dict[str, Any] | None:
        """Return a configuration that is kept; None where none is named or kept.

        Raises:
            DamagedEvidenceError: What is there is not what was put.
            RetryableError: S3 did not answer.
        """
        if ref is None or not self.settings.evidence_bucket:
            return None
        return self.items.get(ref)
