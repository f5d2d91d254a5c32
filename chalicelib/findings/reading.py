"""What people ask of the memory: lists by the page, one finding by its id, its history.

Every request does a bounded amount of work: a page may hold fewer than were asked for and still
have a next one. Reads through an index may lag by a moment, reads by key do not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec

from chalicelib.errors import InvalidRequestError
from chalicelib.findings._items import (
    finding_from,
    key_of,
    open_key,
    resolved_key,
)
from chalicelib.findings._tables import ID_INDEX, OPEN_INDEX
from chalicelib.findings.cursors import position_in
from chalicelib.findings.filters import FindingFilter, Listed, admits, shows
from chalicelib.findings.paging import PAGE_SIZE, PAGES_LIMIT, STAMP, Page, fits, page_of
from chalicelib.findings.past import DynamoPast
from chalicelib.model import Finding, Severity, Status

_WORST_FIRST = tuple(sorted(Severity, key=attrgetter("rank"), reverse=True))

#: Judges a finding as of now.
Judge = Callable[[Finding], Listed]


class FindingPosition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last finding that a page looked at.

    Attributes:
        part: Lists by severity are read one after the other; the number of this one.
        pk: Empty at the list's beginning.
    """

    part: int
    pk: str = ""
    sk: str = ""
    opened_at: str = ""


@dataclass(frozen=True, slots=True)
class DynamoReader:
    """Reads findings and their history over a boto3 DynamoDB client.

    Attributes:
        account_id: The account whose findings are listed.
    """

    client: Any
    findings_table: str
    history_table: str
    account_id: str

    def finding(self, finding_id: str) -> Finding | None:
        """Return a finding by its id; None where there never was one."""
        found = self.client.query(
            TableName=self.findings_table,
            IndexName=ID_INDEX,
            KeyConditionExpression="finding_id = :id",
            ExpressionAttributeValues={":id": {"S": finding_id}},
        )
        for keys in found["Items"]:
            key = key_of(keys["pk"]["S"], keys["sk"]["S"])
            stored = self.client.get_item(
                TableName=self.findings_table, Key=key, ConsistentRead=True
            )
            if "Item" in stored:
                return finding_from(stored["Item"])
        return None

    def findings(
        self, wanted: FindingFilter, judge: Judge, cursor: str | None, limit: int
    ) -> Page[Listed]:
        """Return a page of findings: open ones worst first, and always the newest first.

        Raises:
            InvalidRequestError: The cursor is none of this list.
        """
        parts = self._parts(wanted)
        start = _finding_position(cursor, wanted, parts) if cursor else FindingPosition(0)
        steps = ((at, _listed(finding, wanted, judge)) for at, finding in self._walk(parts, start))
        return page_of(steps, wanted, limit)

    @property
    def past(self) -> DynamoPast:
        """How it came to be."""
        return DynamoPast(self.client, self.history_table)

    def _parts(self, wanted: FindingFilter) -> tuple[str, ...]:
        """Return the keys under which what is wanted is listed."""
        if wanted.account not in (None, self.account_id):
            return ()
        if wanted.status is Status.RESOLVED:
            return (resolved_key(self.account_id),)
        severities = (s for s in _WORST_FIRST if not wanted.severities or s in wanted.severities)
        return tuple(open_key(self.account_id, severity.value) for severity in severities)

    def _walk(
        self, parts: tuple[str, ...], at: FindingPosition
    ) -> Iterator[tuple[FindingPosition | None, Finding | None]]:
        """Yield findings, each with its position; no finding where only the position moves."""
        for _ in range(PAGES_LIMIT):
            if at.part >= len(parts):
                yield None, None
                return
            page = self._part(parts[at.part], at)
            for item in page["Items"]:
                at = _after(at.part, item)
                yield at, finding_from(item)
            if "LastEvaluatedKey" not in page:
                at = FindingPosition(at.part + 1)
            yield at, None

    def _part(self, key: str, at: FindingPosition) -> Any:
        start = {
            **key_of(at.pk, at.sk),
            "open_key": {"S": key},
            "opened_at": {"S": at.opened_at},
        }
        return self.client.query(
            TableName=self.findings_table,
            IndexName=OPEN_INDEX,
            KeyConditionExpression="open_key = :key",
            ExpressionAttributeValues={":key": {"S": key}},
            ScanIndexForward=False,
            Limit=PAGE_SIZE,
            **({"ExclusiveStartKey": start} if at.pk else {}),
        )


def _listed(finding: Finding | None, wanted: FindingFilter, judge: Judge) -> Listed | None:
    if finding is None or not admits(wanted, finding):
        return None
    listed = judge(finding)
    return listed if shows(wanted, listed) else None


def _after(part: int, item: Mapping[str, Any]) -> FindingPosition:
    return FindingPosition(part, item["pk"]["S"], item["sk"]["S"], item["opened_at"]["S"])


def _finding_position(
    cursor: str, wanted: FindingFilter, parts: tuple[str, ...]
) -> FindingPosition:
    at = position_in(cursor, FindingPosition, wanted)
    begins = not (at.pk or at.sk or at.opened_at)
    stands = at.sk.startswith("finding#") and STAMP.fullmatch(at.opened_at)
    owned = any(part.split("#")[0] == at.pk.split("#")[0] for part in parts)
    here = begins or (stands and owned and fits(at.pk, at.sk))
    if not (0 <= at.part < max(len(parts), 1) and here):
        raise InvalidRequestError("the cursor names no position of this list")
    return at
