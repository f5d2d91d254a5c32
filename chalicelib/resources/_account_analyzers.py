"""The IAM Access Analyzers of a Region.

What a newcomer gets wrong: analyzers of unused or internal access are analyzers too, and find no
resource that strangers can reach. An organisation's analyzer shows up only in the account that
owns it; its members have none by this answer.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part

_NAME = "Analyzers"
_POINTER = f"/observed/{_NAME}"
_SOURCE = "access-analyzer.amazonaws.com"
_FIELDS = {"AnalyzerName": "name", "Type": "type", "Status": "status"}


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("accessanalyzer", account_id=ref.account_id, region=ref.region)
    rows = [
        {name: member(analyzer, given) for name, given in _FIELDS.items()}
        for page in client.get_paginator("list_analyzers").paginate()
        for analyzer in member(page, "analyzers")
    ]
    return FacetReading(observed={_NAME: sorted(rows, key=lambda row: row["AnalyzerName"])})


def _propose_no_loss(_record: Record) -> Mapping[str, Any]:
    # Making one, of whatever kind, is never why another is missing.
    return {_POINTER: {}}


def _propose_none(_record: Record) -> Mapping[str, Any]:
    # A deletion does not say what the analyzer was: it explains only that none is left.
    return {_POINTER: []}


def _route(action: str, **more: Any) -> Route:
    return Route(source=_SOURCE, actions=(action,), ids=("awsRegion",), writes=(_POINTER,), **more)


ANALYZERS = Part(
    shapes={
        _NAME: {
            "type": "array",
            "items": closed({name: {"type": "string"} for name in _FIELDS}),
        }
    },
    defaults={_NAME: []},
    facets=(
        Facet(
            name="analyzers",
            calls=("accessanalyzer:ListAnalyzers",),
            permissions=("access-analyzer:ListAnalyzers",),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    routes=(
        _route("CreateAnalyzer", propose=_propose_no_loss),
        _route("DeleteAnalyzer", propose=_propose_none),
    ),
)
