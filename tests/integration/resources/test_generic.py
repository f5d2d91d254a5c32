"""What holds for every resource type, tested on every one that is found."""

from dataclasses import replace
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
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    AUDITOR,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)
from tests.integration.resources.samples import CREATORS

TYPES = discover(resources, "RESOURCE_TYPE", ResourceType)
FACETS = [
    pytest.param(kind, facet, id=f"{kind.type} {facet.name}")
    for kind in TYPES
    for facet in kind.facets
]

#: Calls whose IAM action is called otherwise than the call.
ACTIONS = {
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
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


@every_type
def test_a_sample_is_described_whole_by_exactly_the_declared_calls(kind: ResourceType) -> None:
    with aws_on_moto() as aws:
        ref = CREATORS[kind.type](aws)
        aws.calls.clear()
        item = look(aws, kind, ref)

    assert item is not None
    assert item.gaps == ()
    assert errors(kind, item) == []
    assert set(aws.calls) == {call for facet in kind.facets for call in facet.calls}


@pytest.mark.parametrize(("kind", "facet"), FACETS)
def test_a_denied_facet_is_a_gap_and_takes_nothing_else_with_it(
    kind: ResourceType, facet: Facet
) -> None:
    with aws_on_moto() as aws:
        ref = CREATORS[kind.type](aws)
        whole = look(aws, kind, ref)
        aws.deny(*facet.calls)
        item = look(aws, kind, ref)

    assert whole is not None
    assert item is not None
    gaps = {gap.pointer: gap for gap in item.gaps if gap.pointer in facet.pointers}
    assert set(gaps) == set(facet.pointers)
    assert {gap.reason for gap in gaps.values()} == {GapReason.DENIED}
    assert {gap.principal for gap in gaps.values()} == {AUDITOR}
    assert all(gap.call in facet.calls for gap in gaps.values())
    assert _outside(item, facet) == _outside(whole, facet)


@pytest.mark.parametrize(("kind", "facet"), FACETS)
def test_facts_inherit_the_gaps_of_a_denied_facet(kind: ResourceType, facet: Facet) -> None:
    with aws_on_moto() as aws:
        ref = CREATORS[kind.type](aws)
        aws.deny(*facet.calls)
        item = look(aws, kind, ref)

    assert item is not None
    dependent = {
        pointer_of(("derived", fact.name))
        for fact in kind.facts
        if {pointer_of(tokens_of(given)[:2]) for given in fact.inputs} & set(facet.pointers)
        if not (fact.settled and fact.settled(item))
    }
    inherited = {gap.pointer for gap in item.gaps if gap.pointer.startswith("/derived/")}
    assert inherited == dependent


@pytest.mark.parametrize(
    "kind",
    [kind for kind in TYPES if any(facet.existence for facet in kind.facets)],
    ids=lambda kind: kind.type,
)
def test_what_does_not_exist_is_described_as_none(kind: ResourceType) -> None:
    with aws_on_moto() as aws:
        ref = CREATORS[kind.type](aws)
        gone = replace(ref, id=f"{ref.id}-gone")

        assert look(aws, kind, gone) is None


@every_type
def test_a_listing_finds_the_sample_with_the_declared_calls(kind: ResourceType) -> None:
    with aws_on_moto() as aws:
        ref = CREATORS[kind.type](aws)
        aws.calls.clear()
        request = SweepRequest(account_id=ACCOUNT, region=ref.region, type=kind.type)
        page = _frame.page(aws, kind, request, everything(kind), StoppedClock())
        described = look(RecordedAws(), kind, ref)

    found = {item.ref.id: item for item in page.items}
    assert ref.id in {*found, *(listed.id for listed in page.refs)}
    declared = {*kind.list_calls, *(call for facet in kind.facets for call in facet.calls)}
    assert set(aws.calls) <= declared
    assert set(kind.list_calls) <= set(aws.calls)
    assert _content(found.get(ref.id)) in (None, _content(described))


def _outside(item: ConfigurationItem, facet: Facet) -> dict[str, Any]:
    document = {"properties": item.properties, "observed": item.observed}
    return {
        pointer_of((section, name)): value
        for section, values in document.items()
        for name, value in values.items()
        if pointer_of((section, name)) not in facet.pointers
    }


def _content(item: ConfigurationItem | None) -> tuple[Any, ...] | None:
    return item and (item.document(), item.gaps, item.companions)
