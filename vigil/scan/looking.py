"""One piece of work: a page of a listing, or one resource, described and judged.

What a newcomer gets wrong: whatever goes wrong with a piece is part of what comes back. A piece
that raised would take the verdicts on everything beside it along. An odd answer and a defect of
ours look the same; either way the verdict is INSUFFICIENT_DATA and the error is named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from chalicelib.errors import PermanentError, RetryableError
from chalicelib.evaluate.engine import judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import (
    Compliance,
    ConfigurationItem,
    Gap,
    GapReason,
    ResourceRef,
    ResourceType,
    SweepRequest,
)
from chalicelib.ports import Clock, Observer
from chalicelib.resources._errors import READ_ERRORS, MalformedAnswerError, name_of, reason_of
from chalicelib.resources._frame import UNEXPECTED
from vigil.scan.rows import WHOLE, Row, gap_of_defect, order_of, row_from, undecided

_NAMELESS = MalformedAnswerError("rows of the listing say not which resources they are")


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What a piece of work needs.

    Attributes:
        everything: Keep COMPLIANT and NOT_APPLICABLE lines too.
    """

    observer: Observer
    rulebook: Rulebook
    types: Mapping[str, ResourceType]
    clock: Clock
    everything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A page to be listed, or, with `ref`, a resource to be described.

    Attributes:
        task: Position of the task in the plan.
    """

    task: int
    request: SweepRequest
    ref: ResourceRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a piece.

    Attributes:
        rows: The lines that are kept.
        verdicts: Every verdict, also of lines that are not kept.
        gaps: What could not be read, once per resource or listing.
        pieces: What the piece leads to.
    """

    rows: tuple[Row, ...] = ()
    verdicts: tuple[Compliance, ...] = ()
    gaps: tuple[Gap, ...] = ()
    resources: int = 0
    pieces: tuple[Piece, ...] = ()


def look(piece: Piece, eyes: Eyes) -> Found:
    """Do a piece of work; never raises for what AWS or the network did."""
    return _listed(piece, eyes) if piece.ref is None else _described(piece, piece.ref, eyes)


def _listed(piece: Piece, eyes: Eyes) -> Found:
    request = piece.request
    kind = eyes.types[request.type]
    try:
        page = eyes.observer.page(request)
    except (RetryableError, PermanentError) as error:
        return _unlisted(request, _gap_of_listing(kind, error), eyes)
    except UNEXPECTED as error:
        return _unlisted(request, gap_of_defect(_listing_call(kind), error), eyes)
    more = tuple(replace(piece, ref=ref) for ref in page.refs)
    if page.next_token is not None:
        more += (replace(piece, request=replace(request, token=page.next_token)),)
    found = [_judged(item, eyes) for item in page.items]
    if page.nameless:
        found.append(_unlisted(request, gap_of_defect(_listing_call(kind), _NAMELESS), eyes))
    return replace(_joined(found), pieces=more)


def _described(piece: Piece, ref: ResourceRef, eyes: Eyes) -> Found:
    kind = eyes.types[piece.request.type]
    try:
        item = eyes.observer.describe(ref, {})
    except UNEXPECTED as error:
        return _unseen(ref, gap_of_defect(kind.facets[0].calls[0], error), eyes)
    # Deleted since it was listed: nothing is left to judge.
    return Found() if item is None else _judged(item, eyes)


def _judged(item: ConfigurationItem, eyes: Eyes) -> Found:
    kind = eyes.types[item.ref.type]
    try:
        rulebook = eyes.rulebook.at(item.ref.account_id, item.ref.region)
        evaluations = judge_item(item, rulebook, now=item.ended_at)
    except UNEXPECTED as error:
        return _unseen(item.ref, gap_of_defect(kind.facets[0].calls[0], error), eyes)
    rows = (row_from(one, item.ref, kind, item.ended_at) for one in evaluations)
    return Found(
        rows=tuple(row for row in rows if eyes.everything or _matters(row)),
        verdicts=tuple(evaluation.compliance for evaluation in evaluations),
        gaps=tuple(gap for gap in item.gaps if not gap.pointer.startswith("/derived/")),
        resources=1,
    )


def _unlisted(request: SweepRequest, gap: Gap, eyes: Eyes) -> Found:
    ref = ResourceRef(
        account_id=request.account_id,
        partition=request.partition,
        region=request.region,
        type=request.type,
        id=request.region,
    )
    return replace(_unseen(ref, gap, eyes), resources=0)


def _unseen(ref: ResourceRef, gap: Gap, eyes: Eyes) -> Found:
    rules = eyes.rulebook.at(ref.account_id, ref.region).rules_for(ref.type)
    rows = undecided(rules, ref, eyes.types[ref.type], gap, eyes.clock.now())
    verdicts = tuple(row.compliance for row in rows)
    return Found(rows=rows, verdicts=verdicts, gaps=(gap,), resources=1)


def _gap_of_listing(kind: ResourceType, error: Exception) -> Gap:
    cause = error.__cause__
    if not isinstance(cause, READ_ERRORS):
        return gap_of_defect(_listing_call(kind), error)
    operation = getattr(cause, "operation_name", "")
    calls = (call for call in kind.list_calls if call.endswith(f":{operation}"))
    return Gap(
        pointer=WHOLE,
        reason=reason_of(cause),
        call=next(calls, _listing_call(kind)),
        error=name_of(cause),
    )


def _listing_call(kind: ResourceType) -> str:
    """Return the call a listing begins with; what always exists is not listed but described."""
    return (kind.list_calls or kind.facets[0].calls)[0]


def _joined(found: Iterable[Found]) -> Found:
    every = tuple(found)
    rows = (row for one in every for row in one.rows)
    return Found(
        rows=tuple(sorted(rows, key=order_of)),
        verdicts=tuple(verdict for one in every for verdict in one.verdicts),
        gaps=tuple(gap for one in every for gap in one.gaps),
        resources=sum(one.resources for one in every),
    )


def _matters(row: Row) -> bool:
    return row.compliance in (Compliance.NON_COMPLIANT, Compliance.INSUFFICIENT_DATA)


def is_passing(gap: Gap) -> bool:
    """Tell whether a gap may be gone at the next attempt, new credentials included."""
    return gap.reason in (GapReason.THROTTLED, GapReason.UNAVAILABLE) or gap.error.startswith(
        ("ExpiredToken", "RequestExpired")
    )
