"""The composition root of acting: what a person does to a finding, under whatever moves meanwhile.

A finding is read, decided upon and written; where a look or somebody else was quicker, all of it
happens again with the finding as it is by then. What made sense before may make none any more.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws import Clients, SystemClock
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.findings import acts
from chalicelib.findings._items import entry_key
from chalicelib.findings.history import body_of, chained
from chalicelib.findings.reading import DynamoReader
from chalicelib.findings.store import DynamoStore
from chalicelib.model import Act, Finding, Identity, Transition
from chalicelib.ports import Clock
from chalicelib.settings import Settings

#: Attempts before whoever asks has to ask again.
ATTEMPTS = 3
_ID = re.compile(r"[0-9a-f]{32}")
Decision = Callable[[Finding, datetime], Transition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """What acting on findings needs.

    Attributes:
        find: Finding id → the finding as it is now, read by its key; None where there is none.
    """

    find: Callable[[str], Finding | None]
    store: DynamoStore
    clock: Clock

    def act(self, finding_id: str, decide: Decision) -> Finding:
        """Do what was decided and return the finding after it.

        Raises:
            NotFoundError: There is no such finding.
            InvalidRequestError: It makes no sense as the finding is.
            ConflictError: Others kept being quicker.
        """
        for _ in range(ATTEMPTS):
            transition = decide(self._found(finding_id), self.clock.now())
            try:
                self.store.commit(acts.commit_of_act(transition))
            except ConflictError:
                if not self._stands(transition):
                    continue
            return _after(transition)
        raise ConflictError(f"finding {finding_id} kept moving")

    def _stands(self, transition: Transition) -> bool:
        """Tell whether this very entry was written: a lost answer lets AWS's client write twice."""
        stored = self.store.entry(transition.subject.ref.key, entry_key(transition))
        return stored is not None and stored.body == body_of(transition)

    def _found(self, finding_id: str) -> Finding:
        # What is no id is no key either: DynamoDB would refuse the longest and the empty one.
        found = self.find(finding_id) if _ID.fullmatch(finding_id) else None
        if found is None:
            raise NotFoundError("there is no such finding")
        return found


def acknowledge(finding_id: str, by: Identity, note: str | None = None) -> Finding:
    """Note that somebody sees to a finding; return it as it is then. Raises as `Acting.act`."""
    act = Act(by=by, note=note)
    return _acting().act(finding_id, lambda found, now: acts.acknowledged(found, act, now))


def assign(finding_id: str, assignee: str | None, by: Identity, note: str | None = None) -> Finding:
    """Note who is to see to a finding, None for nobody. Raises as `Acting.act`."""
    act = Act(by=by, note=note)
    return _acting().act(finding_id, lambda found, now: acts.assigned(found, assignee, act, now))


def note(finding_id: str, by: Identity, text: str) -> Finding:
    """Keep a remark on a finding. Raises as `Acting.act`."""
    act = Act(by=by, note=text)
    return _acting().act(finding_id, lambda found, now: acts.noted(found, act, now))


def _acting() -> Acting:
    return acting_over(Settings.from_env())


@functools.cache
def acting_over(settings: Settings) -> Acting:
    """Return what the environment describes, built once."""
    client = Clients(endpoint_url=settings.endpoint_url).client("dynamodb")
    findings, history = settings.findings_table, settings.history_table
    reader = DynamoReader(client, findings, history, settings.account_id)
    return Acting(
        find=reader.finding,
        store=DynamoStore(client, findings, history, settings.ledger_table),
        clock=SystemClock(),
    )


def _after(transition: Transition) -> Finding:
    finding = transition.finding
    if finding is None:
        raise TypeError("an act on a finding bears it")
    return chained(finding, body_of(transition))
