"""Whom AWS reaches about the account, as a part of it.

Only what rules ask is kept: contact details are people's addresses and telephone numbers, which
have no place in an auditor's database.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._account_events import SECURITY
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part

_SOURCE = "account.amazonaws.com"
_CONTACT = "/observed/SecurityContact"
_MISSING = "/observed/MissingContactDetails"
_ABSENT = "ResourceNotFoundException"

#: What AWS asks of every account's owner; the other details are optional.
_DETAILS = ("FullName", "AddressLine1", "City", "PostalCode", "CountryCode", "PhoneNumber")


def _read_security_contact(aws: Any, ref: ResourceRef) -> FacetReading:
    ask = _client(aws, ref).get_alternate_contact
    answer = answer_or_none(ask, _ABSENT, AlternateContactType=SECURITY)
    return FacetReading(observed={"SecurityContact": answer and _reached_by(answer)})


def _reached_by(answer: Mapping[str, Any]) -> dict[str, Any]:
    contact = member(answer, "AlternateContact")
    return {"EmailAddress": member(contact, "EmailAddress")}


def _read_details(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = answer_or_none(_client(aws, ref).get_contact_information, _ABSENT)
    given = member(answer, "ContactInformation") if answer is not None else {}
    missing = [name for name in _DETAILS if not str(given.get(name) or "").strip()]
    return FacetReading(observed={"MissingContactDetails": missing})


def _client(aws: Any, ref: ResourceRef) -> Any:
    return aws.client("account", account_id=ref.account_id, region="global")


def _propose_no_contact(_record: Record) -> Mapping[str, Any]:
    return {_CONTACT: None}


_TYPE_PATH = ("requestParameters.alternateContactType",)

CONTACTS = Part(
    shapes={
        "SecurityContact": {
            **closed({"EmailAddress": {"type": "string"}}),
            "type": ["object", "null"],
        },
        "MissingContactDetails": {"type": "array", "items": {"enum": list(_DETAILS)}},
    },
    defaults={"SecurityContact": None, "MissingContactDetails": []},
    facets=(
        Facet(
            name="security_contact",
            calls=("account:GetAlternateContact",),
            permissions=("account:GetAlternateContact",),
            pointers=(_CONTACT,),
            read=_read_security_contact,
        ),
        Facet(
            name="contact_details",
            calls=("account:GetContactInformation",),
            permissions=("account:GetContactInformation",),
            pointers=(_MISSING,),
            read=_read_details,
        ),
    ),
    routes=(
        Route(source=_SOURCE, actions=("PutAlternateContact",), ids=_TYPE_PATH, writes=(_CONTACT,)),
        Route(
            source=_SOURCE,
            actions=("DeleteAlternateContact",),
            ids=_TYPE_PATH,
            writes=(_CONTACT,),
            propose=_propose_no_contact,
        ),
        Route(source=_SOURCE, actions=("PutContactInformation",), writes=(_MISSING,)),
    ),
)
