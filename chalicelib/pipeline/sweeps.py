"""Sweeps: every resource of every type, page by page, each page its own message.

Two kinds look alike but tell differently: a routine sweep's findings are told one by one, those of
an account's first sweep, and of the first one under new rules, as one summary when the last task
of the sweep has ended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from chalicelib.errors import NotOfferedError, PermanentError
from chalicelib.findings.lifecycle import transition_of_summary
from chalicelib.model import (
    LastSweep,
    LookRequest,
    Page,
    Reason,
    ResourceRef,
    Summary,
    Sweep,
    SweepRequest,
)
from chalicelib.pipeline.looks import order_confirmation, take_look
from chalicelib.pipeline.setting import Ports


def start_sweep(account_id: str, partition: str, ports: Ports) -> int:
    """Queue the first page of every (type, region) and return how many there are."""
    started_at = ports.clock.now()
    last = ports.sweeps.last(account_id)
    sweep = Sweep(
        id=f"{account_id}#{started_at.isoformat()}",
        account_id=account_id,
        started_at=started_at,
        bundle=ports.rulebook.hash,
        first=last is None,
        since=last.at if last else None,
    )
    told_as_one = last is None or last.bundle != ports.rulebook.hash
    requests = [
        SweepRequest(
            account_id=account_id,
            region=region,
            type=type_name,
            partition=partition,
            sweep=sweep if told_as_one else None,
        )
        for type_name, region in ports.places
    ]
    if told_as_one:
        ports.sweeps.begin(sweep.id, [request.task for request in requests])
    ports.bulk.enqueue(*requests)
    return len(requests)


def process_sweep(request: SweepRequest, ports: Ports, *, isolate: bool) -> None:
    """Look at one page of a type's population and queue the next one.

    Args:
        request: Which page.
        ports: The outside world.
        isolate: True after a failed delivery: items become messages of their own, so that one
            odd resource fails alone and never stops the sweep.
    """
    if request.sweep and _is_too_late(request.sweep, request.task, ports):
        request = replace(request, sweep=None)
    with _ending_failed(request.sweep, request.task, ports, given_up=isolate):
        _work_through(request, ports, isolate=isolate)


def process_look(request: LookRequest, ports: Ports, *, redelivered: bool) -> None:
    """Take a look that was queued, be it a sweep's task or not.

    Args:
        request: The look.
        ports: The outside world.
        redelivered: True after a failed delivery: the sweep waits for this attempt only.
    """
    if request.sweep and _is_too_late(request.sweep, task_of(request), ports):
        request = replace(request, sweep=None, reason=Reason.TIME)
    with _ending_failed(request.sweep, task_of(request), ports, given_up=redelivered):
        take_look(request, ports)
        if redelivered:
            # The commit of the failed delivery may have gone through without what follows it.
            order_confirmation(request, ports)
        if request.sweep:
            _finish(request.sweep, task_of(request), ports)


@contextmanager
def _ending_failed(
    sweep: Sweep | None, task: str, ports: Ports, *, given_up: bool
) -> Iterator[None]:
    """End a task that fails for the second time: a summary that waits for ever tells nobody."""
    failed = True
    try:
        yield
        failed = False
    finally:
        if failed and given_up and sweep:
            _finish(sweep, task, ports)


def _work_through(request: SweepRequest, ports: Ports, *, isolate: bool) -> None:
    page = _page(request, ports)
    refs = page.refs
    if isolate:
        refs += tuple(item.ref for item in page.items)
    else:
        _look_at_items(request, page, ports)
    looks = [_look_for(request, ref) for ref in refs]
    if request.sweep and looks:
        ports.sweeps.begin(request.sweep.id, [task_of(look) for look in looks])
    ports.bulk.enqueue(*looks)
    nameless = request.nameless + page.nameless
    if page.next_token:
        ports.bulk.enqueue(replace(request, token=page.next_token, nameless=nameless))
        return
    if request.sweep:
        _finish(request.sweep, request.task, ports)
    if nameless:
        # Only at the end: a page that fails after it queued the next one would queue it again.
        where = f"{request.type} in {request.account_id} {request.region}"
        raise PermanentError(f"{where}: {nameless} rows of the listing name nothing")


def _page(request: SweepRequest, ports: Ports) -> Page:
    """Return a page; where the Region does not have the service there is nothing on it."""
    try:
        return ports.observer.page(request)
    except NotOfferedError:
        return Page()


def task_of(look: LookRequest) -> str:
    """Name of a look among a sweep's tasks."""
    return f"look#{look.ref.key}"


def _look_at_items(request: SweepRequest, page: Page, ports: Ports) -> None:
    for item in page.items:
        take_look(_look_for(request, item.ref), ports, item=item)


def _look_for(request: SweepRequest, ref: ResourceRef) -> LookRequest:
    return LookRequest(
        ref=ref,
        reason=_reason(request),
        change=request.change,
        touch=replace(request.touch, ref=ref) if request.touch else None,
        sweep=request.sweep,
    )


def _reason(request: SweepRequest) -> Reason:
    if request.change:
        return Reason.COMPANION
    return Reason.FIRST_LOOK if request.sweep and request.sweep.first else Reason.TIME


def _is_too_late(sweep: Sweep, task: str, ports: Ports) -> bool:
    """Tell whether the summary went out without a task: what it finds is then told by itself.

    No delivery count says so: a message that comes back from the dead-letter queue is a new one.
    """
    return not ports.sweeps.waits_for(sweep.id, task) and _is_over(sweep, ports)


def _is_over(sweep: Sweep, ports: Ports) -> bool:
    """Tell whether a sweep's summary was written."""
    return _told_under_its_rules(sweep, ports) is not None


def _told_under_its_rules(sweep: Sweep, ports: Ports) -> LastSweep | None:
    last = ports.sweeps.last(sweep.account_id)
    return last if last and last.bundle == sweep.bundle else None


def _finish(sweep: Sweep, task: str, ports: Ports) -> None:
    if not ports.sweeps.finish(sweep.id, task):
        return
    now = ports.clock.now()
    told = _told_under_its_rules(sweep, ports)
    counts = ports.store.summarise(sweep.account_id, told.at if told else sweep.since)
    if told and not counts:
        # A schedule that fires twice begins two sweeps: the other one's summary told all of it.
        return
    summary = Summary(sweep_id=sweep.id, bundle=sweep.bundle, first=sweep.first, counts=counts)
    ports.store.append(transition_of_summary(summary, sweep, now=now))
    ports.sweeps.close(sweep, now)
