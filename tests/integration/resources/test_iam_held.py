"""What users and roles may do by all their policies together, and who brought it about."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import ConfigurationItem, Page, ResourceRef, ResourceType, SweepRequest
from chalicelib.resources import _frame, _iam_held, _iam_membership, iam_role, iam_user
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
USER, ROLE = iam_user.RESOURCE_TYPE, iam_role.RESOURCE_TYPE
ROUTING = Routing.of([USER, ROLE])
READ = frozenset({"/derived/Escalations", "/properties/PermissionsBoundary"})
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}
PARTS = [f"arn:aws:iam::{ACCOUNT}:policy/run", f"arn:aws:iam::{ACCOUNT}:policy/idle"]


def text(*actions: str, effect: str = "Allow") -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture(scope="module")
def aws() -> Iterator[RecordedAws]:
    """Play an account whose user and role hold half of a combination in each of two places."""
    with aws_on_moto() as aws:
        iam = aws.client("iam", region="us-east-1")
        iam.create_policy(PolicyName="run", PolicyDocument=text("ec2:RunInstances"))
        iam.create_policy(PolicyName="idle", PolicyDocument=text("s3:ListAllMyBuckets"))
        iam.create_group(GroupName="ops")
        iam.attach_group_policy(GroupName="ops", PolicyArn=PARTS[0])
        iam.put_group_policy(GroupName="ops", PolicyName="x", PolicyDocument=text("s3:List*"))
        iam.create_user(UserName="bob")
        iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=text("iam:PassRole"))
        iam.add_user_to_group(GroupName="ops", UserName="bob")
        iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=text("iam:PassRole"))
        for arn in PARTS:
            iam.attach_role_policy(RoleName="app", PolicyArn=arn)
        yield aws


def look(aws: RecordedAws, kind: ResourceType, name: str) -> ConfigurationItem:
    ref = ResourceRef(account_id=ACCOUNT, region="global", type=kind.type, id=name)
    item = _frame.describe(aws, kind, ref, READ, StoppedClock())
    assert item is not None
    return item


def page(aws: RecordedAws, kind: ResourceType) -> Page:
    request = SweepRequest(account_id=ACCOUNT, region="global", type=kind.type)
    return _frame.page(aws, kind, request, READ, StoppedClock())


def test_halves_in_an_inline_and_an_attached_policy_are_a_whole(aws: RecordedAws) -> None:
    (row,) = look(aws, ROLE, "app").derived["Escalations"]

    assert row["Combinations"] == ["iam:passrole + ec2:runinstances"]
    assert row["Notes"] == []
    assert row["Because"] == [
        "/properties/Policies/0/PolicyDocument/Statement/0",
        f"/observed/AttachedPolicies/{PARTS[0].replace('/', '~1')}/Statement/0",
        "/properties/ManagedPolicyArns/1",
    ]


def test_a_policy_of_aws_is_named_as_not_read(aws: RecordedAws) -> None:
    item = look(aws, ROLE, "app")
    more = [*item.properties["ManagedPolicyArns"], READ_ONLY]
    holder = replace(item, properties={**item.properties, "ManagedPolicyArns": more})

    (row,) = _frame.derive(ROLE, holder, READ).derived["Escalations"]

    assert row["Notes"] == [f"not read: {READ_ONLY}"]


def test_a_half_that_comes_from_a_group_counts_for_its_member(aws: RecordedAws) -> None:
    item = look(aws, USER, "bob")

    (row,) = item.derived["Escalations"]
    assert row["Because"][-1] == "/properties/Groups/0"
    assert f"{ACCOUNT}#global#AWS::IAM::Group#ops" in item.companions


@pytest.mark.parametrize(("kind", "name"), [(USER, "bob"), (ROLE, "app")], ids=["user", "role"])
def test_a_listed_principal_equals_the_described_one(
    aws: RecordedAws, kind: ResourceType, name: str
) -> None:
    (listed,) = page(aws, kind).items
    described = look(aws, kind, name)

    again = replace(described, started_at=listed.started_at, ended_at=listed.ended_at)
    assert (listed.document(), listed.gaps) == (again.document(), again.gaps)


def test_policies_are_read_in_bulk_where_roles_are_listed(aws: RecordedAws) -> None:
    aws.calls.clear()

    page(aws, ROLE)

    assert aws.calls == ["iam:GetAccountAuthorizationDetails"] * 2


def test_a_policy_that_the_bulk_does_not_know_yet_is_asked_for() -> None:
    attached = [{"PolicyArn": PARTS[0]}]

    assert _iam_held.listed_reading(ACCOUNT, attached, {}).observed == {}
    assert _iam_held.listed_reading(ACCOUNT, [{"PolicyArn": READ_ONLY}], {}).observed == {
        "AttachedPolicies": {}
    }


@pytest.mark.parametrize(
    "groups",
    [{}, {"ops": {"GroupName": "ops", "AttachedManagedPolicies": [{"PolicyArn": PARTS[0]}]}}],
    ids=["the group", "a policy of the group"],
)
def test_a_group_of_which_the_bulk_does_not_know_all_is_asked_for(groups: dict[str, Any]) -> None:
    assert _iam_membership.listed_reading(ACCOUNT, ["ops"], groups, {}).observed == {}


def proposed(action: str, parameters: dict[str, Any], kind: ResourceType) -> dict[str, Any]:
    record = {
        "eventSource": "iam.amazonaws.com",
        "eventName": action,
        "eventTime": "2026-01-01T11:00:00Z",
        "awsRegion": "us-east-1",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice"},
        "requestParameters": parameters,
    }
    change = change_from(record, ROUTING, received_at=NOON)
    (found,) = [c for c in change.companions if c.dependent_type == kind.type]
    return dict(found.proposed)


def test_a_new_version_says_which_policy_and_what_it_says() -> None:
    given = {"policyArn": PARTS[0], "policyDocument": text("s3:*"), "setAsDefault": True}

    said = proposed("CreatePolicyVersion", given, ROLE)

    assert said["/properties/ManagedPolicyArns"] == [PARTS[0]]
    (statement,) = said["/observed/AttachedPolicies"][PARTS[0]]["Statement"]
    assert statement["Action"] == ["s3:*"]


@pytest.mark.parametrize("is_default", [False, None], ids=["not the default", "not said"])
def test_a_version_that_is_not_the_default_says_nothing_of_the_text(
    is_default: bool | None,
) -> None:
    given = {"policyArn": PARTS[0], "policyDocument": text("*"), "setAsDefault": is_default}

    said = proposed("CreatePolicyVersion", given, ROLE)

    assert said["/observed/AttachedPolicies"] == {PARTS[0]: None}


def test_a_groups_new_policy_is_its_members() -> None:
    given = {"groupName": "ops", "policyName": "p", "policyDocument": text("iam:*")}

    said = proposed("PutGroupPolicy", given, USER)

    (row,) = said["/observed/GroupPolicies"]["ops"]["Policies"]
    assert row["PolicyName"] == "p"
