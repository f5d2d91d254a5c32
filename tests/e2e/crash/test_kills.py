"""A function is killed by SIGKILL, in a process of its own, at every call that leaves it.

AWS, Slack and the tables live on in other processes. What stands in the end must be what stands
where nobody died: nothing lost, and doubled only between a channel's answer and its receipt.
"""

import functools
from collections.abc import Callable, Iterator
from itertools import zip_longest

import pytest

from chalicelib.model import Status
from tests.e2e.crash.account import BOT, WEBHOOK, Account
from tests.e2e.crash.runs import REPEATED, Plan, Run, check_against, check_alone, play
from tests.e2e.crash.scenarios import RECEIPT, SCENARIOS, THREAD, WEBHOOK_POST, Scenario
from tests.e2e.crash.worker import AFTER, BEFORE
from tests.e2e.crash.workers import Last
from vigil.local._slack_html import Shown
from vigil.local.slack_text import text_of

#: All other calls only read, so that to die after one is to die before the next one.
WRITES = ("Transact", "Batch", "PutItem", "UpdateItem", "DeleteItem", "Publish", "chat.", "webhook")
ALL_KINDS = {
    (function, call)
    for scenario in SCENARIOS.values()
    for function, calls in scenario.kinds.items()
    for call in calls
}
CalmRuns = Callable[[str, str], Run]
OPENING, SIGN_IN = "a bucket is opened", "somebody signs in without a second factor"


@pytest.fixture(scope="module")
def calm_run(account: Account) -> CalmRuns:
    """How each story ends on each channel where nobody dies; played once."""

    @functools.cache
    def run_of(story: str, channel: str) -> Run:
        return undisturbed(account, SCENARIOS[story], channel)

    return run_of


@pytest.mark.parametrize("story", SCENARIOS)
def test_after_a_death_at_any_kind_of_call_nothing_is_lost_or_said_twice(
    story: str, account: Account, calm_run: CalmRuns
) -> None:
    calm = calm_run(story, BOT)

    plans = [*together(some_deaths(SCENARIOS[story], calm))]

    assert plans
    for plan in plans:
        die(account, SCENARIOS[story], calm, plan)


@pytest.mark.parametrize(
    ("story", "call", "side", "posts"),
    [
        # Whoever died before the post could have posted: what comes after is marked, not doubled.
        (OPENING, WEBHOOK_POST, BEFORE, ["marked"]),
        (OPENING, WEBHOOK_POST, AFTER, ["plain", "marked"]),
        (OPENING, THREAD, BEFORE, ["plain", "marked"]),
        # From here on Vigil knows that its message stands.
        (OPENING, THREAD, AFTER, ["plain"]),
        (OPENING, RECEIPT, BEFORE, ["plain"]),
        # What was seen once has no thread: its receipt is all there is to know it by.
        (SIGN_IN, RECEIPT, BEFORE, ["plain", "marked"]),
        (SIGN_IN, RECEIPT, AFTER, ["plain"]),
    ],
)
def test_through_a_webhook_only_what_nobody_remembers_is_said_twice_and_marked(
    story: str, call: str, side: str, posts: list[str], account: Account, calm_run: CalmRuns
) -> None:
    calm = calm_run(story, WEBHOOK)
    last = Last(call=calm.calls["slack"].index(call) + 1, side=side)

    run = die(account, SCENARIOS[story], calm, {"slack": last})

    assert [said(message) for message in run.posted] == posts


@pytest.mark.slow
@pytest.mark.parametrize("channel", [BOT, WEBHOOK])
@pytest.mark.parametrize("story", SCENARIOS)
def test_after_a_death_at_any_call_at_all_nothing_is_lost_or_said_twice(
    story: str, channel: str, account: Account, calm_run: CalmRuns
) -> None:
    calm = calm_run(story, channel)

    # Which way to Slack it is concerns the one who posts.
    functions = calm.calls if channel == BOT else ("slack",)

    for function in functions:
        for last in all_deaths(calm.calls[function]):
            die(account, SCENARIOS[story], calm, {function: last})


def undisturbed(account: Account, scenario: Scenario, channel: str) -> Run:
    """Play a scenario in which nobody dies, and check that it is the one that is meant."""
    run = play(account, scenario, channel)
    check_alone(run)
    standing = [f.rule_id for f in run.findings if f.status is Status.OPEN]
    assert {rule: standing.count(rule) for rule in scenario.open_at_end} == scenario.open_at_end
    assert scenario.told <= {entry.transition.rule_id for entry in run.told}
    made = {(f, call) for f, calls in run.calls.items() for call in calls if is_write(call)}
    assert {(f, c) for f, c in made if c != WEBHOOK_POST} <= ALL_KINDS, "a write nobody dies at"
    return run


def die(account: Account, scenario: Scenario, calm: Run, plan: Plan) -> Run:
    """Play a scenario in which functions die, and compare it to the one in which nobody did."""
    run = play(account, scenario, calm.channel, plan)
    assert {f: len(calls) for f, calls in run.died.items()} == {f: d.call for f, d in plan.items()}
    try:
        check_against(calm, run)
    except AssertionError as error:
        places = ", ".join(f"{f} {plan[f].side} {calls[-1]}" for f, calls in run.died.items())
        error.add_note(f"died: {places} ({plan})")
        raise
    return run


def some_deaths(scenario: Scenario, calm: Run) -> Iterator[list[tuple[str, Last]]]:
    """Yield for each function where it dies: at each kind of write, or between any two."""
    for function, calls in calm.calls.items():
        firsts = [calls.index(kind) + 1 for kind in scenario.kinds.get(function, ())]
        deaths = [Last(call=number, side=side) for number in firsts for side in scenario.sides]
        if function in scenario.every:
            first = calls[: calm.firsts[function]]
            numbers = [n for n, call in enumerate(first, start=1) if is_write(call)]
            between = (Last(call=number, side=AFTER) for number in numbers)
            deaths += [last for last in between if last not in deaths]
        yield [(function, last) for last in deaths]


def all_deaths(calls: list[str]) -> Iterator[Last]:
    """Yield every place to die; after a read is before the next call."""
    for number, call in enumerate(calls, start=1):
        yield Last(call=number, side=BEFORE)
        if is_write(call):
            yield Last(call=number, side=AFTER)


def together(deaths: Iterator[list[tuple[str, Last]]]) -> Iterator[Plan]:
    """Let one process of each function die in the same run: none knows of the others."""
    for row in zip_longest(*deaths):
        yield dict(filter(None, row))


def said(message: Shown) -> str:
    return "marked" if REPEATED in text_of(message.payload) else "plain"


def is_write(call: str) -> bool:
    return any(name in call for name in WRITES)
