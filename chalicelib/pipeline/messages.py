"""One queue message: a CloudTrail record in an EventBridge envelope, or work we queued ourselves.

The ledger row is written last, in the transaction of the record's only look or alone. Whatever
fails before it leaves the record unprocessed, so the queue brings it back.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.errors import DuplicateRecordError, InvalidRecordError
from chalicelib.evaluate.engine import burst_of, judge_change, occurrences
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.facts.legible import legible
from chalicelib.findings.lifecycle import commit_of_detections
from chalicelib.ingest import cloudtrail, envelope
from chalicelib.ingest.disposition import disposition_of
from chalicelib.model import (
    Change,
    CompanionTouch,
    Detection,
    LedgerRow,
    LookRequest,
    Outcome,
    Reason,
    SweepRequest,
    Touch,
    request_from,
)
from chalicelib.pipeline.looks import order_confirmation, take_look
from chalicelib.pipeline.setting import Ports
from chalicelib.pipeline.sweeps import process_look, process_sweep

UNKNOWN = "unknown"
DETAIL_LIMIT_CHARS = 300
ACTOR_LIMIT_CHARS = 256
#: CloudTrail and EventBridge take minutes at most; five deliveries of a message take longer.
REDRIVEN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A queue message as Lambda hands it over.

    Attributes:
        received_at: When it reached our queue.
        redelivered: An earlier delivery did not end well; part of the work may be done.
    """

    id: str
    body: str
    received_at: datetime
    redelivered: bool = False


def process_message(message: Message, ports: Ports) -> str:
    """Process one message and return what became of it, for the log.

    Raises:
        RetryableError: The queue should bring it back.
    """
    request = request_from(message.body)
    if isinstance(request, SweepRequest):
        process_sweep(request, ports, isolate=message.redelivered)
        return "swept"
    if isinstance(request, LookRequest):
        process_look(request, ports, redelivered=message.redelivered)
        return "looked"
    return _process_envelope(message, ports)


def _process_envelope(message: Message, ports: Ports) -> str:
    try:
        received = envelope.read(message.body, received_at=message.received_at)
        if received.record is None:
            return _log(_row_of_other(message, received.detail_type), ports)
        change = cloudtrail.change_from(
            received.record, ports.routing, received_at=message.received_at
        )
    except InvalidRecordError as error:
        return _log(_row_of_refused(message, error), ports)
    return process_change(change, message, ports)


def process_change(change: Change, message: Message, ports: Ports) -> str:
    """Judge a change, look at everything it touched, and write its ledger row last."""
    detections = judge_change(change, _rulebook(change, ports), ports.subject_of)
    row = _row_of(change, message, ports)
    for companion in change.companions:
        _queue_dependents(change, companion, ports)
    _tell_bursts(change, ports)
    loose = _commit_loose(change, detections, ports)
    requests = [_request_for(change, touch) for touch in change.touches]
    if len(requests) == 1:
        return _look_and_log(requests[0], loose, row, message, ports)
    for request in requests:
        take_look(request, ports, detections=_about(request, loose))
        if message.redelivered:
            order_confirmation(request, ports)
    return _log(row, ports)


def _rulebook(change: Change, ports: Ports) -> Rulebook:
    """Return the rules in force where a change happened."""
    return ports.rulebook.at(change.account_id, change.region)


def _look_and_log(
    request: LookRequest,
    detections: tuple[Detection, ...],
    row: LedgerRow,
    message: Message,
    ports: Ports,
) -> str:
    """Take the record's only look; its ledger row rides in the same transaction."""
    try:
        take_look(request, ports, detections=_about(request, detections), ledger=row)
    except DuplicateRecordError:
        if _may_lack_confirmation(message, request):
            # The commit went through but what follows it may not have: order the look again.
            order_confirmation(request, ports)
        return "duplicate"
    return row.disposition


def _may_lack_confirmation(message: Message, request: LookRequest) -> bool:
    # What comes back from the dead-letter queue is a new message to SQS; it is only late.
    late = request.change and message.received_at - request.change.event_time >= REDRIVEN_AFTER
    return message.redelivered or bool(late)


def _commit_loose(
    change: Change, detections: tuple[Detection, ...], ports: Ports
) -> tuple[Detection, ...]:
    """Commit detections on resources that are not looked at; return the others."""
    looked_at = {touch.ref.key for touch in change.touches}
    waiting = tuple(d for d in detections if d.subject.ref.key in looked_at)
    for detection in detections:
        if detection.subject.ref.key not in looked_at:
            _commit_alone(change, detection, ports)
    return waiting


def _tell_bursts(change: Change, ports: Ports) -> None:
    """Count for the rate rules; what is noted as told must be stored by then."""
    for one in occurrences(change, _rulebook(change, ports), ports.subject_of):
        burst = burst_of(one, ports.rates.count(one))
        if burst is not None:
            _commit_alone(change, burst, ports)
            ports.rates.settle(one)


def _commit_alone(change: Change, detection: Detection, ports: Ports) -> None:
    try:
        ports.store.commit(commit_of_detections(change, (detection,), now=ports.clock.now()))
    except DuplicateRecordError:
        # An earlier delivery of this record stored it; the outbox tells it.
        return


def _about(request: LookRequest, detections: tuple[Detection, ...]) -> tuple[Detection, ...]:
    return tuple(d for d in detections if d.subject.ref.key == request.ref.key)


def _request_for(change: Change, touch: Touch) -> LookRequest:
    return LookRequest(ref=touch.ref, reason=Reason.CHANGE, change=_bare(change), touch=touch)


def _bare(change: Change) -> Change:
    """Return a change as a queue can carry it: derived facts may be twenty times its record."""
    return replace(change, touches=(), companions=(), derived={})


def _queue_dependents(change: Change, companion: CompanionTouch, ports: Ports) -> None:
    bare = _bare(change)
    touch = Touch(ref=companion.ref, writes=companion.writes, proposed=companion.proposed)
    if companion.account_wide:
        # The setting is the account's, the resources it rules lie in every Region.
        ports.bulk.enqueue(
            *(
                SweepRequest(
                    account_id=change.account_id,
                    region=region,
                    type=companion.dependent_type,
                    partition=change.partition,
                    change=bare,
                    touch=touch,
                )
                for type_name, region in ports.places
                if type_name == companion.dependent_type
            )
        )
        return
    dependents = ports.store.dependents(companion.ref.key, companion.dependent_type)
    ports.bulk.enqueue(
        *(
            LookRequest(ref=ref, reason=Reason.COMPANION, change=bare, touch=touch)
            for ref in dependents
        )
    )


def _row_of(change: Change, message: Message, ports: Ports) -> LedgerRow:
    # Whether a rule would look at this call had it changed something: a rule about whatever root
    # does names every call, but is not about everybody's.
    done = replace(change, outcome=Outcome.SUCCEEDED, read_only=False)
    relevant = ports.routing.wants(change.event_source, change.action) or bool(
        _rulebook(change, ports).change_rules_for(done)
    )
    return LedgerRow(
        account_id=change.account_id,
        region=change.region,
        event_id=change.event_id,
        record_hash=change.record_hash,
        event_time=change.event_time,
        received_at=change.received_at,
        event_source=change.event_source,
        event_name=change.event_name,
        disposition=disposition_of(change, relevant=relevant),
        message_id=message.id,
        actor=legible(change.actor.name[:ACTOR_LIMIT_CHARS]),
    )


def _row_of_refused(message: Message, error: InvalidRecordError) -> LedgerRow:
    return _row_of_other(message, str(error), "refused" if error.spoofed else "invalid")


def _row_of_other(message: Message, detail: str, disposition: str = "irrelevant") -> LedgerRow:
    """Return the row of what is no CloudTrail record: nothing in it is to be believed."""
    return LedgerRow(
        account_id=UNKNOWN,
        region=UNKNOWN,
        event_id=None,
        record_hash=hashlib.sha256(message.body.encode("utf-8", "replace")).hexdigest(),
        event_time=message.received_at,
        received_at=message.received_at,
        event_source=UNKNOWN,
        event_name=UNKNOWN,
        disposition=disposition,
        message_id=message.id,
        detail=detail[:DETAIL_LIMIT_CHARS],
    )


def _log(row: LedgerRow, ports: Ports) -> str:
    try:
        ports.store.log(row)
    except DuplicateRecordError:
        return "duplicate"
    return row.disposition
