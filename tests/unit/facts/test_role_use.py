"""When a role last showed a sign of life, and whose roles are not asked."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.role_use import LAST_ACTIVITY, MANAGED_BY, last_activity, managed_by
from chalicelib.model import ConfigurationItem, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CREATED = "2024-01-01T00:00:00.000Z"
USED = "2025-06-01T08:30:00.000Z"
ASSUMED = "2025-06-01T11:00:00Z"


def role(
    *,
    name: str = "app",
    path: str = "/",
    tags: dict[str, str] | None = None,
    created: str = CREATED,
    used: str | None = None,
    assumed: str | None = None,
) -> ConfigurationItem:
    return ConfigurationItem(
        ref=ResourceRef(account_id="123456789012", region="global", type="AWS::IAM::Role", id=name),
        properties={
            "RoleName": name,
            "Path": path,
            "Tags": [{"Key": key, "Value": value} for key, value in (tags or {}).items()],
        },
        observed={
            "CreateDate": created,
            "RoleLastUsed": {"LastUsedDate": used, "Region": "eu-west-1" if used else None},
            "LastAssumed": assumed,
        },
        started_at=NOON,
        ended_at=NOON,
    )


@pytest.mark.parametrize(
    ("seen", "activity"),
    [
        pytest.param(
            role(), (CREATED, "created", "/observed/CreateDate"), id="not used within 400 days"
        ),
        pytest.param(
            role(used=USED),
            (USED, "used", "/observed/RoleLastUsed/LastUsedDate"),
            id="used after its creation",
        ),
        pytest.param(
            role(used=USED, assumed=ASSUMED),
            (ASSUMED, "assumed", "/observed/LastAssumed"),
            id="an assumption overtakes the lagging tracking",
        ),
        pytest.param(
            role(used=USED, assumed="2025-05-01T00:00:00Z"),
            (USED, "used", "/observed/RoleLastUsed/LastUsedDate"),
            id="a replayed old assumption does not turn time back",
        ),
        pytest.param(
            role(used="2025-06-01T11:00:00.250Z", assumed="2025-06-01T11:00:00Z"),
            ("2025-06-01T11:00:00.250Z", "used", "/observed/RoleLastUsed/LastUsedDate"),
            id="fractions of a second count",
        ),
    ],
)
def test_the_latest_sign_of_life_counts(
    seen: ConfigurationItem, activity: tuple[str, str, str]
) -> None:
    at, source, pointer = activity

    assert last_activity(seen) == {"At": at, "Source": source, "Because": [pointer]}


@pytest.mark.parametrize(
    ("seen", "owner"),
    [
        pytest.param(role(), "customer", id="an ordinary role"),
        pytest.param(role(path="/teams/shop/"), "customer", id="a path of one's own"),
        pytest.param(
            role(path="/aws-service-role/ecs.amazonaws.com/"), "aws-service", id="service-linked"
        ),
        pytest.param(
            role(path="/aws-reserved/sso.amazonaws.com/eu-west-1/"),
            "identity-center",
            id="Identity Center",
        ),
        pytest.param(
            role(path="/my/aws-service-role/"), "customer", id="a path that only looks like AWS's"
        ),
        pytest.param(role(name="AWSControlTowerExecution"), "control-tower", id="Control Tower"),
        pytest.param(
            role(name="aws-controltower-AuditReadOnlyRole"),
            "control-tower",
            id="Control Tower in a member account",
        ),
        pytest.param(
            role(name="stacksets-exec-0123456789abcdef"),
            "stacksets",
            id="service-managed StackSets",
        ),
        pytest.param(
            role(name="AWSCloudFormationStackSetExecutionRole"), "stacksets", id="StackSets"
        ),
        pytest.param(
            role(name="OrganizationAccountAccessRole"), "organizations", id="Organizations"
        ),
        pytest.param(
            role(tags={"vigil:break-glass": "runbook 7"}), "break-glass", id="break glass"
        ),
        pytest.param(role(tags={"vigil:break-glass": ""}), "break-glass", id="a tag alone"),
        pytest.param(role(tags={"vigil:break-glass": "False"}), "customer", id="a tag saying no"),
        pytest.param(
            role(tags={"vigil:rarely-used": "yearly audit"}), "rarely-used", id="a yearly job"
        ),
        pytest.param(role(tags={"Break-Glass": "yes"}), "customer", id="somebody else's tag"),
    ],
)
def test_roles_are_told_apart_by_who_manages_them(seen: ConfigurationItem, owner: str) -> None:
    assert managed_by(seen) == owner
    assert Draft202012Validator(dict(MANAGED_BY.schema)).is_valid(owner)


INSTANTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda at: at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
)


@given(INSTANTS, st.none() | INSTANTS, st.none() | INSTANTS)
def test_no_sign_is_later_than_the_activity(
    created: str, used: str | None, assumed: str | None
) -> None:
    activity = last_activity(role(created=created, used=used, assumed=assumed))

    at = datetime.fromisoformat(activity["At"])
    assert at == max(datetime.fromisoformat(each) for each in (created, used, assumed) if each)
    assert Draft202012Validator(dict(LAST_ACTIVITY.schema)).is_valid(activity)
