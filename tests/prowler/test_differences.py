"""Vigil beside Prowler on one account: nothing they disagree on goes without a reason.

The default run compares with what Prowler said when it was last asked; the slow one asks again.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.prowler import differences, ours, peer
from tests.prowler.account import add_odd_ones
from tests.prowler.account.odd import BUCKETS, QUEUE, TOPIC
from tests.prowler.differences import Explanation
from tests.prowler.stage import Stage, measured, staged
from tests.prowler.verdicts import Disagreement, Said, Verdicts, checks, disagreements
from vigil.rulefiles import built_in

ROOT = Path(__file__).parents[2]
RULES = {file.rule.id: file.path for file in built_in().files}
ODD = {*BUCKETS, QUEUE, TOPIC}


@dataclass(frozen=True)
class Looked:
    """The account as Vigil sees it, odd ones included.

    Attributes:
        made: How many things there are without the odd ones.
    """

    verdicts: Verdicts
    made: int
    crashes: tuple[Exception, ...]


@pytest.fixture(scope="module")
def looked() -> Iterator[Looked]:
    with staged() as stage:
        made = stage.account.made
        add_odd_ones(stage.account)
        yield Looked(
            verdicts=ours.scanned_account(stage), made=made, crashes=tuple(stage.aws.crashes)
        )


def ordinary(verdicts: Verdicts) -> Verdicts:
    return {place: said for place, said in verdicts.items() if place[1] not in ODD}


def test_the_account_is_large_and_was_read_to_the_end(looked: Looked) -> None:
    unread = [place for place, said in looked.verdicts.items() if said is Said.UNKNOWN]

    assert looked.made >= 300
    assert looked.crashes == ()
    assert unread == []


def test_every_disagreement_has_a_reason_and_every_reason_a_disagreement(looked: Looked) -> None:
    _, prowler = peer.recorded()

    told = differences.explained(
        disagreements(ordinary(looked.verdicts), prowler), differences.explanations()
    )

    assert list(told.unexplained) == []
    assert list(told.idle) == []


def test_the_page_is_what_the_command_writes(looked: Looked) -> None:
    versions, prowler = peer.recorded()

    text = differences.page(ordinary(looked.verdicts), prowler, versions, looked.made)

    assert (ROOT / differences.PAGE).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (("s3-bucket-no-public-read", "odd-public"), Said.FAILS),
        (("s3-bucket-no-public-read", "odd-tls"), Said.NOTHING),
        (("s3-bucket-tls-required", "odd-tls"), Said.NOTHING),
        (("s3-bucket-tls-required", "odd-public"), Said.FAILS),
        (("sqs-queue-not-public", QUEUE), Said.FAILS),
        (("sns-topic-not-public", TOPIC), Said.FAILS),
    ],
    ids=str,
)
def test_a_policy_with_one_statement_that_is_an_object_is_judged(
    looked: Looked, place: tuple[str, str], said: Said
) -> None:
    assert looked.verdicts[place] is said


def example_of(held: str) -> str | None:
    """Return what an example of a rule expects; None where there is no such example."""
    rule, _, name = held.partition(": ")
    document = yaml.safe_load(RULES[rule].read_text(encoding="utf-8"))
    return next((one["expect"] for one in document["examples"] if one["name"] == name), None)


@pytest.mark.parametrize("reason", differences.explanations(), ids=lambda reason: reason.title)
def test_what_holds_a_verdict_exists(reason: Explanation) -> None:
    assert reason.held_by
    assert reason.right in {"vigil", "prowler", "either"}
    assert reason.aws.startswith("https://docs.aws.amazon.com/")
    for held in reason.held_by:
        if held.startswith("tests/"):
            file, _, test = held.partition("::")
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), held
        else:
            assert example_of(held) is not None, held


def test_every_check_belongs_to_a_rule_that_exists() -> None:
    assert set(checks()) <= set(RULES)


def test_a_disagreement_without_a_reason_is_told() -> None:
    one = Disagreement(
        rule="sqs-queue-not-public", resource="new", vigil=Said.FAILS, prowler=Said.NOTHING
    )

    told = differences.explained([one], ())

    assert list(told.unexplained) == [one]


def test_a_reason_without_a_disagreement_is_told() -> None:
    (reason,) = (one for one in differences.explanations() if one.title.startswith("Any topic"))

    told = differences.explained([], [reason])

    assert list(told.idle) == [("sqs-queue-not-public", "queue-any-topic")]


def asked_prowler(stage: Stage) -> tuple[str, Verdicts]:
    """Run Prowler; return what it printed and said."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        measured(stage, peer.command(Path(folder)), peer.environment(stage.aws.url), output)
        said = peer.verdicts_in(Path(folder), stage.account.names)
        return output.read_text(encoding="utf-8"), said


@pytest.mark.slow
@pytest.mark.skipif(not peer.PROWLER.exists(), reason="scripts/setup-prowler.sh installs it")
def test_prowler_still_says_what_was_recorded() -> None:
    versions, recorded = peer.recorded()
    assert peer.versions() == versions

    with staged() as stage:
        _, said = asked_prowler(stage)
        add_odd_ones(stage.account)
        printed, with_odd_ones = asked_prowler(stage)

    assert said == recorded
    # One odd policy takes the verdicts of a whole check along.
    assert "Something went wrong in s3_bucket_secure_transport_policy" in printed
    assert not [place for place in with_odd_ones if place[0] == "s3-bucket-tls-required"]
