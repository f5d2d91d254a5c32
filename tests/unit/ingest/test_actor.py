"""Who is named for a call, and who never is."""

from typing import Any

import pytest

from chalicelib.ingest.actor import USER_AGENT_LIMIT_CHARS, actor_from
from chalicelib.model import Actor, Via
from tests.builders import (
    ABSENT,
    ACCOUNT,
    OTHER_ACCOUNT,
    assumed_role,
    iam_user,
    record,
    root_user,
)

IDENTITY_CENTER_PATH = "/aws-reserved/sso.amazonaws.com/eu-west-1/"


def actor(identity: Any = None, **overrides: Any) -> Actor:
    return actor_from(record(userIdentity=identity, **overrides))


@pytest.mark.parametrize(
    ("identity", "kind", "name"),
    [
        pytest.param(iam_user("alice"), "IAMUser", "alice", id="IAM user"),
        pytest.param(
            iam_user(userName=ABSENT, arn=f"arn:aws:iam::{ACCOUNT}:user/team/bob"),
            "IAMUser", "bob", id="IAM user known by ARN only"),
        pytest.param(
            iam_user(userName="HIDDEN_DUE_TO_SECURITY_REASONS", arn=ABSENT, principalId=ABSENT),
            "IAMUser", "IAMUser", id="IAM user whose name AWS hides"),
        pytest.param(assumed_role("Deployer", "build-17"), "AssumedRole", "Deployer/build-17",
                     id="role session"),
        pytest.param(assumed_role("Deployer", "build-17", sessionContext=ABSENT),
                     "AssumedRole", "Deployer/build-17", id="role session without context"),
        pytest.param(
            assumed_role("Deployer", "build-17", arn=ABSENT), "AssumedRole", "Deployer/build-17",
            id="role session without ARN"),
        pytest.param({"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/Deployer"},
                     "Role", "Deployer", id="role"),
        pytest.param(root_user(), "Root", "root", id="root"),
        pytest.param(root_user(userName="company-alias"), "Root", "root", id="root with alias"),
        pytest.param(
            {"type": "FederatedUser", "principalId": f"{ACCOUNT}:carol",
             "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/carol"},
            "FederatedUser", "carol", id="federated user"),
        pytest.param({"type": "SAMLUser", "principalId": "x:dan", "userName": "dan@example.com"},
                     "SAMLUser", "dan@example.com", id="SAML user"),
        pytest.param(
            {"type": "WebIdentityUser", "principalId": "accounts.example:1:eve",
             "userName": "eve", "identityProvider": "accounts.example"},
            "WebIdentityUser", "eve", id="web identity user"),
        pytest.param(
            {"type": "IdentityCenterUser", "accountId": ACCOUNT,
             "onBehalfOf": {"userId": "5a4b-1", "identityStoreArn": "arn:aws:identitystore:::d-1"}},
            "IdentityCenterUser", "5a4b-1", id="Identity Center user"),
        pytest.param({"type": "AWSService", "invokedBy": "inspector2.amazonaws.com"},
                     "AWSService", "inspector2.amazonaws.com", id="AWS service"),
        pytest.param({"type": "AWSAccount", "principalId": "AIDAX", "accountId": OTHER_ACCOUNT},
                     "AWSAccount", OTHER_ACCOUNT, id="another account"),
        pytest.param({"type": "Unknown", "userName": "grace", "principalId": "90-1"},
                     "Unknown", "grace", id="unknown"),
        pytest.param({"type": "Directory", "accountId": ACCOUNT, "userName": "heidi"},
                     "Directory", "heidi", id="directory"),
        pytest.param({"accountId": ACCOUNT, "invokedBy": "secretsmanager.amazonaws.com"},
                     "Unknown", "secretsmanager.amazonaws.com", id="no type"),
        pytest.param(
            {"type": "AssumedRole", "accountid": ACCOUNT, "principalid": "AROA1:ivan",
             "sessioncontext": {"sessionissuer": {"username": "Ops"}}},
            "AssumedRole", "Ops/ivan", id="keys in lower case"),
        pytest.param(None, "Unknown", "Unknown", id="null"),
        pytest.param({}, "Unknown", "Unknown", id="empty"),
        pytest.param("alice", "Unknown", "Unknown", id="text"),
        pytest.param({"type": {}, "userName": [], "arn": 7}, "Unknown", "Unknown", id="odd types"),
    ],
)  # fmt: skip
def test_an_actor_is_named_as_a_person_would_name_it(identity: Any, kind: str, name: str) -> None:
    found = actor(identity)

    assert (found.type, found.name) == (kind, name)


@pytest.mark.parametrize(
    ("identity", "person"),
    [
        pytest.param(
            assumed_role("AWSReservedSSO_Admin_0a1b", "judy@example.com",
                         path=IDENTITY_CENTER_PATH),
            "judy@example.com", id="Identity Center session"),
        pytest.param(
            assumed_role("AWSReservedSSO_Admin_0a1b", "judy@example.com"),
            None, id="a role that only looks like Identity Center's"),
        pytest.param(assumed_role("Admin", "judy@example.com"), None,
                     id="a session name that anybody may choose"),
        pytest.param(
            assumed_role("Admin", "x", sessionContext={
                "sourceIdentity": "judy", "sessionIssuer": {"type": "Role", "userName": "Admin"}}),
            "judy", id="source identity"),
        pytest.param({"type": "SAMLUser", "userName": "dan"}, "dan", id="SAML user"),
        pytest.param(assumed_role("Query", "x", onBehalfOf={"userId": "5a4b-1"}), "5a4b-1",
                     id="on behalf of an Identity Center user"),
        pytest.param(iam_user("alice"), None, id="an IAM user may be a workload"),
        pytest.param({"type": "FederatedUser",
                      "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/carol"}, None,
                     id="a federated user's name is the caller's choice"),
    ],
)  # fmt: skip
def test_a_person_is_named_only_where_somebody_vouches(
    identity: dict[str, Any], person: str | None
) -> None:
    assert actor(identity).person == person


def test_a_role_session_keeps_issuer_session_and_stable_id_apart() -> None:
    found = actor(assumed_role("Deployer", "build-17", path="/ci/"))

    assert found.issuer_arn == f"arn:aws:iam::{ACCOUNT}:role/ci/Deployer"
    assert found.session_name == "build-17"
    assert found.principal_id == "AROAEXAMPLEROLE"
    assert found.account_id == ACCOUNT


TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.9"
)


@pytest.mark.parametrize(
    ("overrides", "via", "tool"),
    [
        pytest.param({"userAgent": TERRAFORM}, Via.IAC, "Terraform/1.11.4", id="Terraform"),
        pytest.param({"userAgent": f"[{TERRAFORM}]"}, Via.IAC, "Terraform/1.11.4", id="brackets"),
        pytest.param({"userAgent": "OpenTofu/1.8.1 (+https://opentofu.org)"}, Via.IAC,
                     "OpenTofu/1.8.1", id="OpenTofu"),
        pytest.param({"userAgent": "APN/1.0 Pulumi/3.100.0 aws-sdk-go-v2/1.2"}, Via.IAC,
                     "Pulumi/3.100.0", id="Pulumi"),
        pytest.param({"userAgent": "aws-sdk-js/3.6 os/linux " + "x" * 300 + " aws-cdk/2.178.1"},
                     Via.IAC, "aws-cdk/2.178.1", id="CDK at the end of a long agent"),
        pytest.param({"userAgent": "APN/1.0 Ansible/2.15.0 amazon.aws/6.0"}, Via.IAC,
                     "Ansible/2.15.0", id="Ansible"),
        pytest.param({"userAgent": "aws-sdk-go/1.4 crossplane-provider-aws/v0.40.0"}, Via.IAC,
                     "crossplane-provider-aws/v0.40.0", id="Crossplane"),
        pytest.param({"userAgent": "cloudformation.amazonaws.com"}, Via.IAC, "CloudFormation",
                     id="CloudFormation"),
        pytest.param({"userAgent": "console.amazonaws.com"}, Via.CONSOLE, None, id="console"),
        pytest.param({"userAgent": "console.ec2.amazonaws.com"}, Via.CONSOLE, None,
                     id="a service's console"),
        pytest.param({"userAgent": "signin.amazonaws.com"}, Via.CONSOLE, None, id="sign-in"),
        pytest.param({"userAgent": "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12]"},
                     Via.CONSOLE, None, id="S3 console"),
        pytest.param({"userAgent": "RDS Console, aws-internal/3 aws-sdk-java/1.11"}, Via.CONSOLE,
                     None, id="RDS console"),
        pytest.param({"userAgent": "AWS-Console-S3/1"}, Via.CONSOLE, None, id="AWS-Console"),
        pytest.param({"userAgent": "Mozilla/5.0 (X11)"}, Via.CONSOLE, None, id="browser"),
        pytest.param({"sessionCredentialFromConsole": "true"}, Via.CONSOLE, None,
                     id="credentials from the console"),
        pytest.param({"sessionCredentialFromConsole": "false"}, Via.SDK, "aws-cli/2.17.0",
                     id="credentials not from the console"),
        pytest.param({"userAgent": "[aws-cli/2.17.32 md/awscrt#0.21.2]"}, Via.SDK,
                     "aws-cli/2.17.32", id="CLI"),
        pytest.param({"userAgent": "Boto3/1.26.165 Python/3.10 Botocore/1.29"}, Via.SDK,
                     "Boto3/1.26.165", id="boto3"),
        pytest.param({"userAgent": "aws-sdk-go-v2/1.14.0 os/macos"}, Via.SDK,
                     "aws-sdk-go-v2/1.14.0", id="Go SDK"),
        pytest.param({"userAgent": "autoscaling.amazonaws.com"}, Via.SERVICE, None,
                     id="service as agent"),
        pytest.param({"userAgent": ABSENT, "sourceIPAddress": "AWS Internal"}, Via.SERVICE, None,
                     id="service as source"),
        pytest.param({"userAgent": "curl/8.0"}, Via.UNKNOWN, None, id="something else"),
        pytest.param({"userAgent": ABSENT}, Via.UNKNOWN, None, id="nothing said"),
        pytest.param({"userAgent": ["aws-cli/2"]}, Via.UNKNOWN, None, id="odd type"),
    ],
)  # fmt: skip
def test_the_tool_is_read_from_what_the_record_says(
    overrides: dict[str, Any], via: Via, tool: str | None
) -> None:
    found = actor(iam_user(), **overrides)

    assert (found.via, found.tool) == (via, tool)


@pytest.mark.parametrize(
    ("invoked_by", "via", "kept"),
    [
        pytest.param("cloudformation.amazonaws.com", Via.IAC, "cloudformation.amazonaws.com",
                     id="CloudFormation"),
        pytest.param("autoscaling.amazonaws.com", Via.SERVICE, "autoscaling.amazonaws.com",
                     id="a service"),
        pytest.param("AWS Internal", Via.SERVICE, "AWS Internal", id="inside AWS"),
        pytest.param("signin.amazonaws.com", Via.CONSOLE, None,
                     id="the console is the person, not a service"),
    ],
)  # fmt: skip
def test_forward_access_names_the_service_in_between(
    invoked_by: str, via: Via, kept: str | None
) -> None:
    found = actor(iam_user(invokedBy=invoked_by))

    assert (found.via, found.invoked_by, found.name) == (via, kept, "alice")


@pytest.mark.parametrize(
    ("source", "address"),
    [
        pytest.param("203.0.113.7", "203.0.113.7", id="IPv4"),
        pytest.param("2001:DB8::7", "2001:db8::7", id="IPv6"),
        pytest.param("cloudformation.amazonaws.com", None, id="service name"),
        pytest.param("AWS Internal", None, id="AWS Internal"),
        pytest.param("<script>", None, id="anything else"),
        pytest.param(3405803783, None, id="number"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_source_address_is_an_address(source: Any, address: str | None) -> None:
    assert actor(iam_user(), sourceIPAddress=source).source_ip == address


def test_the_user_agent_is_bounded_and_printable() -> None:
    found = actor(iam_user(), userAgent="a\x00\n\u202e" + "b" * 2000)

    assert found.user_agent is not None
    assert found.user_agent.startswith("a\ufffd \ufffdb")
    assert len(found.user_agent) == USER_AGENT_LIMIT_CHARS


@pytest.mark.parametrize(
    ("session", "additional", "mfa"),
    [
        pytest.param({"attributes": {"mfaAuthenticated": "true"}}, None, True, id="with, as text"),
        pytest.param({"attributes": {"mfaAuthenticated": "false"}}, None, False, id="without"),
        pytest.param({"attributes": {"mfaAuthenticated": True}}, None, True, id="with, as boolean"),
        pytest.param({"attributes": {}}, None, None, id="silent"),
        pytest.param({"attributes": ""}, "", None, id="odd types"),
        pytest.param(None, {"MFAUsed": "Yes"}, True, id="sign-in with"),
        pytest.param(None, {"MFAUsed": "No"}, False, id="sign-in without"),
    ],
)
def test_mfa_is_known_only_where_the_record_says_so(
    session: Any, additional: Any, *, mfa: bool | None
) -> None:
    found = actor(iam_user(sessionContext=session), additionalEventData=additional)

    assert found.mfa is mfa
