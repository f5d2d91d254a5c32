"""Many looks at a time: nothing lost, nothing doubled, handed out in the order of the plan."""

import threading
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import PermanentError, RetryableError
from chalicelib.model import Compliance, GapReason, Page, ResourceRef, SweepRequest
from tests.rulekit import ACCOUNT, THING, gap
from tests.unit.scan.eyes import HERE, REGIONS, TASKS, Population, eyes, thing
from vigil.scan.counting import Tally
from vigil.scan.running import Finished, scanned


def scan(population: Population, jobs: int = 4, *, everything: bool = True) -> list[Finished]:
    return list(scanned(TASKS, HERE, eyes(population, everything=everything), jobs))


def lines(finished: list[Finished]) -> list[tuple[str, str, str]]:
    rows = (row for one in finished for row in one.done.rows)
    return [(row.resource_id, row.rule_id, row.compliance.value) for row in rows]


def ref(name: str, region: str = REGIONS[0]) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region=region, type=THING.type, id=name)


def test_tasks_are_handed_out_in_the_order_of_the_plan_whichever_ends_first() -> None:
    gate = threading.Event()
    pages = {(region, None): Page(items=(thing("a", region),)) for region in REGIONS}
    slow = REGIONS[0]

    class SlowFirst(Population):
        """Lists the first Region only after every other one."""

        def page(self, request: SweepRequest) -> Page:
            if request.region == slow:
                assert gate.wait(10)
            page = super().page(request)
            if len(self.asked) == len(REGIONS) - 1:
                gate.set()
            return page

    held = SlowFirst(pages=pages)

    found = scan(held)

    assert [one.task.region for one in found] == list(REGIONS)
    assert {row.region for row in found[0].done.rows} == {slow}


def test_every_page_and_every_resource_it_names_is_looked_at_once() -> None:
    pages = {
        (REGIONS[0], None): Page(
            items=(thing("whole"),), refs=(ref("b"), ref("a")), next_token="t"
        ),
        (REGIONS[0], "t"): Page(refs=(ref("c"),)),
    }
    described = {name: thing(name, Public=name == "b") for name in "abc"}
    population = Population(pages=pages, described=described)

    found = scan(population)

    assert sorted(population.asked) == sorted(
        [*(f"{region} first" for region in REGIONS), f"{REGIONS[0]} t", "a", "b", "c"]
    )
    assert [line[0] for line in lines(found)[::2]] == ["a", "b", "c", "whole"]
    assert ("b", "thing-not-public", "NON_COMPLIANT") in lines(found)


@given(sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4), jobs=st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_however_a_population_is_cut_into_pages_each_resource_has_its_verdicts(
    sizes: list[int], jobs: int
) -> None:
    pages: dict[tuple[str, str | None], Page | Exception] = {}
    described = {}
    for number, size in enumerate(sizes):
        names = [f"{number}-{index}" for index in range(size)]
        described |= {name: thing(name) for name in names[1:]}
        pages[REGIONS[0], str(number) if number else None] = Page(
            items=tuple(thing(name) for name in names[:1]),
            refs=tuple(ref(name) for name in names[1:]),
            next_token=str(number + 1) if number + 1 < len(sizes) else None,
        )

    found = scan(Population(pages=pages, described=described), jobs)

    expected = sorted(f"{n}-{i}" for n, size in enumerate(sizes) for i in range(size))
    assert [line[0] for line in lines(found)[::2]] == expected
    assert found[0].done.tally.resources == len(expected)


def test_what_is_compliant_is_counted_and_kept_only_on_demand() -> None:
    population = Population(
        pages={(REGIONS[0], None): Page(items=(thing("a"), thing("b", Size=9)))}
    )

    found = scan(population, everything=False)

    assert lines(found) == [("b", "thing-small", "NON_COMPLIANT")]
    assert found[0].done.tally.verdicts == {Compliance.COMPLIANT: 3, Compliance.NON_COMPLIANT: 1}


@pytest.mark.parametrize(
    "odd",
    [KeyError("Arn"), TypeError("a list"), RecursionError(), ValueError("nested too deep")],
    ids=lambda error: type(error).__name__,
)
def test_one_odd_resource_is_named_and_takes_no_verdict_from_the_others(odd: Exception) -> None:
    pages = {(REGIONS[0], None): Page(refs=(ref("odd"), ref("fine")))}
    population = Population(pages=pages, described={"odd": odd, "fine": thing("fine", Public=True)})

    found = scan(population, everything=False)

    assert lines(found) == [
        ("fine", "thing-not-public", "NON_COMPLIANT"),
        ("odd", "thing-not-public", "INSUFFICIENT_DATA"),
        ("odd", "thing-small", "INSUFFICIENT_DATA"),
    ]
    assert found[0].done.rows[1].gaps[0].error == type(odd).__name__
    assert found[0].done.tally.could_not_look


def test_rows_that_name_no_resource_leave_every_rule_of_their_listing_undecided() -> None:
    pages = {(REGIONS[0], None): Page(items=(thing("fine", Public=True),), nameless=2)}

    found = scan(Population(pages=pages), everything=False)

    assert lines(found) == [
        ("fine", "thing-not-public", "NON_COMPLIANT"),
        (REGIONS[0], "thing-not-public", "INSUFFICIENT_DATA"),
        (REGIONS[0], "thing-small", "INSUFFICIENT_DATA"),
    ]
    assert found[0].done.tally.could_not_look
    assert found[0].done.tally.resources == 1


def test_a_defect_in_one_listing_leaves_the_other_listings_their_verdicts() -> None:
    pages = {
        (REGIONS[0], None): LookupError("items"),
        (REGIONS[1], None): Page(items=(thing("a", REGIONS[1], Public=True),)),
    }

    found = scan(Population(pages=pages), everything=False)

    assert lines(found) == [
        (REGIONS[0], "thing-not-public", "INSUFFICIENT_DATA"),
        (REGIONS[0], "thing-small", "INSUFFICIENT_DATA"),
        ("a", "thing-not-public", "NON_COMPLIANT"),
    ]


def refused(code: str, error: type[RetryableError | PermanentError]) -> Exception:
    raised = error("refused")
    raised.__cause__ = ClientError({"Error": {"Code": code}}, "ListThings")
    return raised


@pytest.mark.parametrize(
    ("error", "reason", "could_not_look", "keeps"),
    [
        (refused("AccessDenied", PermanentError), GapReason.DENIED, True, True),
        (refused("ExpiredToken", PermanentError), GapReason.DENIED, True, False),
        (refused("Throttling", RetryableError), GapReason.THROTTLED, True, False),
        (refused("OptInRequired", PermanentError), GapReason.UNSUPPORTED, False, True),
    ],
    ids=["denied", "expired", "throttled", "not in this Region"],
)
def test_a_refused_listing_is_a_gap_of_every_rule_there(
    error: Exception, reason: GapReason, *, could_not_look: bool, keeps: bool
) -> None:
    found = scan(Population(pages={(REGIONS[0], None): error}))

    first = found[0]
    assert {row.compliance for row in first.done.rows} == {Compliance.INSUFFICIENT_DATA}
    assert {row.resource_id for row in first.done.rows} == {REGIONS[0]}
    assert {one.reason for row in first.done.rows for one in row.gaps} == {reason}
    assert first.done.tally.could_not_look is could_not_look
    assert first.done.tally.resources == 0
    assert first.keeps is keeps


def test_a_resource_that_was_deleted_meanwhile_has_no_verdict() -> None:
    pages = {(REGIONS[0], None): Page(refs=(ref("gone"),))}

    found = scan(Population(pages=pages, described={"gone": None}))

    assert lines(found) == []
    assert not found[0].done.tally.could_not_look


def test_gaps_of_an_item_are_counted_once_a_resource() -> None:
    unread = thing("a")
    broken = [
        gap("/properties/Public"),
        gap("/properties/Size"),
        gap("/derived/Openings"),
    ]
    pages = {(REGIONS[0], None): Page(items=(replace(unread, gaps=tuple(broken)),))}

    found = scan(Population(pages=pages))

    assert list(found[0].done.tally.unread.values()) == [1]


def test_counts_add_up() -> None:
    whole = Tally()
    pages = {(r, None): Page(items=(thing("a", r, Public=True),)) for r in REGIONS}

    whole.join(one.done.tally for one in scan(Population(pages=pages)))

    assert whole.resources == len(REGIONS)
    assert whole.worst == "high"
    assert whole.failures.total() == len(REGIONS)
