"""What somebody with his own credentials writes into the tables, and stores that misbehave."""

from dataclasses import replace
from typing import Any

import msgspec

from chalicelib.errors import ConflictError
from chalicelib.findings._items import item_of_entry
from chalicelib.findings.history import body_of, hash_of, transition_from
from chalicelib.model import (
    Act,
    Commit,
    Exemption,
    ExemptionStatus,
    Identity,
    Severity,
    Transition,
    TransitionKind,
)
from tests.integration.findings.accepting import Office, key_of
from tests.integration.findings.looking import look
from tests.unit.findings.exempting import (
    BEN,
    asked,
)
from tests.unit.findings.given import evaluation, sighting


class Killed(BaseException):
    """The process is gone."""


class Dead:
    """A store that its caller does not live to use."""

    def __getattr__(self, name: str) -> Any:
        raise Killed


class Moving:
    """A store in which the finding moves just before it is written to, once."""

    def __init__(self, office: Office) -> None:
        self._office, self._store = office, office.store
        self.conflicts = 0

    def commit(self, commit: Commit) -> None:
        """Move the finding, then write."""
        if not self.conflicts:
            milder = evaluation(severity=Severity.LOW)
            look(self._store, sighting(milder, start=30, fingerprint="f-other"))
        try:
            self._store.commit(commit)
        except ConflictError:
            self.conflicts += 1
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Empty:
    """A store whose list of open findings lags behind."""

    def __init__(self, office: Office) -> None:
        self._store = office.store

    def open_findings(self, _account_id: str) -> Any:
        """Yield nothing yet."""
        return iter(())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Behind:
    """A register that shows what was a moment ago, and writes to what is."""

    def __init__(self, register: Any, seen: Any) -> None:
        self._register, self._seen = register, seen

    def exemption(self, _exemption_id: str) -> Any:
        """Return what was a moment ago."""
        return self._seen

    def roster(self, _account_id: str) -> Any:
        """Return what was a moment ago."""
        return self._seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)


class Crowded:
    """A register in which 200 requests wait."""

    def __init__(self, register: Any) -> None:
        self._register = register

    def exemptions(self) -> list[Exemption]:
        """Return them all."""
        return [asked()] * 200

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)


def approved_by(before: Exemption, by: Identity, office: Office) -> Exemption:
    """Return an exemption as it would be if somebody had approved it."""
    return replace(
        before,
        status=ExemptionStatus.APPROVED,
        decided_by=by,
        decided_at=office.clock.now(),
        revision=before.revision + 1,
    )


def forge(office: Office, before: Exemption, after: Exemption) -> None:
    """Write a row and its entry, as whoever may write both tables can."""
    genuine = transition_from(office.register.history(key_of(before.id))[-1].body)
    forged: Transition = replace(
        genuine,
        kind=TransitionKind.EXEMPTION_APPROVED,
        seq=after.revision,
        prev=before.head,
        times=replace(genuine.times, decided=office.clock.now()),
        exemption=replace(after, head=None),
        act=Act(by=after.decided_by or BEN),
    )
    history = office.database.table("history")
    office.client.put_item(TableName=history, Item=item_of_entry(forged))
    put_row(office, replace(after, head=hash_of(body_of(forged))))


def put_row(office: Office, record: Any) -> None:
    """Write a row with one's own credentials."""
    kind = "exemption" if isinstance(record, Exemption) else "person"
    row = raw_row(office, kind, record.id)
    row |= {
        "document": {"S": msgspec.json.encode(record).decode()},
        "revision": {"N": str(record.revision)},
    }
    office.client.put_item(TableName=office.database.table("work"), Item=row)


def raw_row(office: Office, kind: str, name: str) -> dict[str, Any]:
    work, key = office.database.table("work"), {"pk": {"S": kind}, "sk": {"S": name}}
    item: dict[str, Any] = office.client.get_item(TableName=work, Key=key)["Item"]
    return item
