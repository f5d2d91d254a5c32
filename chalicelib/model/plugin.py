"""The records that plug-ins are: what a resource type, a facet, a fact, a route declare.

A type is one file with the constant ``RESOURCE_TYPE``; everything generic (event patterns, IAM
permissions, describing with gaps, deriving, routing) works from these declarations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.model.resource import ConfigurationItem, Gap, ResourceRef

#: One CloudTrail record as parsed JSON: somebody else's data, typed only by looking.
Record = Mapping[str, Any]


class Relation(StrEnum):
    """How dependents of a companion are found."""

    EDGE = "edge"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Events → resource ids and the pointers the call writes.

    Attributes:
        source: ``eventSource``, e.g. ``ec2.amazonaws.com``.
        actions: Event names without date suffix.
        ids: Record paths (``requestParameters.groupId``, ``…items[].groupId``), keys compared
            without case; every value of the first path that yields one is an id. Empty: the
            account itself is the resource.
        writes: JSON Pointers into the item.
        propose: Record → pointer → normalised value, where the payload carries it.
        derive: Record → facts that change rules read (``change.derived``).
        observe: Record → pointer below ``/observed`` → value that the record proves.
        delivered: False keeps the event out of the EventBridge patterns (read-only or high
            volume); replay and reconciliation still understand it.
    """

    source: str
    actions: tuple[str, ...]
    ids: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    creates: bool = False
    deletes: bool = False
    propose: Callable[[Record], Mapping[str, Any]] | None = None
    derive: Callable[[Record], Mapping[str, Any]] | None = None
    observe: Callable[[Record], Mapping[str, Any]] | None = None
    delivered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Another resource whose change can change this type's verdicts.

    Attributes:
        routes: Events on the companion; ``ids`` are the companion's, ``writes`` and
            ``propose`` speak in pointers of the dependent's item.
        identify: As `ResourceType.identify`, for the companion.
    """

    type: str
    region: str | None = None
    relation: Relation
    routes: tuple[Route, ...]
    identify: Callable[[str, Record], str | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetReading:
    """What one facet's calls said. Companions are store keys.

    Attributes:
        sound: Pointers of values that are plain JSON of the declared shape by construction; the
            frame does not look at them again.
    """

    properties: Mapping[str, Any] = field(default_factory=dict)
    observed: Mapping[str, Any] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    companions: tuple[str, ...] = ()
    unique_id: str | None = None
    sound: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A part of a type's description that one or few calls give.

    Attributes:
        calls: API calls it may make, ``service:Operation`` as botocore names the operation.
        permissions: IAM actions those calls need.
        pointers: Item pointers it fills; a failed call makes a gap at each of them.
        read: (aws, ref) → reading, or None where AWS says the resource does not exist. Raises
            botocore errors freely: the frame turns them into gaps.
        existence: True for the facet whose None proves the resource absent; always read first.
    """

    name: str
    calls: tuple[str, ...]
    permissions: tuple[str, ...]
    pointers: tuple[str, ...]
    read: Callable[[Any, ResourceRef], FacetReading | None]
    existence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A derived fact: ``/derived/<name>``.

    Attributes:
        inputs: Pointers it is computed from; a gap touching one makes a gap on the fact.
        compute: Item → plain JSON value. Pure, no clock.
        partial: True where `compute` copes with gaps and returns only what is proven in spite
            of them; the gap stays on the fact, failures found below it stand. False: the fact
            is None under a gap.
        schema: JSON Schema of the value (closed: every key required).
        settled: With `partial`: True where no gap can change the value (an unread ACL of a bucket
            that ignores ACLs): the fact then carries no gap.
    """

    name: str
    inputs: tuple[str, ...]
    compute: Callable[[ConfigurationItem], Any]
    schema: Mapping[str, Any]
    partial: bool = False
    settled: Callable[[ConfigurationItem], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a type's population: whole items, or only names to be looked at one by one.

    Attributes:
        nameless: Rows of the listing that do not even say which resource they are.
    """

    items: tuple[ConfigurationItem, ...] = ()
    refs: tuple[ResourceRef, ...] = ()
    nameless: int = 0
    next_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One resource type.

    Attributes:
        noun: What a person calls it (``bucket``).
        schema: JSON Schema of ``{"properties": …, "observed": …}`` of a complete item: objects
            closed by ``additionalProperties: false`` and ``required``; facts bring their own.
        is_global: Items live in region ``global``.
        identify: (raw id from the record, record) → the id of the reference, or None where it
            names nothing we can look at.
        resolve: (aws, ref) → canonical ref, or None where it does not exist; for ids that AWS
            accepts in more than one spelling. None: ids are canonical already.
        list: (aws, account_id, region, token) → page. Items carry no derived facts yet.
        list_calls: Calls `list` may make; `list_permissions` what they need.
        volatile: Pointers left out of the fingerprint.
        arn: Ref → ARN, or None where the resource has none of its own.
        defaults: ``{"properties": …, "observed": …}`` of a freshly created resource with AWS's
            documented defaults. Completes rule examples and templates, never live items.
        change_facts: Name → JSON Schema of what the routes' `derive` may return.
    """

    type: str
    service: str
    noun: str
    schema: Mapping[str, Any]
    is_global: bool = False
    routes: tuple[Route, ...]
    companions: tuple[Companion, ...] = ()
    facets: tuple[Facet, ...]
    facts: tuple[Fact, ...] = ()
    list: Callable[[Any, str, str, str | None], Page]
    list_calls: tuple[str, ...]
    list_permissions: tuple[str, ...]
    identify: Callable[[str, Record], str | None] | None = None
    resolve: Callable[[Any, ResourceRef], ResourceRef | None] | None = None
    defaults: Mapping[str, Any]
    volatile: tuple[str, ...] = ()
    arn: Callable[[ResourceRef], str | None] | None = None
    change_facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
