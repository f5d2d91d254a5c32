"""Who may use the Data Catalog of a Region: Glue has one per Region, with one policy.

The catalog's tables say where the data of an account lies and what it looks like. Policies of
single resources, which Resource Access Manager writes, are not in it.
"""

from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._parts import Part
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    POLICY_SCHEMA,
    derived_openings,
    policy_fact,
    policy_from,
    proposed_policy,
    proposes,
)

_NAME = "GlueCatalogPolicy"
_POINTER = f"/observed/{_NAME}"
_CALL = "glue:GetResourcePolicy"
_KIND = "glue"
_SOURCE = "glue.amazonaws.com"
_NO_POLICY = "EntityNotFoundException"
_REGION = ("awsRegion",)


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("glue", account_id=ref.account_id, region=ref.region)
    # A catalog without a policy answers with an error; an answer without one says the same.
    answer = answer_or_none(client.get_resource_policy, _NO_POLICY) or {}
    return FacetReading(observed={_NAME: policy_from(answer.get("PolicyInJson"))})


GLUE_CATALOG = Part(
    shapes={_NAME: POLICY_SCHEMA},
    defaults={_NAME: None},
    facets=(
        Facet(
            name="glue_catalog",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    facts=(policy_fact(_POINTER, _KIND, name="GlueCatalogOpenings"),),
    routes=(
        Route(
            source=_SOURCE,
            actions=("PutResourcePolicy",),
            ids=_REGION,
            writes=(_POINTER,),
            propose=proposed_policy(_POINTER, "policyInJson"),
            derive=derived_openings(_KIND, "policyInJson"),
        ),
        Route(
            source=_SOURCE,
            actions=("DeleteResourcePolicy",),
            ids=_REGION,
            writes=(_POINTER,),
            propose=proposes(_POINTER, None),
        ),
    ),
    change_facts=POLICY_CHANGE_FACTS,
)
