"""Three mortal workers share a queue that hands out each message twice.

The bucket opens and closes under their eyes. Whoever wins, loses or dies, what stands in the end is
the truth, its history has no hole, and everybody was told of each step once.
"""

from random import Random

import pytest

from chalicelib.findings.history import transition_from
from chalicelib.model import Status, TransitionKind
from tests.e2e.crash.account import BOT, Account
from tests.e2e.crash.crowd import Crowd, a_crowd
from tests.e2e.crash.lambda_service import LambdaService
from tests.e2e.crash.runs import Run, check_alone, check_told_once, seen
from tests.e2e.crash.scenarios import OPENED, PUBLIC
from vigil.demo.stage import policy_open_to_all

WORKERS = 3
#: Each; one that dies is replaced.
DEATHS = 3
FLIPS = 5
#: Commits that were refused: fewer would mean that they hardly ever met.
CONFLICTS_EXPECTED = 3
TURNS = frozenset({TransitionKind.OPENED, TransitionKind.RESOLVED, TransitionKind.REOPENED})


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 22))]
)
def test_whoever_dies_in_a_crowd_the_truth_is_known_and_told_once(
    seed: int, account: Account
) -> None:
    account.empty(BOT)
    account.client("s3").create_bucket(Bucket=OPENED)
    crowd = a_crowd(account, Random(seed), size=WORKERS, deaths=DEATHS)

    with account.never_giving_up():
        account.forget_events()
        work_through(account, crowd)

    run = seen(account)
    check_alone(run)
    check_told_once(run)
    check_truth(run)
    assert len(run.ledger) == FLIPS
    assert sum(poller.deaths for poller in crowd.pollers) >= WORKERS
    assert sum(poller.twice for poller in crowd.pollers) >= FLIPS
    assert sum(poller.conflicts for poller in crowd.pollers) >= CONFLICTS_EXPECTED


def work_through(account: Account, crowd: Crowd) -> None:
    """Open and close the bucket while everybody looks, and let one take what the crowd left."""
    with crowd.working():
        for flip in range(FLIPS):
            set_open(account, is_open=flip % 2 == 0)
        account.written()
    account.let_leases_run_out()
    with account.workers.hired() as staff:
        LambdaService(account, staff).settle()


def set_open(account: Account, *, is_open: bool) -> None:
    if is_open:
        policy = policy_open_to_all(OPENED)
        account.client("s3").put_bucket_policy(Bucket=OPENED, Policy=policy)
    else:
        account.client("s3").delete_bucket_policy(Bucket=OPENED)


def check_truth(run: Run) -> None:
    (finding,) = [f for f in run.findings if f.rule_id == PUBLIC]
    entries = sorted((e.seq, transition_from(e.body)) for e in run.history if PUBLIC in e.sk)
    turns = [t.kind for _, t in entries if t.kind in TURNS]
    opened = [kind is not TransitionKind.RESOLVED for kind in turns]
    assert finding.status is (Status.OPEN if FLIPS % 2 else Status.RESOLVED)
    assert opened == [number % 2 == 0 for number in range(len(opened))]
