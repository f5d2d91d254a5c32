"""With what a user can sign in and call, and when each of it was last used."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.facts.credentials import CONSOLE_ACCESS, CREDENTIAL_ACTIVITY
from chalicelib.model import ConfigurationItem, Gap, GapReason, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OLD, LATER = "2020-01-01T00:00:00.000Z", "2025-06-01T00:00:00.000Z"
DEVICES = "arn:aws:iam::111122223333"


def key(**overrides: Any) -> dict[str, Any]:
    fresh = {"AccessKeyId": "AKIA1", "Status": "Active", "CreateDate": OLD, "LastUsedDate": None}
    return {**fresh, **overrides}


def user(*gaps: str, **observed: Any) -> ConfigurationItem:
    has_password = observed.get("PasswordCreated") is not None
    return ConfigurationItem(
        ref=ResourceRef(account_id="1", region="global", type="AWS::IAM::User", id="alice"),
        properties={"LoginProfile": {"PasswordResetRequired": False} if has_password else None},
        observed={
            "PasswordCreated": None,
            "PasswordLastUsed": None,
            "AccessKeys": [],
            "MFADevices": [],
            **observed,
        },
        gaps=tuple(
            Gap(pointer=pointer, reason=GapReason.DENIED, call="iam:GetUser", error="AccessDenied")
            for pointer in gaps
        ),
        started_at=NOON,
        ended_at=NOON,
    )


def activity(item: ConfigurationItem) -> list[tuple[str, str, str, list[str]]]:
    rows = CREDENTIAL_ACTIVITY.compute(item)
    return [(row["Credential"], row["Source"], row["At"], row["Because"]) for row in rows]


def test_a_password_counts_from_its_last_use() -> None:
    item = user(PasswordCreated=OLD, PasswordLastUsed=LATER)

    assert activity(item) == [("password", "used", LATER, ["/observed/PasswordLastUsed"])]


@pytest.mark.parametrize("used", [None, OLD], ids=["no use known", "used before it was set anew"])
def test_a_password_without_use_since_counts_from_its_creation(used: str | None) -> None:
    item = user(PasswordCreated=LATER, PasswordLastUsed=used)

    assert activity(item) == [("password", "created", LATER, ["/observed/PasswordCreated"])]


def test_a_last_use_without_a_password_is_history() -> None:
    assert activity(user(PasswordLastUsed=OLD)) == []


def test_each_active_key_counts_by_itself() -> None:
    item = user(AccessKeys=[key(), key(AccessKeyId="AKIA2", LastUsedDate=LATER)])

    assert activity(item) == [
        ("access-key", "created", OLD, ["/observed/AccessKeys/0/CreateDate"]),
        ("access-key", "used", LATER, ["/observed/AccessKeys/1/LastUsedDate"]),
    ]


@pytest.mark.parametrize("status", ["Inactive", "Expired"])
def test_a_key_that_does_not_work_is_no_credential(status: str) -> None:
    assert activity(user(AccessKeys=[key(Status=status)])) == []


def test_what_is_unread_hides_nothing_of_the_rest_and_proves_nothing() -> None:
    no_use = user("/observed/PasswordLastUsed", PasswordCreated=OLD, AccessKeys=[key()])
    no_keys = user("/observed/AccessKeys", PasswordCreated=OLD, AccessKeys=None)

    assert [row[0] for row in activity(no_use)] == ["access-key"]
    assert [row[0] for row in activity(no_keys)] == ["password"]


@pytest.mark.parametrize(
    ("serials", "factors"),
    [
        ([], []),
        ([f"{DEVICES}:mfa/alice"], ["virtual"]),
        ([f"{DEVICES}:u2f/user/alice/key"], ["security-key"]),
        (["GAHT12345678"], ["hardware-token"]),
        ([f"{DEVICES}:mfa/a", f"{DEVICES}:mfa/b", "GAHT1"], ["hardware-token", "virtual"]),
    ],
    ids=["none", "virtual", "security key", "token", "several"],
)
def test_second_factors_are_told_apart_by_serial_number(
    serials: list[str], factors: list[str]
) -> None:
    devices = [{"SerialNumber": serial, "EnableDate": OLD} for serial in serials]

    (row,) = CONSOLE_ACCESS.compute(user(PasswordCreated=OLD, MFADevices=devices))

    assert row["SecondFactors"] == factors


def test_who_has_no_password_has_no_console_access() -> None:
    assert CONSOLE_ACCESS.compute(user()) == []
