"""The register of people and exemptions: rows in the work table, believed only with their history.

Rows are there to be listed and to keep two writers apart; what they say is compared with the
history at every reading. Who writes a row, deletes one or puts an older one back gains nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from chalicelib.errors import InvalidRequestError
from chalicelib.findings._exemption_states import EXEMPTION_TYPE, is_effective
from chalicelib.findings._items import Item, entry_from, item_of_entry, key_of
from chalicelib.findings._refusals import raise_for
from chalicelib.findings._transactions import Action, Role
from chalicelib.findings.chains import altered, newest_of
from chalicelib.findings.history import Entry, body_of, hash_of
from chalicelib.findings.people import PERSON_TYPE, first_person, first_persons_ref, is_first
from chalicelib.model import Exemption, ExemptionStatus, Person, Transition

logger = Logger(service="vigil-register")

EXEMPTION, PERSON = "exemption", "person"
_LIST = ("people", "revision")
_ABSENT = "attribute_not_exists(pk)"
#: Whether the findings an exemption is about have been told of its last move.
_SETTLED = "settled"
_R = TypeVar("_R", Exemption, Person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An exemption that can be believed.

    Attributes:
        settled: False where findings may not yet bear what it last became.
    """

    exemption: Exemption
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Everybody on the list, as it was read.

    Attributes:
        firsts: The entry that counts the last person whom nobody confirmed, or None.
        revision: Counts changes of the list.
    """

    people: tuple[Person, ...]
    firsts: Entry | None
    revision: int

    @property
    def first_persons(self) -> int:
        """How many persons of the deployment were ever confirmed by nobody."""
        return self.firsts.seq if self.firsts else 0


@dataclass(frozen=True, slots=True)
class DynamoRegister:
    """People and exemptions over a boto3 DynamoDB client."""

    client: Any
    work_table: str
    history_table: str

    def exemptions(self) -> tuple[Exemption, ...]:
        """Return every exemption that can be believed."""
        return tuple(one.exemption for one in self.stored())

    def stored(self) -> tuple[Stored, ...]:
        """Return every exemption that can be believed, and whether its findings know of it."""
        rows = self._rows(EXEMPTION)
        found = ((row, self._believed(row, Exemption)) for row in rows)
        return tuple(
            Stored(exemption=one, settled=row.get(_SETTLED, {}).get("BOOL") is not False)
            for row, one in found
            if one is not None
        )

    def approved(self) -> tuple[Exemption, ...]:
        """Return the exemptions that can be in force; of the others no history is read."""
        rows = (r for r in self._rows(EXEMPTION) if _claims_approval(r))
        return tuple(e for e in (self._believed(row, Exemption) for row in rows) if e is not None)

    def exemption(self, exemption_id: str) -> Exemption | None:
        """Return an exemption; None where there is none, or it cannot be believed."""
        row = self._row(EXEMPTION, exemption_id)
        return self._believed(row, Exemption) if row else None

    def people(self) -> tuple[Person, ...]:
        """Return every person that can be believed, the removed ones too."""
        found = (self._believed(row, Person) for row in self._rows(PERSON))
        return tuple(person for person in found if person is not None)

    def person(self, person_id: str) -> Person | None:
        """Return a person; None where there is none, or it cannot be believed."""
        row = self._row(PERSON, person_id)
        return self._believed(row, Person) if row else None

    def roster(self, account_id: str) -> Roster:
        """Return everybody, and what a change of the list is conditional on."""
        # The number first: a change between the two readings makes the write fail.
        row = self._row(*_LIST)
        firsts = newest_of(self._entries(first_persons_ref(account_id).key))
        revision = int(row["revision"]["N"]) if row else 0
        return Roster(people=self.people(), firsts=firsts, revision=revision)

    def history(self, key: str) -> tuple[Entry, ...]:
        """Return the entries below a store key, in the order in which they follow each other."""
        return tuple(sorted(self._entries(key), key=lambda entry: entry.seq))

    def tampered(self) -> tuple[str, ...]:
        """Name every row that cannot be believed, and why."""
        kinds: Mapping[str, type[Exemption | Person]] = {
            EXEMPTION: Exemption,
            PERSON: Person,
        }
        problems = (
            (f"{name} {row['sk']['S']}", self._problem(row, kind))
            for name, kind in kinds.items()
            for row in self._rows(name)
        )
        return tuple(f"{name}: {problem}" for name, problem in problems if problem)

    def save(self, transition: Transition, roster: Roster | None = None) -> None:
        """Write a move of a person or an exemption: its row and its entry, both or neither.

        Args:
            transition: The move.
            roster: The list that the move of a person was decided by.

        Raises:
            ConflictError: Somebody else moved it, or the list, since it was read.
            RetryableError: DynamoDB is overloaded.
        """
        puts = [self._row_put(transition), self._entry_put(transition)]
        if roster is not None:
            puts += self._roster_puts(transition, roster)
        try:
            self.client.transact_write_items(TransactItems=puts)
        except ClientError as error:
            # A lost answer lets AWS's client write twice.
            if not self._stands(transition):
                actions = [Action(role=Role.ENTRY, request=put) for put in puts]
                raise_for(error, actions, guarded=True)

    def settle(self, exemption: Exemption) -> None:
        """Note that its findings bear what an exemption has become, unless it has moved since."""
        try:
            self.client.update_item(
                TableName=self.work_table,
                Key=key_of(EXEMPTION, exemption.id),
                UpdateExpression=f"SET {_SETTLED} = :yes",
                ConditionExpression="revision = :known",
                ExpressionAttributeValues={
                    ":yes": {"BOOL": True},
                    ":known": {"N": str(exemption.revision)},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def _row_put(self, transition: Transition) -> dict[str, Any]:
        record = _record_of(transition)
        stored = replace(record, head=hash_of(body_of(transition)))
        item = {
            **key_of(_kind_of(record), record.id),
            "document": {"S": msgspec.json.encode(stored, order="sorted").decode()},
            "revision": {"N": str(record.revision)},
            "history": {"S": transition.subject.ref.key},
        }
        if isinstance(record, Exemption):
            item[_SETTLED] = {"BOOL": not is_effective(transition)}
        put: dict[str, Any] = {
            "TableName": self.work_table,
            "Item": item,
            "ConditionExpression": _ABSENT,
        }
        if record.revision > 1:
            put["ConditionExpression"] = "revision = :known"
            put["ExpressionAttributeValues"] = {":known": {"N": str(record.revision - 1)}}
        return {"Put": put}

    def _entry_put(self, transition: Transition) -> dict[str, Any]:
        item = item_of_entry(transition)
        put = {"TableName": self.history_table, "Item": item, "ConditionExpression": _ABSENT}
        return {"Put": put}

    def _roster_puts(self, transition: Transition, roster: Roster) -> list[dict[str, Any]]:
        """Let one change of the list follow the other, and count the first persons in history."""
        guard: dict[str, Any] = {
            "TableName": self.work_table,
            "Item": {**key_of(*_LIST), "revision": {"N": str(roster.revision + 1)}},
            "ConditionExpression": _ABSENT,
        }
        if roster.revision:
            guard["ConditionExpression"] = "revision = :known"
            guard["ExpressionAttributeValues"] = {":known": {"N": str(roster.revision)}}
        if not is_first(transition):
            return [{"Put": guard}]
        prev = hash_of(roster.firsts.body) if roster.firsts else None
        counted = first_person(transition, roster.first_persons, prev)
        return [{"Put": guard}, self._entry_put(counted)]

    def _stands(self, transition: Transition) -> bool:
        entries = self._entries(transition.subject.ref.key)
        return any(entry.body == body_of(transition) for entry in entries)

    def _believed(self, row: Item, kind: type[_R]) -> _R | None:
        problem = self._problem(row, kind)
        if problem is None:
            return _decoded(row, kind)
        logger.error(
            "register altered", extra={"kind": row["pk"]["S"], "id": row["sk"]["S"], "why": problem}
        )
        return None

    def _problem(self, row: Item, kind: type[Exemption] | type[Person]) -> str | None:
        """Say why a row cannot be believed; None where it can."""
        record = _decoded(row, Exemption) if kind is Exemption else _decoded(row, Person)
        key = row.get("history", {}).get("S", "")
        if record is None or not _is_history_of(key, record) or record.id != row["sk"]["S"]:
            return "it is no row of Vigil's"
        try:
            return altered(record, key, self._entries(key))
        except (KeyError, ValueError):
            return "its history cannot be read"

    def _rows(self, pk: str) -> Iterator[Item]:
        return self._below(self.work_table, pk)

    def _row(self, pk: str, sk: str) -> Item | None:
        answer = self.client.get_item(
            TableName=self.work_table, Key=key_of(pk, sk), ConsistentRead=True
        )
        item: Item | None = answer.get("Item")
        return item

    def _entries(self, key: str) -> list[Entry]:
        return [entry_from(item) for item in self._below(self.history_table, key)]

    def _below(self, table: str, pk: str) -> Iterator[Item]:
        query: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ConsistentRead": True,
        }
        while True:
            page = self.client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _decoded(row: Item, kind: type[_R]) -> _R | None:
    """Read a row's document; None where it is none."""
    try:
        return msgspec.json.decode(row.get("document", {}).get("S", ""), type=kind)
    except msgspec.DecodeError:
        return None


def _claims_approval(row: Item) -> bool:
    claimed = _decoded(row, Exemption)
    return claimed is None or claimed.status is ExemptionStatus.APPROVED


def _is_history_of(key: str, record: Exemption | Person) -> bool:
    type_name = EXEMPTION_TYPE if isinstance(record, Exemption) else PERSON_TYPE
    return key.split("#", 3)[1:] == ["global", type_name, record.id]


def _record_of(transition: Transition) -> Exemption | Person:
    record = transition.exemption or transition.person
    if record is None:
        raise InvalidRequestError("the entry is about neither a person nor an exemption")
    return record


def _kind_of(record: Exemption | Person) -> str:
    return EXEMPTION if isinstance(record, Exemption) else PERSON
