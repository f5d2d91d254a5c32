"""Which records lead to a look at the account, and what they are proven to have written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.findings._matching import carries
from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import Change
from chalicelib.model.pointer import tokens_of
from chalicelib.resources.account_global import RESOURCE_TYPE

ACCOUNT = "123456789012"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROUTING = Routing.of([RESOURCE_TYPE])
SUPPORT = "arn:aws:iam::aws:policy/AWSSupportAccess"
CLOUDSHELL = "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"
BOB = {"type": "IAMUser", "accountId": ACCOUNT, "userName": "bob"}
ROOT = {"type": "Root", "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root"}
AS_ROOT = {"type": "AssumedRoot", "accountId": ACCOUNT}


def change(
    service: str, action: str, who: Mapping[str, Any] = BOB, response: Any = None, **given: Any
) -> Change:
    record = {
        "eventVersion": "1.11",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": action,
        "eventTime": "2026-01-01T11:59:00Z",
        "awsRegion": "us-east-1",
        "recipientAccountId": ACCOUNT,
        "userIdentity": who,
        "requestParameters": given or None,
        "responseElements": response,
        "eventID": "6f1d2c3b-0000-4000-8000-000000000002",
    }
    return change_from(record, ROUTING, received_at=NOON)


def written(event: Change) -> set[str]:
    return {pointer for touch in event.touches for pointer in touch.writes}


@pytest.mark.parametrize(
    ("event", "pointers"),
    [
        pytest.param(
            change("iam", "CreateAccessKey", ROOT), {"/observed/AccountSummary"}, id="root's key"
        ),
        pytest.param(
            change("iam", "DeactivateMFADevice", ROOT, serialNumber="x"),
            {"/observed/AccountSummary", "/observed/RootVirtualMfaDevices"},
            id="root's device",
        ),
        pytest.param(
            change("iam", "DeleteLoginProfile", AS_ROOT),
            {"/observed/AccountSummary"},
            id="root's password, by the management account",
        ),
        pytest.param(
            change("iam", "AttachRolePolicy", roleName="r", policyArn=SUPPORT),
            {"/observed/AwsPolicyHolders"},
            id="support access",
        ),
        pytest.param(
            change(
                "iam",
                "DetachUserPolicy",
                userName="u",
                policyArn=CLOUDSHELL.replace("aws:iam", "aws-us-gov:iam"),
            ),
            {"/observed/AwsPolicyHolders"},
            id="CloudShell in GovCloud",
        ),
        pytest.param(
            change("account", "PutAlternateContact", alternateContactType="SECURITY"),
            {"/observed/SecurityContact"},
            id="the security contact",
        ),
        pytest.param(
            change(
                "account",
                "DeleteAlternateContact",
                alternateContactType="SECURITY",
                accountId=ACCOUNT,
            ),
            {"/observed/SecurityContact"},
            id="the security contact, with the account's own id",
        ),
        pytest.param(
            change("iam", "DeleteAccountPasswordPolicy"),
            {"/observed/PasswordPolicy"},
            id="the password policy",
        ),
        pytest.param(
            change("organizations", "LeaveOrganization"), {"/observed/Organization"}, id="leaving"
        ),
    ],
)
def test_what_concerns_the_account_leads_to_it(event: Change, pointers: set[str]) -> None:
    assert written(event) == pointers
    assert {touch.ref.id for touch in event.touches} == {ACCOUNT}
    assert {touch.ref.region for touch in event.touches} == {"global"}


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(change("iam", "CreateAccessKey", BOB), id="a user's own key"),
        pytest.param(
            change("iam", "CreateAccessKey", ROOT, userName="bob"),
            id="a key that root makes for bob",
        ),
        pytest.param(
            change("iam", "AttachRolePolicy", roleName="r", policyArn=f"{SUPPORT}2"),
            id="another policy of AWS's",
        ),
        pytest.param(
            change(
                "iam",
                "AttachRolePolicy",
                roleName="r",
                policyArn=SUPPORT.replace("::aws:", f"::{ACCOUNT}:"),
            ),
            id="a policy of the account with AWS's name",
        ),
        pytest.param(
            change("account", "PutAlternateContact", alternateContactType="BILLING"),
            id="another contact",
        ),
        pytest.param(
            change(
                "account",
                "PutAlternateContact",
                alternateContactType="SECURITY",
                accountId="999999999999",
            ),
            id="a member's contact",
        ),
    ],
)
def test_what_does_not_concern_the_account_leads_nowhere(event: Change) -> None:
    assert event.touches == ()


def test_a_sign_in_of_root_is_proof_of_use_at_once() -> None:
    event = change("signin", "ConsoleLogin", ROOT, {"ConsoleLogin": "Success"})

    (touch,) = event.touches
    assert touch.observes == {"/observed/RootSignIn": "2026-01-01T11:59:00.000Z"}


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        pytest.param(ROOT, "Failure", id="a failed attempt of root"),
        pytest.param(BOB, "Success", id="a user"),
    ],
)
def test_no_other_sign_in_is_root_being_used(who: Mapping[str, Any], answer: str) -> None:
    event = change("signin", "ConsoleLogin", who, {"ConsoleLogin": answer})

    assert event.touches == ()


def blamed(event: Change, offending: str, raw: Any) -> bool:
    """Tell whether the event is proven to have written the offending value."""
    (touch,) = event.touches
    (top,) = touch.writes
    if top not in touch.proposed:
        return True
    below = tokens_of(offending)[len(tokens_of(top)) :]
    return carries(touch.proposed[top], below, raw)


NOBODY: dict[str, Any] = {"AWSSupportAccess": [], "AWSCloudShellFullAccess": []}
HELD = {**NOBODY, "AWSCloudShellFullAccess": [{"Kind": "user", "Name": "bob"}]}
SHELL = "/observed/AwsPolicyHolders/AWSCloudShellFullAccess/0"
SUPPORTERS = "/observed/AwsPolicyHolders/AWSSupportAccess"


@pytest.mark.parametrize(
    ("event", "offending", "raw", "named"),
    [
        pytest.param(
            change("iam", "AttachUserPolicy", userName="bob", policyArn=CLOUDSHELL),
            SHELL,
            HELD,
            True,
            id="who attached it",
        ),
        pytest.param(
            change("iam", "AttachUserPolicy", userName="eve", policyArn=CLOUDSHELL),
            SHELL,
            HELD,
            False,
            id="who attached it to somebody else",
        ),
        pytest.param(
            change("iam", "AttachUserPolicy", userName="bob", policyArn=SUPPORT),
            SHELL,
            HELD,
            False,
            id="who attached the other policy",
        ),
        pytest.param(
            change("iam", "DetachRolePolicy", roleName="r", policyArn=SUPPORT),
            SUPPORTERS,
            NOBODY,
            True,
            id="who took it from the last holder",
        ),
        pytest.param(
            change("iam", "DetachRolePolicy", roleName="r", policyArn=CLOUDSHELL),
            SUPPORTERS,
            NOBODY,
            False,
            id="who took the other one",
        ),
    ],
)
def test_only_who_wrote_the_holders_is_named(
    event: Change, offending: str, raw: Any, named: bool
) -> None:
    assert blamed(event, offending, raw) is named


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            {"minimumPasswordLength": 14, "passwordReusePrevention": 24}, (14, 24), id="both"
        ),
        pytest.param({"minimumPasswordLength": "12"}, (12, 0), id="a number as text"),
        pytest.param({"requireSymbols": True}, (6, 0), id="left out, so reset"),
        pytest.param({"minimumPasswordLength": {"a": 1}}, (6, 0), id="no number"),
    ],
)
def test_an_update_of_the_password_policy_resets_what_it_leaves_out(
    given: dict[str, Any], expected: tuple[int, int]
) -> None:
    event = change("iam", "UpdateAccountPasswordPolicy", **given)

    policy = dict(zip(("MinimumPasswordLength", "PasswordReusePrevention"), expected, strict=True))
    assert event.derived["PasswordPolicy"] == policy
    assert event.touches[0].proposed == {"/observed/PasswordPolicy": policy}


@pytest.mark.parametrize(
    ("event", "proposed"),
    [
        pytest.param(
            change("iam", "DeleteAccountPasswordPolicy"),
            {
                "/observed/PasswordPolicy": {
                    "MinimumPasswordLength": 8,
                    "PasswordReusePrevention": 0,
                }
            },
            id="the password policy goes",
        ),
        pytest.param(
            change("account", "DeleteAlternateContact", alternateContactType="SECURITY"),
            {"/observed/SecurityContact": None},
            id="the contact goes",
        ),
        pytest.param(
            change("organizations", "RegisterDelegatedAdministrator", accountId="444455556666"),
            {"/observed/DelegatedAdministrators": [{"Id": "444455556666", "Status": "ACTIVE"}]},
            id="an administrator comes",
        ),
        pytest.param(
            change("organizations", "RegisterDelegatedAdministrator"), {}, id="without saying who"
        ),
        pytest.param(
            change(
                "iam",
                "DisableOrganizationsRootSessions",
                BOB,
                {"enabledFeatures": ["RootCredentialsManagement"]},
            ),
            {"/observed/OrganizationFeatures": ["RootCredentialsManagement"]},
            id="a feature goes",
        ),
        pytest.param(
            change("iam", "DisableOrganizationsRootSessions"), {}, id="without saying what is left"
        ),
    ],
)
def test_a_payload_that_says_what_it_wrote_is_taken_at_its_word(
    event: Change, proposed: dict[str, Any]
) -> None:
    (touch,) = event.touches

    assert touch.proposed == proposed
