"""Calls that moto has no answer to are answered as AWS does in an account nobody has touched."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import (
    REGION,
    ClientFactory,
    clients_of,
    keys_of,
    raw_request,
    signed,
)
from vigil.local._untouched_answers import ANSWERS
from vigil.local.moto_server import EmbeddedAws

GUIDE = Path(__file__).parents[3] / "docs/guide/local.md"
ACCOUNT = EmbeddedAws.account_id
SHARING = "/ssm/documents/console/public-sharing-permission"
SHARING_ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:servicesetting{SHARING}"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
CONTACT = {
    "FullName": "Example Corp",
    "AddressLine1": "1 Any Street",
    "City": "Any Town",
    "PostalCode": "12345",
    "CountryCode": "DE",
    "PhoneNumber": "+49301",
}


def said(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def code_of(call: Any, **given: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**given)
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def sharing_of(ssm: Any) -> tuple[str, str]:
    setting = ssm.get_service_setting(SettingId=SHARING)["ServiceSetting"]
    return setting["SettingValue"], setting["Status"]


def test_the_guide_names_every_call_that_is_answered_here() -> None:
    guide = GUIDE.read_text(encoding="utf-8")

    unnamed = {
        operation
        for service, operation in ANSWERS
        if f"`{operation}`" not in guide and f"`{service}:{operation}`" not in guide
    }

    # Only the name of an error is put right in these two.
    assert unnamed == {"DescribeVault", "DeleteVault"}


def test_nobody_has_an_analyzer_before_one_is_made(client: ClientFactory) -> None:
    pages = client("accessanalyzer").get_paginator("list_analyzers").paginate()

    assert [said(page) for page in pages] == [{"analyzers": []}]


def test_the_contact_is_complete_as_after_the_sign_up_and_can_be_replaced(
    client: ClientFactory,
) -> None:
    account = client("account")
    at_first = account.get_contact_information()["ContactInformation"]

    account.put_contact_information(ContactInformation=CONTACT)

    assert set(at_first) == set(CONTACT)
    assert all(at_first.values())
    assert account.get_contact_information()["ContactInformation"] == CONTACT


def test_emr_blocks_public_rules_but_for_ssh_until_somebody_unblocks_them(
    client: ClientFactory,
) -> None:
    emr = client("emr")
    at_first = emr.get_block_public_access_configuration()
    off = {"BlockPublicSecurityGroupRules": False, "PermittedPublicSecurityGroupRuleRanges": []}

    emr.put_block_public_access_configuration(BlockPublicAccessConfiguration=off)

    assert at_first["BlockPublicAccessConfiguration"] == {
        "BlockPublicSecurityGroupRules": True,
        "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
    }
    assert at_first["BlockPublicAccessConfigurationMetadata"]["CreatedByArn"].endswith(":root")
    after = emr.get_block_public_access_configuration()["BlockPublicAccessConfiguration"]
    assert after == off
    elsewhere = client("emr", region_name="us-east-2").get_block_public_access_configuration()
    assert elsewhere["BlockPublicAccessConfiguration"]["BlockPublicSecurityGroupRules"] is True


def test_a_catalog_has_no_policy_until_one_is_put(client: ClientFactory) -> None:
    glue = client("glue")
    at_first = code_of(glue.get_resource_policy)

    glue.put_resource_policy(PolicyInJson=POLICY)

    assert at_first == ("EntityNotFoundException", 400)
    assert glue.get_resource_policy()["PolicyInJson"] == POLICY


@pytest.mark.parametrize("setting", [SHARING, SHARING_ARN], ids=["id", "arn"])
def test_public_sharing_of_documents_is_on_until_it_is_blocked_and_again_after_a_reset(
    client: ClientFactory, setting: str
) -> None:
    ssm = client("ssm")
    at_first = sharing_of(ssm)

    ssm.update_service_setting(SettingId=setting, SettingValue="Disable")

    assert at_first == ("Enable", "Default")
    assert sharing_of(ssm) == ("Disable", "Customized")
    reset = ssm.reset_service_setting(SettingId=setting)["ServiceSetting"]
    assert (reset["SettingValue"], reset["ARN"]) == ("Enable", SHARING_ARN)
    assert sharing_of(ssm) == ("Enable", "Default")


def test_a_setting_whose_default_is_not_known_here_is_refused_not_invented(
    client: ClientFactory,
) -> None:
    ssm = client("ssm")

    code = code_of(ssm.get_service_setting, SettingId="/ssm/opsinsights/opscenter")

    assert code == ("NotImplemented", 501)


def test_snapshots_are_unblocked_until_somebody_blocks_them(client: ClientFactory) -> None:
    ec2 = client("ec2")
    at_first = said(ec2.get_snapshot_block_public_access_state())

    ec2.enable_snapshot_block_public_access(State="block-all-sharing")

    assert at_first == {"State": "unblocked", "ManagedBy": "account"}
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    assert ec2.disable_snapshot_block_public_access()["State"] == "unblocked"
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"


def test_a_function_lists_the_url_it_has(client: ClientFactory) -> None:
    role = client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument=POLICY)
    functions = client("lambda")
    functions.create_function(
        FunctionName="shop",
        Role=role["Role"]["Arn"],
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": b"x"},
    )
    without = functions.list_function_url_configs(FunctionName="shop")["FunctionUrlConfigs"]

    made = functions.create_function_url_config(FunctionName="shop", AuthType="NONE")

    [listed] = functions.list_function_url_configs(FunctionName="shop")["FunctionUrlConfigs"]
    assert without == []
    assert listed["FunctionUrl"] == made["FunctionUrl"]
    assert (listed["AuthType"], listed["InvokeMode"]) == ("NONE", "BUFFERED")
    assert code_of(functions.list_function_url_configs, FunctionName="none") == (
        "ResourceNotFoundException",
        404,
    )


def test_a_vault_has_no_policy_until_one_is_set_and_none_when_it_is_made_again(
    client: ClientFactory,
) -> None:
    glacier = client("glacier")
    vault = {"accountId": "-", "vaultName": "backup"}
    missing = "ResourceNotFoundException", 404
    assert code_of(glacier.describe_vault, **vault) == missing
    assert code_of(glacier.set_vault_access_policy, **vault, policy={"Policy": "{}"}) == missing
    glacier.create_vault(**vault)
    assert glacier.describe_vault(**vault)["VaultName"] == "backup"
    assert code_of(glacier.get_vault_access_policy, **vault) == missing

    glacier.set_vault_access_policy(**vault, policy={"Policy": POLICY})

    assert glacier.get_vault_access_policy(**vault)["policy"] == {"Policy": POLICY}
    glacier.delete_vault(**vault)
    glacier.create_vault(**vault)
    assert code_of(glacier.get_vault_access_policy, **vault) == missing
    glacier.set_vault_access_policy(**vault, policy={"Policy": POLICY})
    glacier.delete_vault_access_policy(**vault)
    assert code_of(glacier.get_vault_access_policy, **vault) == missing


def test_root_management_is_refused_for_the_reason_that_the_account_has(
    client: ClientFactory,
) -> None:
    iam, organizations = client("iam"), client("organizations")
    outside = code_of(iam.list_organizations_features)

    organizations.create_organization(FeatureSet="ALL")
    created = organizations.create_account(Email="audit@example.com", AccountName="audit")
    role = f"arn:aws:iam::{created['CreateAccountStatus']['AccountId']}:role/admin"
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="audit")["Credentials"]

    member = client("iam", **keys_of(keys))
    assert outside == ("OrganizationNotFoundException", 400)
    assert code_of(iam.list_organizations_features) == ("ServiceAccessNotEnabledException", 400)
    assert code_of(member.list_organizations_features) == (
        "AccountNotManagementOrDelegatedAdministratorException",
        400,
    )


def test_a_credential_report_begins_with_root_and_says_of_users_what_moto_says(
    client: ClientFactory,
) -> None:
    iam = client("iam")
    iam.create_user(UserName="alice")
    assert code_of(iam.get_credential_report) == ("ReportNotPresent", 410)
    iam.generate_credential_report()

    report = iam.get_credential_report()

    root, alice = csv.DictReader(io.StringIO(report["Content"].decode(), newline=""))
    assert report["ReportFormat"] == "text/csv"
    assert (root["user"], root["arn"]) == ("<root_account>", f"arn:aws:iam::{ACCOUNT}:root")
    assert (root["password_last_used"], root["mfa_active"]) == ("no_information", "false")
    assert root["access_key_1_last_used_date"] == "N/A"
    assert (alice["user"], alice["password_enabled"]) == ("alice", "false")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"BlockPublicAccessConfiguration": 1}'], ids=repr
)
def test_an_input_that_the_call_does_not_take_is_refused(aws: EmbeddedAws, body: bytes) -> None:
    target = "ElasticMapReduce.PutBlockPublicAccessConfiguration"
    headers = {
        **signed("elasticmapreduce"),
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.1",
    }

    status, _, text = raw_request(aws.url, "POST", "/", body=body, headers=headers)

    assert status == 400
    assert json.loads(text)["__type"] == "ValidationException"


def test_what_clients_have_set_is_forgotten_with_the_server() -> None:
    server = EmbeddedAws(require_trail=False, managed_policies=False)
    with server:
        ec2 = clients_of(server)("ec2")
        ec2.enable_snapshot_block_public_access(State="block-all-sharing")
        set_once = ec2.get_snapshot_block_public_access_state()["State"]

    again = EmbeddedAws(require_trail=False, managed_policies=False)
    with again:
        afterwards = clients_of(again)("ec2").get_snapshot_block_public_access_state()["State"]

    assert (set_once, afterwards) == ("block-all-sharing", "unblocked")


def test_a_change_that_is_answered_here_is_recorded_and_may_be_denied(
    aws: EmbeddedAws, client: ClientFactory
) -> None:
    ec2 = client("ec2")
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    aws.faults.deny("ec2", "DisableSnapshotBlockPublicAccess")
    aws.faults.deny("accessanalyzer")

    denied = code_of(ec2.disable_snapshot_block_public_access)

    assert denied == ("UnauthorizedOperation", 403)
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    assert code_of(client("accessanalyzer").list_analyzers) == ("AccessDeniedException", 403)
    assert aws.trail.wait_until_written(5.0)
    recorded = [(record["eventName"], record.get("errorCode")) for record in aws.trail.history]
    assert recorded == [
        ("EnableSnapshotBlockPublicAccess", None),
        ("DisableSnapshotBlockPublicAccess", "Client.UnauthorizedOperation"),
    ]
