"""Users, groups, policies, keys and certificates of IAM: what is special about each."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import (
    Change,
    ConfigurationItem,
    Page,
    ResourceRef,
    ResourceType,
    SweepRequest,
)
from chalicelib.resources import (
    _frame,
    iam_access_key,
    iam_group,
    iam_managed_policy,
    iam_role,
    iam_server_certificate,
    iam_user,
)
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)

TYPES = (
    iam_access_key.RESOURCE_TYPE,
    iam_group.RESOURCE_TYPE,
    iam_managed_policy.RESOURCE_TYPE,
    iam_role.RESOURCE_TYPE,
    iam_server_certificate.RESOURCE_TYPE,
    iam_user.RESOURCE_TYPE,
)
ROUTING = Routing.of(TYPES)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CREATED = datetime(2025, 1, 1, tzinfo=UTC)
USED = datetime(2025, 12, 31, tzinfo=UTC)
ADMIN = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}, "Version": "2012-10-17"}
POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/all"
KEY = "AKIAIOSFODNN7EXAMPLE"
PASSWORD = frozenset({"/observed/PasswordLastUsed"})


@pytest.fixture(scope="module")
def shared() -> Iterator[RecordedAws]:
    """Play one empty account for all tests that only answer for AWS."""
    with aws_on_moto() as aws:
        yield aws


@pytest.fixture
def aws(shared: RecordedAws) -> Iterator[RecordedAws]:
    shared.calls.clear()
    yield shared
    shared.answers.clear()
    shared.refused.clear()


def ref(kind: ResourceType, name: str) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region="global", type=kind.type, id=name)


def look(aws: RecordedAws, kind: ResourceType, name: str, *pointers: str) -> ConfigurationItem:
    item = _frame.describe(aws, kind, ref(kind, name), frozenset(pointers), StoppedClock())
    assert item is not None
    return item


def page(aws: RecordedAws, kind: ResourceType, *pointers: str, token: str | None = None) -> Page:
    request = SweepRequest(account_id=ACCOUNT, region="global", type=kind.type, token=token)
    return _frame.page(aws, kind, request, frozenset(pointers), StoppedClock())


def change(action: str, parameters: Any = None, **fields: Any) -> Change:
    record = {
        "eventVersion": "1.11",
        "eventSource": "iam.amazonaws.com",
        "eventName": action,
        "eventTime": "2026-01-01T11:00:00Z",
        "awsRegion": "us-east-1",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice"},
        "requestParameters": parameters,
        "eventID": "6f1d2c3b-0000-4000-8000-000000000002",
        **fields,
    }
    return change_from(record, ROUTING, received_at=NOON)


def touched(seen: Change) -> dict[str, str]:
    return {touch.ref.type.rpartition("::")[2]: touch.ref.id for touch in seen.touches}


def bob(**more: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:user/bob"
    whole = {"Path": "/", "UserName": "bob", "UserId": "AIDAEXAMPLEBOB00", "Arn": arn}
    return {**whole, "CreateDate": CREATED, **more}


def test_a_user_without_password_has_no_login_profile(aws: RecordedAws) -> None:
    aws.answer("iam:GetUser", {"User": bob()})
    aws.refused["iam:GetLoginProfile"] = "NoSuchEntity"

    item = look(aws, iam_user.RESOURCE_TYPE, "bob", "/properties/LoginProfile")

    assert item.gaps == ()
    assert item.properties["LoginProfile"] is None
    assert item.observed["PasswordCreated"] is None


def test_a_key_that_was_never_used_has_no_date(aws: RecordedAws) -> None:
    metadata = {"UserName": "bob", "AccessKeyId": KEY, "Status": "Active", "CreateDate": CREATED}
    aws.answer("iam:GetUser", {"User": bob()})
    aws.answer("iam:ListAccessKeys", {"AccessKeyMetadata": [metadata]})
    never = {"ServiceName": "N/A", "Region": "N/A"}
    aws.answer("iam:GetAccessKeyLastUsed", {"UserName": "bob", "AccessKeyLastUsed": never})

    item = look(aws, iam_user.RESOURCE_TYPE, "bob", "/observed/AccessKeys")

    (key,) = item.observed["AccessKeys"]
    assert item.gaps == ()
    assert key["LastUsedDate"] is None


def test_use_by_the_mail_service_is_use(aws: RecordedAws) -> None:
    used = {"LastUsedDate": USED, "ServiceName": "ses", "Region": "eu-west-1"}
    metadata = {"UserName": "bob", "AccessKeyId": KEY, "Status": "Active", "CreateDate": CREATED}
    aws.answer("iam:ListAccessKeys", {"AccessKeyMetadata": [metadata]})
    aws.answer("iam:GetAccessKeyLastUsed", {"UserName": "bob", "AccessKeyLastUsed": used})

    item = look(aws, iam_access_key.RESOURCE_TYPE, f"bob/{KEY}", "/observed/LastUsedDate")

    assert item.observed["LastUsedDate"] == "2025-12-31T00:00:00.000Z"


def test_users_are_listed_with_the_last_use_of_their_passwords_in_two_calls(
    aws: RecordedAws,
) -> None:
    aws.answer("iam:GetAccountAuthorizationDetails", {"UserDetailList": [bob()]})
    aws.answer("iam:ListUsers", {"Users": [bob(PasswordLastUsed=USED)]})

    (item,) = page(aws, iam_user.RESOURCE_TYPE, *PASSWORD, "/properties/Groups").items

    assert aws.calls == ["iam:GetAccountAuthorizationDetails", "iam:ListUsers"]
    assert item.observed["PasswordLastUsed"] == "2025-12-31T00:00:00.000Z"
    assert item.properties["Groups"] == []


def test_a_user_that_the_second_listing_does_not_know_yet_is_asked_about(aws: RecordedAws) -> None:
    aws.answer("iam:GetAccountAuthorizationDetails", {"UserDetailList": [bob()]})
    aws.answer("iam:ListUsers", {"Users": []})
    aws.answer("iam:GetUser", {"User": bob(PasswordLastUsed=USED)})

    (item,) = page(aws, iam_user.RESOURCE_TYPE, *PASSWORD).items

    assert aws.calls[-1] == "iam:GetUser"
    assert item.observed["PasswordLastUsed"] == "2025-12-31T00:00:00.000Z"


def test_a_listing_goes_on_by_marker(aws: RecordedAws) -> None:
    following = {"IsTruncated": True, "Marker": "m1"}
    aws.answer("iam:GetAccountAuthorizationDetails", {"UserDetailList": [], **following})
    aws.answer("iam:ListUsers", {"Users": [], **following})

    for kind in (iam_user.RESOURCE_TYPE, iam_access_key.RESOURCE_TYPE):
        assert page(aws, kind).next_token == "m1"


def test_a_key_does_not_exist_without_its_user(aws: RecordedAws) -> None:
    kind, pointers = iam_access_key.RESOURCE_TYPE, frozenset({"/properties/Status"})
    aws.refused["iam:ListAccessKeys"] = "NoSuchEntity"

    assert _frame.describe(aws, kind, ref(kind, f"bob/{KEY}"), pointers, StoppedClock()) is None


def test_a_key_that_its_user_no_longer_has_does_not_exist(aws: RecordedAws) -> None:
    kind, pointers = iam_access_key.RESOURCE_TYPE, frozenset({"/properties/Status"})
    aws.answer("iam:ListAccessKeys", {"AccessKeyMetadata": []})

    assert _frame.describe(aws, kind, ref(kind, f"bob/{KEY}"), pointers, StoppedClock()) is None


def test_every_key_of_a_user_is_an_item_of_its_own() -> None:
    with aws_on_moto() as aws:
        iam = aws.client("iam", region="us-east-1")
        iam.create_user(UserName="bob")
        keys = {iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"] for _ in "ab"}

        found = page(aws, iam_access_key.RESOURCE_TYPE, "/observed/CreateDate").items

    assert {item.ref.id for item in found} == {f"bob/{key}" for key in keys}
    assert {item.ref.unique_id for item in found} == keys


class TwoPages:
    """A client whose listing of keys has two pages."""

    def list_access_keys(self, *, UserName: str, Marker: str = "") -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Answer one key a page."""
        metadata = {"UserName": UserName, "AccessKeyId": f"AKIA{Marker}"}
        more = {} if Marker else {"IsTruncated": True, "Marker": "2"}
        return {"AccessKeyMetadata": [metadata], **more}


def test_all_pages_of_a_users_keys_are_read() -> None:
    keys = iam_access_key.keys_of(TwoPages(), "bob")

    assert [key["AccessKeyId"] for key in keys] == ["AKIA", "AKIA2"]


@pytest.mark.parametrize(
    ("parameters", "identity", "expected"),
    [
        ({"userName": "bob"}, {"type": "AssumedRole"}, f"bob/{KEY}"),
        (None, {"type": "IAMUser", "userName": "alice"}, f"alice/{KEY}"),
        (None, {"type": "AssumedRole"}, f"bob/{KEY}"),
        (None, {"type": "Root", "userName": "root"}, None),
        ({"userName": "a:b"}, {"type": "IAMUser"}, None),
    ],
    ids=["for another", "for oneself", "as the answer says", "root for itself", "no user name"],
)
def test_a_new_key_is_its_users(
    parameters: Any, identity: dict[str, str], expected: str | None
) -> None:
    named = identity.get("userName", "bob")
    answer = {"accessKey": {"accessKeyId": KEY, "userName": named, "status": "Active"}}

    seen = change("CreateAccessKey", parameters, userIdentity=identity, responseElements=answer)

    assert touched(seen).get("AccessKey") == expected
    assert ("User" in touched(seen)) is (expected is not None)


def test_a_deleted_key_is_the_callers_where_nobody_is_named() -> None:
    seen = change("DeleteAccessKey", {"accessKeyId": KEY})

    assert touched(seen) == {"AccessKey": f"alice/{KEY}", "User": "alice"}


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("CreateUser", {"userName": "bob"}, {"User": "bob"}),
        ("EnableMFADevice", {"userName": "bob"}, {"User": "bob"}),
        ("UpdateUser", {"userName": "bob", "newUserName": "rob"}, {"User": "rob"}),
        ("PutGroupPolicy", {"groupName": "team"}, {"Group": "team"}),
        (
            "AttachGroupPolicy",
            {"groupName": "team", "policyArn": POLICY_ARN},
            {"Group": "team", "ManagedPolicy": POLICY_ARN},
        ),
        (
            "AttachRolePolicy",
            {"roleName": "app", "policyArn": "arn:aws:iam::aws:policy/X"},
            {"Role": "app"},
        ),
        ("CreatePolicyVersion", {"policyArn": POLICY_ARN}, {"ManagedPolicy": POLICY_ARN}),
        ("UploadServerCertificate", {"serverCertificateName": "c"}, {"ServerCertificate": "c"}),
        ("DeleteServerCertificate", {"serverCertificateName": "arn:x"}, {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_events_lead_to_what_they_name(
    action: str, parameters: Any, expected: dict[str, str]
) -> None:
    assert touched(change(action, parameters)) == expected


def test_only_the_default_version_of_a_policy_counts(aws: RecordedAws) -> None:
    harmless = {"Statement": [], "Version": "2012-10-17"}
    policy = {
        "PolicyName": "all",
        "PolicyId": "ANPAEXAMPLEALL00",
        "Arn": POLICY_ARN,
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 3,
        "PolicyVersionList": [
            {"VersionId": "v2", "IsDefaultVersion": False, "Document": json.dumps(ADMIN)},
            {"VersionId": "v1", "IsDefaultVersion": True, "Document": json.dumps(harmless)},
        ],
    }
    aws.answer("iam:GetAccountAuthorizationDetails", {"Policies": [policy]})

    (item,) = page(aws, iam_managed_policy.RESOURCE_TYPE, "/derived/AdminGrants").items

    assert item.gaps == ()
    assert item.derived["AdminGrants"] == []


def test_a_url_encoded_text_is_read() -> None:
    encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"
    seen = change("PutUserPolicy", {"userName": "b", "policyName": "p", "policyDocument": encoded})

    (touch,) = seen.touches

    assert touch.proposed["/properties/Policies"][0]["PolicyDocument"]["Statement"] == []


@pytest.mark.parametrize(
    ("action", "more", "access"),
    [
        ("PutUserPolicy", {"userName": "bob"}, "administrator"),
        ("CreatePolicy", {}, "administrator"),
        ("CreatePolicyVersion", {"setAsDefault": True}, "administrator"),
        ("CreatePolicyVersion", {"setAsDefault": False}, None),
        ("CreatePolicyVersion", {}, None),
    ],
    ids=["inline", "new", "new default", "not the default", "the default is not said"],
)
def test_a_text_grants_where_it_counts(
    action: str, more: dict[str, Any], access: str | None
) -> None:
    named = {"policyName": "all", "policyArn": POLICY_ARN, "policyDocument": json.dumps(ADMIN)}

    rows = change(action, {**named, **more}).derived.get("GrantedAccess", [])

    assert [row["Access"] for row in rows] == ([access] if access else [])


def test_what_is_taken_away_is_never_the_reason_for_what_is_there() -> None:
    detached = change("DetachRolePolicy", {"roleName": "app", "policyArn": POLICY_ARN})

    proposed = {touch.ref.type: touch.proposed for touch in detached.touches}

    assert proposed["AWS::IAM::Role"] == {"/properties/ManagedPolicyArns": []}
    assert proposed["AWS::IAM::ManagedPolicy"] == {"/observed/AttachmentCount": 0}
