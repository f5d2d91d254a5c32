"""AWS::IAM::Role described on moto."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import (
    Change,
    ConfigurationItem,
    GapReason,
    Page,
    ResourceRef,
    SweepRequest,
)
from chalicelib.resources import _frame
from chalicelib.resources._role_events import role_name
from chalicelib.resources.iam_role import RESOURCE_TYPE, TYPE
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
APP = ResourceRef(account_id=ACCOUNT, region="global", type=TYPE, id="app")
ARN = f"arn:aws:iam::{ACCOUNT}:role/team/app"
TRUST = frozenset({"/derived/TrustOpenings", "/derived/FederatedOpenings"})
USE = frozenset({"/derived/LastActivity", "/derived/ManagedBy"})
ATTACHED = frozenset({"/properties/ManagedPolicyArns"})
INLINE = frozenset({"/properties/Policies"})
EVERYTHING = frozenset(
    {pointer for facet in RESOURCE_TYPE.facets for pointer in facet.pointers} | TRUST | USE
)
ROUTING = Routing.of([RESOURCE_TYPE])


def trust(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EC2 = trust({"Service": "ec2.amazonaws.com"})


def with_role(aws: RecordedAws, name: str = "app", document: str = EC2, **given: Any) -> str:
    role = iam(aws).create_role(RoleName=name, AssumeRolePolicyDocument=document, **given)["Role"]
    unique_id: str = role["RoleId"]
    return unique_id


def iam(aws: RecordedAws) -> Any:
    return aws.client("iam", region="us-east-1")


def look(
    aws: RecordedAws, pointers: frozenset[str], ref: ResourceRef = APP
) -> ConfigurationItem | None:
    return _frame.describe(aws, RESOURCE_TYPE, ref, pointers, StoppedClock())


def seen(item: ConfigurationItem | None) -> ConfigurationItem:
    assert item is not None
    return item


def page(aws: RecordedAws, pointers: frozenset[str], token: str | None = None) -> Page:
    request = SweepRequest(account_id=ACCOUNT, region="global", type=TYPE, token=token)
    return _frame.page(aws, RESOURCE_TYPE, request, pointers, StoppedClock())


def change(source: str, action: str, parameters: dict[str, Any], **fields: Any) -> Change:
    record = {
        "eventVersion": "1.11",
        "eventSource": f"{source}.amazonaws.com",
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


def test_a_role_is_described_with_the_names_of_cloudformation() -> None:
    with aws_on_moto() as aws:
        unique_id = with_role(aws, Path="/team/", Tags=[{"Key": "owner", "Value": "shop"}])
        item = seen(look(aws, TRUST | USE))

    assert item.gaps == ()
    assert item.ref.unique_id == unique_id
    assert item.properties["Path"] == "/team/"
    assert item.properties["Tags"] == [{"Key": "owner", "Value": "shop"}]
    assert item.observed["RoleLastUsed"] == {"LastUsedDate": None, "Region": None}
    assert item.derived["LastActivity"]["Source"] == "created"
    assert item.derived["ManagedBy"] == "customer"


def test_what_trust_rules_read_costs_one_call() -> None:
    with aws_on_moto() as aws:
        with_role(aws)
        aws.calls.clear()
        look(aws, TRUST | USE)

    assert aws.calls == ["iam:GetRole"]


def test_anybody_may_assume_a_role_that_trusts_everybody() -> None:
    with aws_on_moto() as aws:
        with_role(aws, document=trust("*"))
        item = seen(look(aws, TRUST))

    (opening,) = item.derived["TrustOpenings"]
    assert opening["Because"][0] == "/properties/AssumeRolePolicyDocument/Statement/0"


def test_attached_policies_are_companions() -> None:
    with aws_on_moto() as aws:
        with_role(aws)
        document = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": document})
        arns = [
            iam(aws).create_policy(PolicyName=name, PolicyDocument=policy)["Policy"]["Arn"]
            for name in ("b", "a")
        ]
        for arn in arns:
            iam(aws).attach_role_policy(RoleName="app", PolicyArn=arn)
        item = seen(look(aws, ATTACHED))

    assert item.properties["ManagedPolicyArns"] == sorted(arns)
    assert set(item.companions) == {f"{ACCOUNT}#global#AWS::IAM::ManagedPolicy#{a}" for a in arns}


def test_a_deleted_role_does_not_exist() -> None:
    with aws_on_moto() as aws:
        with_role(aws)
        iam(aws).delete_role(RoleName="app")

        assert look(aws, TRUST) is None


def test_a_role_recreated_under_its_name_is_another_role() -> None:
    with aws_on_moto() as aws:
        with_role(aws)
        first = seen(look(aws, TRUST)).ref
        iam(aws).delete_role(RoleName="app")
        with_role(aws)
        second = seen(look(aws, TRUST)).ref

    assert first.key == second.key
    assert first.unique_id != second.unique_id


def test_a_denied_role_is_a_gap_and_its_inline_policies_stay_known() -> None:
    with aws_on_moto() as aws:
        with_role(aws)
        aws.deny("iam:GetRole")
        item = seen(look(aws, TRUST | INLINE))

    assert {gap.reason for gap in item.gaps} == {GapReason.DENIED}
    assert "/derived/TrustOpenings" in {gap.pointer for gap in item.gaps}
    assert item.derived["TrustOpenings"] is None
    assert item.properties["Policies"] == []


def test_a_listing_gives_whole_roles_in_one_call_per_page() -> None:
    with aws_on_moto() as aws:
        for index in range(100):
            with_role(aws, f"app-{index:03}")
        aws.calls.clear()
        found = page(aws, TRUST | USE)

    assert aws.calls == ["iam:GetAccountAuthorizationDetails"]
    assert [item.ref.id for item in found.items] == [f"app-{index:03}" for index in range(100)]
    assert found.next_token is None


def test_a_listed_role_equals_the_described_one() -> None:
    with aws_on_moto() as aws:
        with_role(aws, Path="/team/", Tags=[{"Key": "b", "Value": ""}, {"Key": "a", "Value": "1"}])
        iam(aws).put_role_policy(
            RoleName="app",
            PolicyName="inline",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                }
            ),
        )
        (listed,) = page(aws, EVERYTHING).items
        described = seen(look(aws, EVERYTHING))

    assert listed == replace(described, started_at=listed.started_at, ended_at=listed.ended_at)


def test_a_listing_continues_where_the_last_page_ended() -> None:
    answers = iter(
        [
            {"RoleDetailList": [], "IsTruncated": True, "Marker": "next"},
            {"RoleDetailList": [], "IsTruncated": False},
        ]
    )
    asked = []

    class Iam:
        def get_account_authorization_details(self, **given: Any) -> dict[str, Any]:
            asked.append(given)
            return next(answers)

    class Aws:
        def client(self, *_: Any, **__: Any) -> Iam:
            return Iam()

    first = RESOURCE_TYPE.list(Aws(), ACCOUNT, "global", None)
    RESOURCE_TYPE.list(Aws(), ACCOUNT, "global", first.next_token)

    assert [given.get("Marker") for given in asked] == [None, "next"]


def test_a_broken_trust_policy_is_a_gap_of_its_own() -> None:
    role = {
        "RoleName": "app",
        "Path": "/",
        "RoleId": "AROAEXAMPLE",
        "Arn": ARN,
        "CreateDate": NOON,
        "AssumeRolePolicyDocument": '{"Statement": [',
        "RolePolicyList": [{"PolicyName": "x", "PolicyDocument": "no policy"}],
    }

    class Iam:
        def get_account_authorization_details(self, **_: Any) -> dict[str, Any]:
            return {"RoleDetailList": [role]}

    class Aws:
        def client(self, *_: Any, **__: Any) -> Iam:
            return Iam()

    (item,) = RESOURCE_TYPE.list(Aws(), ACCOUNT, "global", None).items

    assert {gap.pointer: gap.reason for gap in item.gaps} == {
        "/properties/AssumeRolePolicyDocument": GapReason.MALFORMED,
        "/properties/Policies/0/PolicyDocument": GapReason.MALFORMED,
    }
    assert item.properties["Path"] == "/"


def test_only_a_missing_role_is_absent() -> None:
    class Iam:
        def get_role(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "ServiceFailure"}}, "GetRole")

    class Aws:
        def client(self, *_: Any, **__: Any) -> Iam:
            return Iam()

    (facet,) = [facet for facet in RESOURCE_TYPE.facets if facet.existence]

    with pytest.raises(ClientError):
        facet.read(Aws(), APP)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        pytest.param("app", "app", id="name"),
        pytest.param(ARN, "app", id="ARN with a path"),
        pytest.param(f"arn:aws-cn:iam::{ACCOUNT}:role/app", "app", id="ARN without a path"),
        pytest.param("arn:aws:iam::999999999999:role/app", None, id="another account's role"),
        pytest.param(f"arn:aws:iam::{ACCOUNT}:user/app", None, id="a user"),
        pytest.param("app\n", None, id="line break"),
        pytest.param("a" * 65, None, id="too long"),
    ],
)
def test_a_role_is_named_by_name_or_arn(raw: str, name: str | None) -> None:
    assert role_name(raw, {"recipientAccountId": ACCOUNT}) == name


@pytest.mark.parametrize(
    ("action", "parameters", "pointer", "value"),
    [
        pytest.param(
            "AttachRolePolicy",
            {"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            "/properties/ManagedPolicyArns",
            ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            id="attach",
        ),
        pytest.param(
            "DetachRolePolicy", {"policyArn": "x"}, "/properties/ManagedPolicyArns", [], id="detach"
        ),
        pytest.param(
            "DeleteRolePolicy", {"policyName": "x"}, "/properties/Policies", [], id="delete inline"
        ),
        pytest.param(
            "PutRolePermissionsBoundary",
            {"permissionsBoundary": "arn:aws:iam::aws:policy/x"},
            "/properties/PermissionsBoundary",
            "arn:aws:iam::aws:policy/x",
            id="bound",
        ),
        pytest.param(
            "DeleteRolePermissionsBoundary",
            {},
            "/properties/PermissionsBoundary",
            None,
            id="unbound",
        ),
        pytest.param(
            "TagRole",
            {"tags": [{"key": "vigil:break-glass", "value": "yes"}]},
            "/properties/Tags",
            [{"Key": "vigil:break-glass", "Value": "yes"}],
            id="tag",
        ),
    ],
)
def test_an_event_proposes_what_it_wrote(
    action: str, parameters: dict[str, Any], pointer: str, value: Any
) -> None:
    (touch,) = change("iam", action, {"roleName": "app", **parameters}).touches

    assert touch.ref == APP
    assert touch.writes == (pointer,)
    assert touch.proposed == {pointer: value}


@pytest.mark.parametrize(
    ("action", "key"),
    [("UpdateAssumeRolePolicy", "policyDocument"), ("CreateRole", "assumeRolePolicyDocument")],
)
def test_a_proposed_trust_policy_looks_like_the_described_one(action: str, key: str) -> None:
    with aws_on_moto() as aws:
        with_role(aws, document=trust("*"))
        item = seen(look(aws, TRUST))

    (touch,) = change("iam", action, {"roleName": "app", key: trust("*")}).touches

    pointer = "/properties/AssumeRolePolicyDocument"
    assert touch.proposed[pointer] == item.properties["AssumeRolePolicyDocument"]


def test_an_assumed_role_was_alive_at_that_time() -> None:
    seen_use = change("sts", "AssumeRole", {"roleArn": ARN, "roleSessionName": "s"}, readOnly=True)

    (touch,) = seen_use.touches

    assert touch.ref == APP
    assert touch.observes == {"/observed/LastAssumed": "2026-01-01T11:00:00.000Z"}
    assert touch.writes == ()


def test_assuming_a_role_elsewhere_says_nothing_about_ours() -> None:
    elsewhere = {"roleArn": "arn:aws:iam::999999999999:role/app", "roleSessionName": "s"}

    assert change("sts", "AssumeRole", elsewhere, readOnly=True).touches == ()


def test_a_managed_policy_that_changes_leads_to_the_roles_that_hold_it() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/team/deploy"

    (companion,) = change("iam", "CreatePolicyVersion", {"policyArn": arn}).companions

    assert companion.ref.key == f"{ACCOUNT}#global#AWS::IAM::ManagedPolicy#{arn}"
    assert companion.writes == ("/properties/ManagedPolicyArns", "/observed/AttachedPolicies")
    assert not companion.account_wide
