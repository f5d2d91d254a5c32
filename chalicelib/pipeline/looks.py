"""One look at one resource: read what is known, describe, judge, reconcile, commit, confirm.

A look that lost against another is taken again from the start, never patched up: the state it
described may be the very thing that changed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from chalicelib.errors import ConflictError
from chalicelib.evaluate.engine import judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.findings.lifecycle import Outcome, reconcile
from chalicelib.findings.recording import document_wanted, recorded
from chalicelib.model import (
    Commit,
    ConfigurationItem,
    Detection,
    LedgerRow,
    LookRequest,
    Reason,
    ResourceRef,
    Sighting,
    Touch,
)
from chalicelib.pipeline.setting import Ports

#: Looks taken within one message before the queue brings it back later.
LOOKS_PER_MESSAGE = 3


def take_look(
    request: LookRequest,
    ports: Ports,
    *,
    item: ConfigurationItem | None = None,
    detections: tuple[Detection, ...] = (),
    ledger: LedgerRow | None = None,
) -> None:
    """Look at a resource until one look is accepted, then order the confirming one.

    Args:
        request: Which resource, and why.
        ports: The outside world.
        item: The resource as a bulk call described it; used for the first attempt.
        detections: What change rules saw in the event behind the request.
        ledger: Row of the record behind the request, written in the same transaction.

    Raises:
        ConflictError: Others kept winning; the queue should bring the message back.
        RetryableError: What was seen cannot be kept for now.
        DuplicateRecordError: The ledger row's record was processed before.
    """
    ref = ports.observer.resolve(request.ref)
    if ref is None:
        ref, item = request.ref, None
    request = replace(request, ref=ref, touch=_retargeted(request.touch, ref))
    # A detection is kept beside the looks that settle it, and those are kept under this name.
    about = tuple(replace(d, subject=ports.subject_of(ref, None)) for d in detections)
    for outcome in _attempts(request, ports, item, about, ledger):
        if outcome.confirm:
            order_confirmation(request, ports)
        return
    raise ConflictError(f"{ref.key} kept moving while it was looked at")


def order_confirmation(request: LookRequest, ports: Ports) -> None:
    """Queue the next confirming look; after the last one there is none."""
    if request.confirmation >= len(ports.confirm_seconds):
        return
    again = replace(request, confirmation=request.confirmation + 1, sweep=None)
    if request.reason is Reason.FIRST_LOOK:
        # What is new by then happened after the first look: no summary will tell it.
        again = replace(again, reason=Reason.TIME)
    queue = ports.live if request.reason is Reason.CHANGE else ports.bulk
    queue.enqueue(again, delay_seconds=ports.confirm_seconds[request.confirmation])


def _attempts(
    request: LookRequest,
    ports: Ports,
    item: ConfigurationItem | None,
    detections: tuple[Detection, ...],
    ledger: LedgerRow | None,
) -> Iterator[Outcome]:
    """Yield the outcome of the first accepted look, if any was."""
    rulebook = ports.rulebook.at(request.ref.account_id, request.ref.region)
    for _ in range(LOOKS_PER_MESSAGE):
        known = ports.store.known(request.ref)
        sighting = _sighting(request, ports, item, rulebook)
        item, now = None, ports.clock.now()
        outcome = reconcile(
            known,
            sighting,
            request,
            rulebook.by_id,
            detections=detections,
            ledger=ledger,
            now=now,
            sla=ports.sla,
        )
        if outcome.commit is None:
            continue
        commit = _in_timeline(outcome.commit, sighting, request, ports, now)
        if _committed(commit, ports) and outcome.settled:
            yield outcome
            return


def _in_timeline(
    commit: Commit, sighting: Sighting, request: LookRequest, ports: Ports, now: datetime
) -> Commit:
    """Keep the configuration that a commit is about before the commit can name it."""
    if ports.items is None:
        return commit
    document = document_wanted(commit, sighting)
    kept = ports.items.put(document) if document is not None else None
    return recorded(commit, sighting, request, kept, now=now)


def _committed(commit: Commit, ports: Ports) -> bool:
    try:
        ports.store.commit(commit)
    except ConflictError:
        return False
    return True


def _sighting(
    request: LookRequest, ports: Ports, item: ConfigurationItem | None, rulebook: Rulebook
) -> Sighting:
    started_at = ports.clock.now() if item is None else item.started_at
    if item is None:
        observes = request.touch.observes if request.touch else {}
        item = ports.observer.describe(request.ref, observes)
    return Sighting(
        subject=ports.subject_of(request.ref, item),
        item=item,
        evaluations=judge_item(item, rulebook, now=item.ended_at) if item else (),
        fingerprint=ports.fingerprint_of(item) if item else None,
        started_at=started_at,
        ended_at=item.ended_at if item else ports.clock.now(),
    )


def _retargeted(touch: Touch | None, ref: ResourceRef) -> Touch | None:
    return replace(touch, ref=ref) if touch else None
