"""The organisation as the account sees it, as a part of it.

Every member may ask which organisation it is in; who its delegated administrators are and what it
manages centrally is told to the management account and to delegated administrators only. For
everybody else that is a gap, and nothing is concluded.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import code_of, member
from chalicelib.resources._parts import Part
from chalicelib.resources._payload import field, parameters_of

_ORGANIZATION = "/observed/Organization"
_ADMINISTRATORS = "/observed/DelegatedAdministrators"
_FEATURES = "/observed/OrganizationFeatures"
_SOURCE, _IAM = "organizations.amazonaws.com", "iam.amazonaws.com"

_NO_ORGANIZATION = "AWSOrganizationsNotInUseException"
#: IAM's codes, in both spellings of the query protocol, that mean: no feature can be on.
_NO_FEATURES = (
    "OrganizationNotFound",
    "OrganizationNotFoundException",
    "ServiceAccessNotEnabled",
    "ServiceAccessNotEnabledException",
)

_TEXT = {"type": "string"}


def _read_organization(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("organizations", account_id=ref.account_id, region="global")
    answer = answer_or_none(client.describe_organization, _NO_ORGANIZATION)
    found = answer and member(answer, "Organization")
    organization = found and {
        "Id": member(found, "Id"),
        "ManagementAccountId": member(found, "MasterAccountId"),
    }
    return FacetReading(observed={"Organization": organization})


def _read_administrators(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("organizations", account_id=ref.account_id, region="global")
    pages = client.get_paginator("list_delegated_administrators").paginate()
    try:
        described = [each for page in pages for each in member(page, "DelegatedAdministrators")]
    except ClientError as error:
        if code_of(error) != _NO_ORGANIZATION:
            raise
        described = []
    found = sorted((_administrator(each) for each in described), key=lambda each: each["Id"])
    return FacetReading(observed={"DelegatedAdministrators": found})


def _administrator(described: Mapping[str, Any]) -> dict[str, str]:
    # Status is to be replaced by State; both say ACTIVE of an account that can act.
    return {"Id": described["Id"], "Status": described.get("State") or described["Status"]}


def _read_features(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("iam", account_id=ref.account_id, region="global")
    answer = answer_or_none(client.list_organizations_features, *_NO_FEATURES)
    features = [] if answer is None else member(answer, "EnabledFeatures")
    return FacetReading(observed={"OrganizationFeatures": sorted(features)})


def _registered(record: Record) -> Mapping[str, Any]:
    named = field(parameters_of(record), "accountId")
    return {_ADMINISTRATORS: [{"Id": named, "Status": "ACTIVE"}]} if isinstance(named, str) else {}


def _deregistered(_record: Record) -> Mapping[str, Any]:
    return {_ADMINISTRATORS: []}


def _features_left(record: Record) -> Mapping[str, Any]:
    features = field(field(record, "responseElements"), "enabledFeatures")
    return {_FEATURES: sorted(map(str, features))} if isinstance(features, list) else {}


def _facet(
    name: str, pointer: str, call: str, read: Callable[[Any, ResourceRef], FacetReading]
) -> Facet:
    return Facet(name=name, calls=(call,), permissions=(call,), pointers=(pointer,), read=read)


ORGANIZATION = Part(
    shapes={
        "Organization": {
            **closed({"Id": _TEXT, "ManagementAccountId": _TEXT}),
            "type": ["object", "null"],
        },
        "DelegatedAdministrators": {
            "type": "array",
            "items": closed({"Id": _TEXT, "Status": _TEXT}),
        },
        "OrganizationFeatures": {"type": "array", "items": _TEXT},
    },
    defaults={"Organization": None, "DelegatedAdministrators": [], "OrganizationFeatures": []},
    facets=(
        _facet(
            "organization",
            _ORGANIZATION,
            "organizations:DescribeOrganization",
            _read_organization,
        ),
        _facet(
            "delegated_administrators",
            _ADMINISTRATORS,
            "organizations:ListDelegatedAdministrators",
            _read_administrators,
        ),
        _facet("organization_features", _FEATURES, "iam:ListOrganizationsFeatures", _read_features),
    ),
    routes=(
        Route(
            source=_SOURCE,
            actions=("CreateOrganization", "DeleteOrganization", "LeaveOrganization"),
            writes=(_ORGANIZATION,),
        ),
        Route(
            source=_SOURCE,
            actions=("RegisterDelegatedAdministrator",),
            writes=(_ADMINISTRATORS,),
            propose=_registered,
        ),
        Route(
            source=_SOURCE,
            actions=("DeregisterDelegatedAdministrator",),
            writes=(_ADMINISTRATORS,),
            propose=_deregistered,
        ),
        Route(
            source=_IAM,
            actions=(
                "EnableOrganizationsRootCredentialsManagement",
                "DisableOrganizationsRootCredentialsManagement",
                "EnableOrganizationsRootSessions",
                "DisableOrganizationsRootSessions",
            ),
            writes=(_FEATURES,),
            propose=_features_left,
        ),
    ),
)
