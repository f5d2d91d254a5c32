"""What holds for every resource type, tested on every one that is found."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib import resources
from chalicelib.model import (
    ConfigurationItem,
    Facet,
    FacetReading,
    GapReason,
    ResourceRef,
    ResourceType,
    Route,
    SweepRequest,
)
from chalicelib.model.pointer import pointer_of, tokens_of
from chalicelib.plugins import discover
from chalicelib.resources import _frame
from tests.integration.resources.damaged_rows import spoilt_answers
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    AUDITOR,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)
from tests.integration.resources.samples import CREATORS

TYPES = discover(resources, "RESOURCE_TYPE", ResourceType)

#: Calls whose IAM action is called otherwise than the call.
ACTIONS = {
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3control:GetAccessPoint": "s3:GetAccessPoint",
    "s3control:GetAccessPointPolicy": "s3:GetAccessPointPolicy",
    "s3control:ListAccessPoints": "s3:ListAccessPoints",
    "accessanalyzer:ListAnalyzers": "access-analyzer:ListAnalyzers",
    "emr:GetBlockPublicAccessConfiguration": "elasticmapreduce:GetBlockPublicAccessConfiguration",
    "opensearch:DescribeDomain": "es:DescribeDomain",
    "opensearch:DescribeDomains": "es:DescribeDomains",
    "opensearch:ListDomainNames": "es:ListDomainNames",
    "efs:DescribeFileSystems": "elasticfilesystem:DescribeFileSystems",
    "elbv2:DescribeLoadBalancers": "elasticloadbalancing:DescribeLoadBalancers",
    "elbv2:DescribeLoadBalancerAttributes": "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "apigateway:GetRestApis": "apigateway:GET",
    "apigateway:GetStage": "apigateway:GET",
    "apigateway:GetStages": "apigateway:GET",
    "apigatewayv2:GetApis": "apigateway:GET",
    "apigatewayv2:GetStage": "apigateway:GET",
    "apigatewayv2:GetStages": "apigateway:GET",
}

every_type = pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.type)


def everything(kind: ResourceType) -> frozenset[str]:
    facts = {pointer_of(("derived", fact.name)) for fact in kind.facts}
    return frozenset(facts | {pointer for facet in kind.facets for pointer in facet.pointers})


def look(aws: RecordedAws, kind: ResourceType, ref: ResourceRef) -> ConfigurationItem | None:
    return _frame.describe(aws, kind, ref, everything(kind), StoppedClock())


def errors(kind: ResourceType, item: ConfigurationItem) -> list[str]:
    validator = Draft202012Validator(_frame.schema_for(kind, everything(kind)))
    return [
        f"{error.instance_path}: {error.message}"
        for error in validator.iter_errors(item.document())
    ]


def routes(kind: ResourceType) -> tuple[Route, ...]:
    return (*kind.routes, *(route for companion in kind.companions for route in companion.routes))


@every_type
def test_every_name_of_an_item_is_filled_by_a_facet_and_no_facet_fills_another(
    kind: ResourceType,
) -> None:
    declared = {
        pointer_of((section, name))
        for section in ("properties", "observed")
        for name in kind.schema["properties"][section]["properties"]
    }

    assert {pointer for facet in kind.facets for pointer in facet.pointers} == declared


@every_type
def test_facts_and_volatile_pointers_and_routes_speak_of_names_an_item_has(
    kind: ResourceType,
) -> None:
    named = [
        *(pointer for fact in kind.facts for pointer in fact.inputs),
        *(pointer for route in routes(kind) for pointer in route.writes),
        *kind.volatile,
    ]

    names = {pointer_of(tokens_of(pointer)[:2]) for pointer in named}

    assert names <= {pointer for facet in kind.facets for pointer in facet.pointers}


@every_type
def test_at_most_one_facet_proves_existence(kind: ResourceType) -> None:
    assert sum(facet.existence for facet in kind.facets) <= 1


@every_type
def test_the_documented_defaults_are_a_complete_item(kind: ResourceType) -> None:
    ref = ResourceRef(account_id=ACCOUNT, region="eu-west-1", type=kind.type, id="fresh-1")
    fresh = _frame.listed(ref, FacetReading(**kind.defaults))

    derived = _frame.derive(kind, fresh, everything(kind))

    assert errors(kind, derived) == []
    assert derived.gaps == ()


@every_type
def test_permissions_are_those_that_the_declared_calls_need(kind: ResourceType) -> None:
    pairs: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        (facet.calls, facet.permissions) for facet in kind.facets
    ]
    pairs.append((kind.list_calls, kind.list_permissions))

    for calls, permissions in pairs:
        assert set(permissions) == {ACTIONS.get(call, call) for call in calls}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An account that holds the sample of one type. Looking changes nothing, so tests share it."""

    kind: ResourceType
    aws: RecordedAws
    ref: ResourceRef

    def look(self) -> ConfigurationItem | None:
        """Describe the sample, all of it."""
        return look(self.aws, self.kind, self.ref)

    def denied(self, facet: Facet) -> ConfigurationItem | None:
        """Describe the sample while the calls of one facet are denied."""
        self.aws.deny(*facet.calls)
        try:
            return self.look()
        finally:
            self.aws.refused.clear()


@pytest.fixture(scope="module", params=TYPES, ids=lambda kind: kind.type)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    kind: ResourceType = request.param
    with aws_on_moto() as aws:
        yield World(kind=kind, aws=aws, ref=CREATORS[kind.type](aws))


def test_a_sample_is_described_whole_by_exactly_the_declared_calls(world: World) -> None:
    world.aws.calls.clear()

    item = world.look()

    assert item is not None
    assert item.gaps == ()
    assert errors(world.kind, item) == []
    assert set(world.aws.calls) == {call for facet in world.kind.facets for call in facet.calls}


def test_a_denied_facet_is_a_gap_and_takes_nothing_else_with_it(world: World) -> None:
    whole = world.look()
    assert whole is not None

    for facet in world.kind.facets:
        item = world.denied(facet)

        assert item is not None, facet.name
        gaps = {gap.pointer: gap for gap in item.gaps if gap.pointer in facet.pointers}
        assert set(gaps) == set(facet.pointers)
        assert {gap.reason for gap in gaps.values()} == {GapReason.DENIED}, facet.name
        assert {gap.principal for gap in gaps.values()} == {AUDITOR}
        assert all(gap.call in facet.calls for gap in gaps.values())
        struck = _struck(world.kind, facet)
        assert _outside(item, struck) == _outside(whole, struck), facet.name


def test_facts_inherit_the_gaps_of_a_denied_facet(world: World) -> None:
    for facet in world.kind.facets:
        item = world.denied(facet)

        assert item is not None
        dependent = {
            pointer_of(("derived", fact.name))
            for fact in world.kind.facts
            if {pointer_of(tokens_of(given)[:2]) for given in fact.inputs}
            & _struck(world.kind, facet)
            if not (fact.settled and fact.settled(item))
        }
        inherited = {gap.pointer for gap in item.gaps if gap.pointer.startswith("/derived/")}
        assert inherited == dependent, facet.name


def test_what_does_not_exist_is_described_as_none(world: World) -> None:
    if not any(facet.existence for facet in world.kind.facets):
        return  # an account always exists
    gone = replace(world.ref, id=f"{world.ref.id}-gone")

    assert look(world.aws, world.kind, gone) is None


def test_a_listing_finds_the_sample_with_the_declared_calls(world: World) -> None:
    kind, aws, ref = world.kind, world.aws, world.ref
    described = world.look()
    aws.calls.clear()

    request = SweepRequest(account_id=ACCOUNT, region=ref.region, type=kind.type)
    page = _frame.page(aws, kind, request, everything(kind), StoppedClock())

    found = {item.ref.id: item for item in page.items}
    assert ref.id in {*found, *(listed.id for listed in page.refs)}
    declared = {*kind.list_calls, *(call for facet in kind.facets for call in facet.calls)}
    assert set(aws.calls) <= declared
    assert set(kind.list_calls) <= set(aws.calls)
    assert _content(found.get(ref.id)) in (None, _content(described))


def test_an_odd_row_of_a_listing_takes_no_other_row_with_it(world: World) -> None:
    kind, aws, ref = world.kind, world.aws, world.ref
    request = SweepRequest(account_id=ACCOUNT, region=ref.region, type=kind.type)
    aws.heard.clear()
    listed = kind.list(aws, ACCOUNT, ref.region, None)
    pointers = _listed_pointers(kind, listed.items)
    good = {call: aws.heard[call] for call in kind.list_calls if call in aws.heard}
    spoilt = [
        (call, done, answer) for call in good for done, answer in spoilt_answers(good[call], ref.id)
    ]

    assert spoilt or not kind.list_calls
    for call, done, answer in spoilt:
        aws.once.update({**good, call: answer})
        page = _frame.page(aws, kind, request, pointers, StoppedClock())

        found = [*(item.ref.id for item in page.items), *(other.id for other in page.refs)]
        assert ref.id in found, f"{call} {done}"


def _listed_pointers(kind: ResourceType, items: tuple[ConfigurationItem, ...]) -> frozenset[str]:
    """Return what listed items hold already, and the facts that need no more: no call is added."""
    held = {
        pointer_of((section, name))
        for item in items[:1]
        for section in ("properties", "observed")
        for name in item.document()[section]
    }
    facts = (fact for fact in kind.facts if held.issuperset(map(_name, fact.inputs)))
    return frozenset(held | {pointer_of(("derived", fact.name)) for fact in facts})


def _name(pointer: str) -> str:
    return pointer_of(tokens_of(pointer)[:2])


def _struck(kind: ResourceType, facet: Facet) -> set[str]:
    """Return the pointers of every facet that makes one of this one's calls."""
    return {
        pointer
        for other in kind.facets
        if set(other.calls) & set(facet.calls)
        for pointer in other.pointers
    }


def _outside(item: ConfigurationItem, pointers: set[str]) -> dict[str, Any]:
    document = {"properties": item.properties, "observed": item.observed}
    return {
        pointer_of((section, name)): value
        for section, values in document.items()
        for name, value in values.items()
        if pointer_of((section, name)) not in pointers
    }


def _content(item: ConfigurationItem | None) -> tuple[Any, ...] | None:
    return item and (item.document(), item.gaps, item.companions)
