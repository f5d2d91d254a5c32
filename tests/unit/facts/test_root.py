"""What stands between root and the account, and when root was last used."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.facts.root_mfa import devices_do_not_matter, root_second_factors
from chalicelib.facts.root_use import root_activity
from chalicelib.facts.sign_in import sign_in_paths
from chalicelib.model import ConfigurationItem, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
VIRTUAL = f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device"
YESTERDAY = "2025-12-31T12:00:00.000Z"


def item(**observed: Any) -> ConfigurationItem:
    return ConfigurationItem(
        ref=ResourceRef(
            account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT
        ),
        properties={},
        observed=observed,
        started_at=NOON,
        ended_at=NOON,
    )


def root(
    *, mfa: int = 1, password: int | None = 1, keys: int = 0, devices: Any = ()
) -> ConfigurationItem:
    summary = {
        "AccountMFAEnabled": mfa,
        "AccountPasswordPresent": password,
        "AccountAccessKeysPresent": keys,
        "Users": 0,
    }
    listed = None if devices is None else list(devices)
    return item(AccountSummary=summary, RootVirtualMfaDevices=listed)


@pytest.mark.parametrize(
    ("account", "kinds"),
    [
        pytest.param(root(devices=[VIRTUAL]), ["virtual"], id="a virtual device"),
        pytest.param(root(devices=[]), ["hardware"], id="a device that is on no list"),
        pytest.param(
            root(devices=[VIRTUAL, f"{VIRTUAL}-2"]), ["virtual", "virtual"], id="two virtual ones"
        ),
        pytest.param(root(mfa=0), ["none"], id="no device"),
        pytest.param(root(mfa=0, devices=[VIRTUAL]), ["none"], id="a device that is not in use"),
        pytest.param(root(mfa=0, password=0), [], id="credentials removed"),
        pytest.param(
            root(password=0, devices=[VIRTUAL]), [], id="credentials removed, a device left over"
        ),
        pytest.param(root(mfa=0, password=0, keys=1), ["none"], id="password removed, keys not"),
        pytest.param(root(mfa=0, password=None), ["none"], id="AWS says nothing of a password"),
    ],
)
def test_second_factors_of_root_are_told_apart(
    account: ConfigurationItem, kinds: list[str]
) -> None:
    assert [row["Kind"] for row in root_second_factors(account)] == kinds


def test_a_virtual_device_is_named_at_its_place() -> None:
    (row,) = root_second_factors(root(devices=[VIRTUAL]))

    assert (row["Serial"], row["Because"]) == (VIRTUAL, ["/observed/RootVirtualMfaDevices/0"])


@pytest.mark.parametrize(
    ("account", "kinds", "settled"),
    [
        pytest.param(root(devices=None), [], False, id="a device of unknown kind"),
        pytest.param(root(mfa=0, devices=None), ["none"], True, id="no device"),
        pytest.param(root(password=0, devices=None), [], True, id="credentials removed"),
        pytest.param(
            item(AccountSummary=None, RootVirtualMfaDevices=[VIRTUAL]), [], False, id="no summary"
        ),
    ],
)
def test_unread_devices_matter_only_where_they_could_change_something(
    account: ConfigurationItem, kinds: list[str], settled: bool
) -> None:
    assert [row["Kind"] for row in root_second_factors(account)] == kinds
    assert devices_do_not_matter(account) is settled


NEVER = {"PasswordLastUsed": None, "AccessKey1LastUsed": None, "AccessKey2LastUsed": None}


@pytest.mark.parametrize(
    ("observed", "uses"),
    [
        pytest.param({"RootUse": NEVER, "RootSignIn": None}, [], id="never used"),
        pytest.param(
            {"RootUse": {**NEVER, "PasswordLastUsed": YESTERDAY}, "RootSignIn": None},
            [("password", YESTERDAY, "/observed/RootUse/PasswordLastUsed")],
            id="password",
        ),
        pytest.param(
            {"RootUse": {**NEVER, "AccessKey2LastUsed": YESTERDAY}, "RootSignIn": None},
            [("access key 2", YESTERDAY, "/observed/RootUse/AccessKey2LastUsed")],
            id="second key",
        ),
        pytest.param(
            {"RootUse": NEVER, "RootSignIn": YESTERDAY},
            [("sign-in", YESTERDAY, "/observed/RootSignIn")],
            id="a sign-in the report does not show yet",
        ),
        pytest.param(
            {"RootUse": None, "RootSignIn": YESTERDAY},
            [("sign-in", YESTERDAY, "/observed/RootSignIn")],
            id="a sign-in without a report",
        ),
        pytest.param({"RootUse": None, "RootSignIn": None}, [], id="nothing is known"),
    ],
)
def test_each_use_of_root_is_a_row(
    observed: dict[str, Any], uses: list[tuple[str, str, str]]
) -> None:
    rows = root_activity(item(**observed))

    assert [(row["By"], row["At"], *row["Because"]) for row in rows] == uses


@pytest.mark.parametrize(
    ("providers", "users", "paths"),
    [
        pytest.param([], 0, [], id="nobody"),
        pytest.param([], 3, [("iam-users", "/observed/AccountSummary/Users")], id="users"),
        pytest.param(
            ["arn:aws:iam::1:saml-provider/x"],
            3,
            [
                ("federation", "/observed/SAMLProviders/0"),
                ("iam-users", "/observed/AccountSummary/Users"),
            ],
            id="a federation and users",
        ),
    ],
)
def test_each_way_in_is_a_row(
    providers: list[str], users: int, paths: list[tuple[str, str]]
) -> None:
    rows = sign_in_paths(item(AccountSummary={"Users": users}, SAMLProviders=providers))

    assert [(row["Path"], *row["Because"]) for row in rows] == paths
