"""A row is believed only if its history says the same, and Vigil could have written that."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.findings import exemptions
from chalicelib.findings._items import entry_from, item_of_entry
from chalicelib.findings.chains import altered
from chalicelib.findings.exemptions import exemption_ref
from chalicelib.findings.history import Entry, body_of, hash_of
from chalicelib.model import (
    Act,
    Exemption,
    ExemptionStatus,
    Scope,
    Transition,
)
from tests.unit.findings.exempting import (
    ACCOUNT,
    ASKED,
    BEN,
    DECIDED,
    END,
    FINDING,
    MEG,
    PEOPLE,
    REASON,
    of,
)
from tests.unit.findings.given import RULE_ID

KEY = exemption_ref("ex-1", ACCOUNT).key
Change = Callable[[Exemption], Exemption]


def chain() -> tuple[Transition, ...]:
    """Return a request, its approval and the announcement of its end."""
    asked = exemptions.requested(
        "ex-1",
        Scope(rule_id=RULE_ID),
        REASON,
        END,
        matched=[FINDING.id],
        longest=timedelta(days=90),
        act=Act(by=of("meg", MEG)),
        account_id=ACCOUNT,
        now=ASKED,
    )
    approved = exemptions.approved(
        row(asked), people=PEOPLE, act=Act(by=BEN), account_id=ACCOUNT, now=DECIDED
    )
    ending = exemptions.reminded(row(approved), account_id=ACCOUNT, now=DECIDED)
    return asked, approved, ending


def forged(one: Transition, change: Change) -> Transition:
    assert one.exemption is not None
    return replace(one, exemption=change(one.exemption))


def row(newest: Transition) -> Exemption:
    """Return the row that belongs to a newest entry."""
    assert newest.exemption is not None
    return replace(newest.exemption, head=hash_of(body_of(newest)))


def stored(told: Sequence[Transition]) -> list[Entry]:
    return [entry_from(item_of_entry(one)) for one in told]


def judged(*told: Transition) -> str | None:
    return altered(row(told[-1]), KEY, stored(told))


def test_what_vigil_wrote_is_believed() -> None:
    assert judged(*chain()) is None


def test_entries_are_put_in_order_by_their_numbers_for_clocks_disagree() -> None:
    told = chain()

    assert altered(row(told[-1]), KEY, stored(told)[::-1]) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda e: replace(e, expires_at=END + timedelta(days=300)), id="end"),
        pytest.param(lambda e: replace(e, scope=Scope(rule_id="another-rule")), id="scope"),
        pytest.param(lambda e: replace(e, pinned=("x",)), id="pins"),
        pytest.param(lambda e: replace(e, reason="quite another reason"), id="reason"),
        pytest.param(lambda e: replace(e, requested_by=of("ana", BEN)), id="requester"),
        pytest.param(lambda e: replace(e, decided_by=of("meg", MEG)), id="approver"),
        pytest.param(lambda e: replace(e, decided_by=BEN), id="nobody known"),
        pytest.param(lambda e: replace(e, status=ExemptionStatus.EXPIRED), id="status"),
    ],
)
def test_an_approval_of_something_else_than_was_asked_for_is_not(change: Change) -> None:
    asked, approved, _ = chain()

    assert judged(asked, forged(approved, change)) is not None


def test_an_approval_without_a_request_is_not() -> None:
    _, approved, _ = chain()
    alone = forged(replace(approved, seq=1, prev=None), lambda e: replace(e, revision=1))

    assert judged(alone) == "its history does not begin with a request"


def test_an_approval_after_a_refusal_is_not() -> None:
    asked, approved, _ = chain()
    refused = exemptions.refused(
        row(asked), people=PEOPLE, act=Act(by=BEN), account_id=ACCOUNT, now=DECIDED
    )
    late = replace(approved, seq=3, prev=hash_of(body_of(refused)))

    assert judged(asked, refused, forged(late, lambda e: replace(e, revision=3))) is not None


@pytest.mark.parametrize(
    "tell",
    [
        pytest.param(lambda _: (), id="nothing"),
        pytest.param(lambda t: t[1:], id="not the first"),
        pytest.param(lambda t: (t[0], t[2]), id="not the second"),
        pytest.param(lambda t: (t[0], *t), id="one twice"),
        pytest.param(lambda t: (t[0], replace(t[1], prev="0" * 64), t[2]), id="another before"),
        pytest.param(
            lambda t: (replace(t[0], act=Act(by=MEG, note="edited")), *t[1:]), id="an edited one"
        ),
    ],
)
def test_a_history_with_a_hole_is_not(
    tell: Callable[[tuple[Transition, ...]], Sequence[Transition]],
) -> None:
    told = chain()

    assert altered(row(told[-1]), KEY, stored(tell(told))) is not None


def test_a_history_of_something_else_is_not() -> None:
    told = chain()

    assert altered(row(told[-1]), exemption_ref("ex-2", ACCOUNT).key, stored(told)) is not None


def test_a_row_with_another_head_is_not() -> None:
    told = chain()

    assert altered(replace(row(told[-1]), head="0" * 64), KEY, stored(told)) is not None


def test_a_body_that_is_none_is_not() -> None:
    told = chain()
    entries = stored(told)
    entries[0] = replace(entries[0], body=b"{}")

    assert altered(row(told[-1]), KEY, entries) == "its history cannot be read"
