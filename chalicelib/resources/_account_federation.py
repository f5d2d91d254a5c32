"""The SAML providers of the account, as a part of it: where people can sign in without IAM users.

Identity Center puts one into every account that somebody may enter through it, so this covers it.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.sign_in import SIGN_IN_PATHS
from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part

_NAME = "SAMLProviders"
_POINTER = f"/observed/{_NAME}"
_CALL = "iam:ListSAMLProviders"
_IAM = "iam.amazonaws.com"


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("iam", account_id=ref.account_id, region="global")
    providers = member(client.list_saml_providers(), "SAMLProviderList")
    return FacetReading(observed={_NAME: sorted(each["Arn"] for each in providers)})


def _propose_none(_record: Record) -> Mapping[str, Any]:
    return {_POINTER: []}


FEDERATION = Part(
    shapes={_NAME: {"type": "array", "items": {"type": "string"}}},
    defaults={_NAME: []},
    facets=(
        Facet(
            name="saml_providers",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    facts=(SIGN_IN_PATHS,),
    routes=(
        Route(source=_IAM, actions=("CreateSAMLProvider",), writes=(_POINTER,)),
        Route(
            source=_IAM,
            actions=("DeleteSAMLProvider",),
            writes=(_POINTER,),
            propose=_propose_none,
        ),
    ),
)
