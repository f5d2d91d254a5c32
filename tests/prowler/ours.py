"""Vigil: its scan, in this process, in the words of `verdicts`."""

from collections.abc import Iterable, Iterator, Mapping

from chalicelib.aws import Clients, SystemClock
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Compliance
from chalicelib.resources._observer import ResourceObserver
from tests.prowler.account.seeding import ACCOUNT, REGION
from tests.prowler.peer import resource_name
from tests.prowler.stage import Stage
from tests.prowler.verdicts import Place, Said, Verdicts, worst
from vigil.library.loading import library
from vigil.rulefiles import resource_types
from vigil.scan.account import Account, CountedClients
from vigil.scan.looking import Eyes
from vigil.scan.plan import tasks_for
from vigil.scan.rows import Row
from vigil.scan.running import scanned

_JOBS = 8
SAID: Mapping[Compliance, Said] = {
    Compliance.COMPLIANT: Said.NOTHING,
    Compliance.NOT_APPLICABLE: Said.NOTHING,
    Compliance.INSUFFICIENT_DATA: Said.UNKNOWN,
    Compliance.NON_COMPLIANT: Said.FAILS,
}


def scanned_account(stage: Stage) -> Verdicts:
    """Look at the whole account."""
    return worst(_said(_rows(stage), stage.account.names))


def _rows(stage: Stage) -> Iterator[Row]:
    known = resource_types()
    rulebook = Rulebook.in_force(library(known).ruleset, known)
    types = {resource_type.type: resource_type for resource_type in known}
    clock = SystemClock()
    clients = CountedClients(Clients(endpoint_url=stage.aws.url, session=stage.account.session))
    observer = ResourceObserver(clients, types, rulebook.pointers_for, clock)
    eyes = Eyes(observer=observer, rulebook=rulebook, types=types, clock=clock, everything=True)
    account = Account(id=ACCOUNT, partition="aws", caller=f"arn:aws:iam::{ACCOUNT}:root")
    tasks = tasks_for(rulebook, known, (REGION,))
    for finished in scanned(tasks, account, eyes, _JOBS):
        yield from finished.done.rows


def _said(rows: Iterable[Row], names: Mapping[str, str]) -> Iterator[tuple[Place, Said]]:
    for row in rows:
        name = names.get(row.resource_id) or resource_name(
            row.resource_type, row.resource_arn or row.resource_id, names
        )
        yield (row.rule_id, name), SAID[row.compliance]
