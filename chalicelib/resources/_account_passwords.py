"""The account's rules for IAM users' passwords, as a part of it.

An account that never set any lives by AWS's defaults; and a call that sets some resets every rule
it leaves out.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part
from chalicelib.resources._payload import field, parameters_of

_IAM = "iam.amazonaws.com"
_NAME = "PasswordPolicy"
_POINTER = f"/observed/{_NAME}"
_CALL = "iam:GetAccountPasswordPolicy"

_NUMBER = {"type": "integer", "minimum": 0}
_SHAPE = closed({"MinimumPasswordLength": _NUMBER, "PasswordReusePrevention": _NUMBER})

#: Without a policy of its own: IAM User Guide, "Default password policy".
_AWS_DEFAULT = {"MinimumPasswordLength": 8, "PasswordReusePrevention": 0}

#: What UpdateAccountPasswordPolicy sets where it is told nothing (IAM API reference).
_LEFT_OUT = {"MinimumPasswordLength": 6, "PasswordReusePrevention": 0}


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("iam", account_id=ref.account_id, region="global")
    answer = answer_or_none(client.get_account_password_policy, "NoSuchEntity")
    return FacetReading(observed={_NAME: _AWS_DEFAULT if answer is None else _policy(answer)})


def _policy(answer: Mapping[str, Any]) -> dict[str, Any]:
    policy = member(answer, "PasswordPolicy")
    return {
        "MinimumPasswordLength": member(policy, "MinimumPasswordLength"),
        # IAM leaves it out where passwords may come again.
        "PasswordReusePrevention": policy.get("PasswordReusePrevention") or 0,
    }


def _asked_for(record: Record) -> dict[str, int]:
    given = parameters_of(record)
    return {name: _number(field(given, name), default) for name, default in _LEFT_OUT.items()}


def _number(value: Any, default: int) -> int:
    """Read a number that may have become text on its way; what is none was not given."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() else default


def _propose_update(record: Record) -> Mapping[str, Any]:
    return {_POINTER: _asked_for(record)}


def _propose_default(_record: Record) -> Mapping[str, Any]:
    return {_POINTER: _AWS_DEFAULT}


def _derive_update(record: Record) -> Mapping[str, Any]:
    return {_NAME: _asked_for(record)}


def _derive_default(_record: Record) -> Mapping[str, Any]:
    return {_NAME: _AWS_DEFAULT}


PASSWORDS = Part(
    shapes={_NAME: _SHAPE},
    defaults={_NAME: _AWS_DEFAULT},
    facets=(
        Facet(
            name="password_policy",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    routes=(
        Route(
            source=_IAM,
            actions=("UpdateAccountPasswordPolicy",),
            writes=(_POINTER,),
            propose=_propose_update,
            derive=_derive_update,
        ),
        Route(
            source=_IAM,
            actions=("DeleteAccountPasswordPolicy",),
            writes=(_POINTER,),
            propose=_propose_default,
            derive=_derive_default,
        ),
    ),
    change_facts={_NAME: _SHAPE},
)
