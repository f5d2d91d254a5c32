"""AWS::IAM::AccessKey: one long-lived key of one user.

Its id is ``USER/KEY`` (``alice/AKIA…``), not the bare key that CloudFormation's ``Ref`` gives: IAM
answers about keys only to those who name their user. Asked for a key that is gone without naming
one, it refuses as if the caller might not ask, and nobody could tell a deleted key from a denial.
Root's keys belong to no user and are no items here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts.role_use import INSTANT
from chalicelib.model import FacetReading, Page, ResourceRef, ResourceType
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._iam_entity import GONE, client, facet, iam_ref
from chalicelib.resources._iam_events import iam_route
from chalicelib.resources._listing import Listed, beneath, page_of, whole
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._user_events import user_name
from chalicelib.resources._user_shape import KEY_STATUS
from chalicelib.resources.iam_user import last_used

TYPE = "AWS::IAM::AccessKey"

STATUS = "/properties/Status"
LAST_USED = "/observed/LastUsedDate"

# Each user of a page costs one call more.
_PAGE_SIZE = 100
_KEY = re.compile(r"[A-Za-z0-9_]{3,128}")

_SHAPE = closed(
    {
        "properties": closed(
            {"Id": {"type": "string"}, "UserName": {"type": "string"}, "Status": KEY_STATUS}
        ),
        "observed": closed(
            {"CreateDate": INSTANT, "LastUsedDate": {**INSTANT, "type": ["string", "null"]}}
        ),
    }
)
_DEFAULTS: Mapping[str, Any] = {
    "properties": {"Id": "AKIAIOSFODNN7EXAMPLE", "UserName": "alice", "Status": "Active"},
    "observed": {"CreateDate": "2026-01-01T00:00:00.000Z", "LastUsedDate": None},
}


def key_id(raw: str, record: Record) -> str | None:
    """Return ``USER/KEY`` for the key that a record names, or None where it is root's."""
    user = _user_of(record)
    return f"{user}/{raw}" if user and _KEY.fullmatch(raw) else None


def _user_of(record: Record) -> str | None:
    answered = field(field(record, "responseElements"), "accessKey")
    named = (
        field(parameters_of(record), "userName"),
        field(answered, "userName"),
        # Users who name nobody mean themselves.
        field(field(record, "userIdentity"), "userName"),
    )
    name = next((each for each in named if isinstance(each, str) and each), None)
    return user_name(name, record) if name else None


def _read_key(aws: Any, ref: ResourceRef) -> FacetReading | None:
    user, _, key = ref.id.partition("/")
    keys = keys_of(client(aws, ref.account_id), user)
    metadata = next((each for each in keys if member(each, "AccessKeyId") == key), None)
    return None if metadata is None else _reading(user, metadata)


def keys_of(iam: Any, user: str) -> Iterator[Mapping[str, Any]]:
    """Yield a user's keys; nothing where there is no such user (any more)."""
    position: dict[str, str] = {}
    while True:
        answer = answer_or_none(iam.list_access_keys, GONE, UserName=user, **position)
        if answer is None:
            return
        yield from member(answer, "AccessKeyMetadata")
        if not answer.get("IsTruncated"):
            return
        position = {"Marker": member(answer, "Marker")}


def _reading(user: str, metadata: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "Id": member(metadata, "AccessKeyId"),
            "UserName": user,
            "Status": member(metadata, "Status"),
        },
        observed={"CreateDate": member(metadata, "CreateDate")},
        unique_id=member(metadata, "AccessKeyId"),
    )


def _read_last_used(aws: Any, ref: ResourceRef) -> FacetReading:
    iam, key = client(aws, ref.account_id), ref.id.partition("/")[2]
    return FacetReading(observed={"LastUsedDate": last_used(iam, {"AccessKeyId": key})})


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return the keys of 100 users: one call for those, one for each of them."""
    iam = client(aws, account_id)
    position = {"Marker": token} if token else {}
    answer = iam.list_users(MaxItems=_PAGE_SIZE, **position)
    rows = beneath(member(answer, "Users"), lambda user: keys_of(iam, member(user, "UserName")))
    following = answer.get("Marker") if answer.get("IsTruncated") else None
    return page_of(rows, lambda row: _item(account_id, region, *row), following)


def _item(
    account_id: str, region: str, user: Mapping[str, Any], metadata: Mapping[str, Any]
) -> Listed:
    name = member(user, "UserName")
    key = f"{name}/{member(metadata, 'AccessKeyId')}"
    ref = iam_ref(account_id, region, TYPE, member(user, "Arn"), key)
    return whole(ref, lambda: _reading(name, metadata))


def _created(_record: Record) -> Mapping[str, Any]:
    return {STATUS: "Active"}


def _updated(record: Record) -> Mapping[str, Any]:
    status = field(parameters_of(record), "status")
    return {STATUS: status} if isinstance(status, str) else {}


_KEY_PATH = ("requestParameters.accessKeyId",)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="iam",
    noun="access key",
    is_global=True,
    schema=_SHAPE,
    routes=(
        iam_route(
            "CreateAccessKey",
            ("responseElements.accessKey.accessKeyId",),
            STATUS,
            "/observed/CreateDate",
            creates=True,
            propose=_created,
        ),
        iam_route("UpdateAccessKey", _KEY_PATH, STATUS, propose=_updated),
        iam_route("DeleteAccessKey", _KEY_PATH, deletes=True),
    ),
    facets=(
        facet(
            "key",
            ("/properties/Id", "/properties/UserName", STATUS, "/observed/CreateDate"),
            _read_key,
            "iam:ListAccessKeys",
            existence=True,
        ),
        facet("last_used", (LAST_USED,), _read_last_used, "iam:GetAccessKeyLastUsed"),
    ),
    list=_list,
    list_calls=("iam:ListUsers", "iam:ListAccessKeys"),
    list_permissions=("iam:ListUsers", "iam:ListAccessKeys"),
    identify=key_id,
    defaults=_DEFAULTS,
    volatile=(LAST_USED,),
)
