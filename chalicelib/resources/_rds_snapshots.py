"""Snapshots of RDS: DB snapshots and cluster snapshots differ in nothing but names.

Who may restore one is told by a call of its own for each snapshot. Asking for ``public`` ones
instead would page through every other account's. Only manual snapshots can be shared, so the
others are not listed, and describing one saves that call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, whole
from chalicelib.resources._marked import marked_page, only_row
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._rds_payload import RDS, identifier_of
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

ACCOUNTS = "/observed/RestoreAccounts"
TAGS = "/properties/Tags"

_PAGE_SIZE = 100
_ATTRIBUTE = "restore"
_EVERYBODY = "all"
#: Prefixes of the names that RDS and AWS Backup give; nobody else can use a colon.
_UNSHAREABLE = ("rds:", "awsbackup:")

#: Whom a call lets restore a snapshot.
RESTORE_GRANTS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": closed(
        {
            "Audience": {"enum": ["anyone", "outsiders", "own-account"]},
            "Account": {"type": "string"},
        }
    ),
}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is called differently for the two kinds of snapshots.

    Attributes:
        word: ``DBSnapshot`` or ``DBClusterSnapshot``: what operations and members begin with.
        source: Member and property that names what the snapshot is of.
        arn: Resource part of the ARNs.
        encrypted: Member and property that says whether it is encrypted.
        last_of: Call that may leave one behind when it deletes the source.
        gone: Error codes for one that does not exist.
    """

    type: str
    noun: str
    word: str
    source: str
    arn: str
    encrypted: str
    last_of: str
    gone: tuple[str, ...]
    describe: Callable[[Any], Callable[..., Row]]
    describe_attributes: Callable[[Any], Callable[..., Row]]

    @property
    def identifier(self) -> str:
        """Name of the identifier in requests, answers and templates."""
        return f"{self.word}Identifier"


def snapshot_type(kind: Kind) -> ResourceType:
    """Return the resource type of one kind of snapshot."""
    facets = _facets(kind)
    return ResourceType(
        type=kind.type,
        service="rds",
        noun=kind.noun,
        schema=_schema(kind),
        routes=_routes(kind),
        facets=facets,
        list=_lister(kind),
        list_calls=facets[0].calls,
        list_permissions=facets[0].permissions,
        identify=identifier_of(kind.arn),
        arn=lambda ref: (
            f"arn:{ref.partition}:rds:{ref.region}:{ref.account_id}:{kind.arn}:{ref.id}"
        ),
        defaults=_defaults(kind),
        change_facts={"RestoreGrants": RESTORE_GRANTS_SCHEMA},
    )


def _schema(kind: Kind) -> dict[str, Any]:
    accounts = {"type": "array", "items": {"type": "string"}}
    return closed(
        {
            "properties": closed(_properties(kind)),
            "observed": closed({"RestoreAccounts": accounts}),
        }
    )


def _defaults(kind: Kind) -> dict[str, Any]:
    properties = {
        kind.identifier: "example",
        kind.source: "database",
        "Engine": "postgres",
        "SnapshotType": "manual",
        kind.encrypted: False,
        "Tags": [],
    }
    return {"properties": properties, "observed": {"RestoreAccounts": []}}


def _properties(kind: Kind) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        kind.identifier: text,
        kind.source: text,
        "Engine": text,
        "SnapshotType": text,
        kind.encrypted: {"type": "boolean"},
        "Tags": TAGS_SHAPE,
    }


def _facets(kind: Kind) -> tuple[Facet, Facet]:
    snapshot, attributes = f"rds:Describe{kind.word}s", f"rds:Describe{kind.word}Attributes"
    return (
        Facet(
            name="snapshot",
            calls=(snapshot,),
            permissions=(snapshot,),
            pointers=tuple(f"/properties/{name}" for name in _properties(kind)),
            read=_snapshot_reader(kind),
            existence=True,
        ),
        Facet(
            name="attributes",
            calls=(attributes,),
            permissions=(attributes,),
            pointers=(ACCOUNTS,),
            read=_attributes_reader(kind),
        ),
    )


def _snapshot_reader(kind: Kind) -> Callable[[Any, ResourceRef], FacetReading | None]:
    def read(aws: Any, ref: ResourceRef) -> FacetReading | None:
        client = aws.client("rds", account_id=ref.account_id, region=ref.region)
        answer = answer_or_none(kind.describe(client), *kind.gone, **{kind.identifier: ref.id})
        if answer is None:
            return None
        return _reading(kind, only_row(answer, f"{kind.word}s"))

    return read


def _attributes_reader(kind: Kind) -> Callable[[Any, ResourceRef], FacetReading | None]:
    def read(aws: Any, ref: ResourceRef) -> FacetReading | None:
        if ref.id.startswith(_UNSHAREABLE):
            return FacetReading(observed={"RestoreAccounts": []})
        client = aws.client("rds", account_id=ref.account_id, region=ref.region)
        answer = answer_or_none(
            kind.describe_attributes(client), *kind.gone, **{kind.identifier: ref.id}
        )
        if answer is None:
            return None
        return FacetReading(observed={"RestoreAccounts": _accounts(kind, answer)})

    return read


def _accounts(kind: Kind, answer: Row) -> list[str]:
    result = member(answer, f"{kind.word}AttributesResult")
    return sorted(
        account
        for attribute in member(result, f"{kind.word}Attributes")
        if member(attribute, "AttributeName") == _ATTRIBUTE
        for account in attribute.get("AttributeValues", ())
    )


def _lister(kind: Kind) -> Callable[[Any, str, str, str | None], Page]:
    def list_page(aws: Any, account_id: str, region: str, token: str | None) -> Page:
        client = aws.client("rds", account_id=account_id, region=region)

        def item(row: Row) -> Listed:
            ref = ResourceRef(
                account_id=account_id,
                region=region,
                type=kind.type,
                id=member(row, kind.identifier),
            )
            return whole(ref, lambda: _reading(kind, row))

        return marked_page(
            kind.describe(client),
            f"{kind.word}s",
            item,
            token,
            MaxRecords=_PAGE_SIZE,
            SnapshotType="manual",
        )

    return list_page


def _reading(kind: Kind, row: Row) -> FacetReading:
    return FacetReading(
        properties={
            kind.identifier: member(row, kind.identifier),
            kind.source: member(row, kind.source),
            "Engine": member(row, "Engine"),
            "SnapshotType": member(row, "SnapshotType"),
            kind.encrypted: member(row, kind.encrypted),
            "Tags": tags_from(row.get("TagList")),
        }
    )


def _routes(kind: Kind) -> tuple[Route, ...]:
    name = kind.identifier[0].lower() + kind.identifier[1:]
    own = (f"requestParameters.{name}", f"responseElements.{name}")
    copied = (f"requestParameters.target{kind.identifier}",)
    final = ("requestParameters.finalDBSnapshotIdentifier",)
    tagged = ("requestParameters.resourceName",)
    return (
        _route(f"Create{kind.word}", own, TAGS, creates=True),
        # A copy is shared with nobody, whoever may restore the original.
        _route(f"Copy{kind.word}", copied, TAGS, creates=True),
        _route(kind.last_of, final, creates=True),
        _route(f"Delete{kind.word}", own, deletes=True),
        _route(f"Modify{kind.word}Attribute", own, ACCOUNTS, propose=_granted, derive=grants),
        _route("AddTagsToResource", tagged, TAGS),
        _route("RemoveTagsFromResource", tagged, TAGS, propose=lambda _record: {TAGS: []}),
    )


def _route(action: str, ids: tuple[str, ...], *writes: str, **how: Any) -> Route:
    return Route(source=RDS, actions=(action,), ids=ids, writes=writes, **how)


def grants(record: Record) -> dict[str, Any]:
    """Derive whom a call lets restore the snapshot; taking away is no grant."""
    own = record.get("recipientAccountId")
    rows = [{"Audience": _audience(each, own), "Account": each} for each in _added(record)]
    return {"RestoreGrants": rows}


def _granted(record: Record) -> dict[str, Any]:
    return {ACCOUNTS: _added(record)}


def _added(record: Record) -> list[str]:
    values = field(parameters_of(record), "valuesToAdd")
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def _audience(account: str, own: Any) -> str:
    if account == _EVERYBODY:
        return "anyone"
    return "own-account" if account == own else "outsiders"
