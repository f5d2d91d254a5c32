"""What AWS answers in an account that nobody has touched, where moto says nothing or too little.

What a newcomer gets wrong: these are no samples. Each is the answer that AWS documents for an
account without any setting, and what can be set through the same service is remembered.
"""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.glacier.models import glacier_backends
from moto.organizations.models import organizations_backends

from vigil.local._asked import Asked, Refused, Told
from vigil.local._signing import sign

#: When the account and its defaults came to be; any day before a test or a demo will do.
_FOUNDED = datetime(2020, 1, 1, tzinfo=UTC)
_NOT_FOUND = 404

# EMR Management Guide, "Using Amazon EMR block public access": on in every Region, port 22 alone
# permitted, for accounts that made no cluster there before July 2019.
_EMR_DEFAULT = {
    "BlockPublicSecurityGroupRules": True,
    "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
}
# Systems Manager User Guide, "Blocking public sharing for SSM documents": sharing is allowed until
# somebody blocks it.
_SSM_SETTINGS = {"/ssm/documents/console/public-sharing-permission": "Enable"}
# What the sign-up asks everybody for; without it there is no account. The telephone number is one
# that is kept free for such use.
_CONTACT = {
    "FullName": "Local Account",
    "AddressLine1": "1 Example Street",
    "City": "Example",
    "PostalCode": "00000",
    "CountryCode": "US",
    "PhoneNumber": "+12065550100",
}
_ROOT = "<root_account>"
# IAM User Guide, "Getting credential reports": what the columns say of root and of what never was.
_ROOT_ROW = {
    "user_creation_time": _FOUNDED.isoformat(),
    "password_enabled": "not_supported",
    "password_last_used": "no_information",
    "password_last_changed": "not_supported",
    "password_next_rotation": "not_supported",
    **dict.fromkeys(
        (
            "mfa_active",
            "access_key_1_active",
            "access_key_2_active",
            "cert_1_active",
            "cert_2_active",
        ),
        "false",
    ),
}


def _no_analyzers(_: Asked) -> Told:
    # Nobody has an analyzer who did not make one; moto lacks the service, so nobody can.
    return {"analyzers": []}


def _contact(asked: Asked) -> Told:
    return {"ContactInformation": asked.memory.get(_contact_of(asked), _CONTACT)}


def _put_contact(asked: Asked) -> Told:
    asked.memory[_contact_of(asked)] = asked.given["ContactInformation"]
    return {}


def _contact_of(asked: Asked) -> tuple[str, ...]:
    return str(asked.given.get("AccountId") or asked.account), "", "contact"


def _snapshot_block(asked: Asked) -> Told:
    # EBS User Guide, "Block public access for snapshots": off unless somebody enables it.
    state = asked.memory.get(_here(asked, "snapshot-block"), "unblocked")
    return {"State": state, "ManagedBy": "account"}


def _enable_snapshot_block(asked: Asked) -> Told:
    asked.memory[_here(asked, "snapshot-block")] = asked.given["State"]
    return {"State": asked.given["State"]}


def _disable_snapshot_block(asked: Asked) -> Told:
    asked.memory.pop(_here(asked, "snapshot-block"), None)
    return {"State": "unblocked"}


def _emr_block(asked: Asked) -> Told:
    root = f"arn:aws:iam::{asked.account}:root"
    block, since, creator = asked.memory.get(
        _here(asked, "emr-block"), (_EMR_DEFAULT, _FOUNDED, root)
    )
    metadata = {"CreationDateTime": since, "CreatedByArn": creator}
    return {
        "BlockPublicAccessConfiguration": block,
        "BlockPublicAccessConfigurationMetadata": metadata,
    }


def _put_emr_block(asked: Asked) -> Told:
    """Remember the block; moto's own memory turns one that is off on again."""
    block = asked.given["BlockPublicAccessConfiguration"]
    asked.memory[_here(asked, "emr-block")] = block, datetime.now(UTC), asked.caller
    return {}


def _vault_policy(asked: Asked) -> Told:
    # Glacier's API reference: no policy and no vault are the same error.
    policy = asked.memory.get(_vault(asked)) if _has_vault(asked) else None
    return _no_such_vault(asked) if policy is None else {"policy": policy}


def _set_vault_policy(asked: Asked) -> Told:
    if not _has_vault(asked):
        return _no_such_vault(asked)
    asked.memory[_vault(asked)] = asked.given.get("policy") or {}
    return {}


def _delete_vault_policy(asked: Asked) -> Told:
    asked.memory.pop(_vault(asked), None)
    return {} if _has_vault(asked) else _no_such_vault(asked)


def _delete_vault(asked: Asked) -> Told:
    # A vault that is made again under its name begins without a policy.
    asked.memory.pop(_vault(asked), None)
    return _of_vault(asked)


def _of_vault(asked: Asked) -> Told:
    """Spell moto's error as Glacier's API does."""
    reply = asked.moto()
    return _no_such_vault(asked) if reply.error == "VaultNotFound" else reply.answer


def _no_such_vault(asked: Asked) -> Refused:
    name = asked.given["vaultName"]
    message = f"Vault not found for ARN: arn:aws:glacier:{asked.region}:{asked.account}:vaults/"
    return Refused(code="ResourceNotFoundException", message=f"{message}{name}", status=_NOT_FOUND)


def _has_vault(asked: Asked) -> bool:
    return asked.given["vaultName"] in glacier_backends[asked.account][asked.region].vaults


def _vault(asked: Asked) -> tuple[str, ...]:
    return _here(asked, "vault", str(asked.given["vaultName"]))


def _catalog_policy(asked: Asked) -> Told:
    # Glue's API reference declares the error; moto answers nothing at all instead.
    reply = asked.moto()
    if reply.error or "PolicyInJson" in reply.said:
        return reply.answer
    return Refused(code="EntityNotFoundException", message="Policy not found")


def _credential_report(asked: Asked) -> Told:
    """Add the row of root, with which AWS begins every report and which moto leaves out."""
    reply = asked.moto()
    if reply.error:
        return reply.answer
    content = _with_root(bytes(reply.said["Content"]).decode(), asked.account)
    return {**reply.said, "Content": content.encode(), "GeneratedTime": datetime.now(UTC)}


def _with_root(report: str, account: str) -> str:
    rows = csv.DictReader(io.StringIO(report, newline=""))
    written = io.StringIO(newline="")
    # A column that nothing is said of does not apply to root.
    writer = csv.DictWriter(written, rows.fieldnames or (), restval="N/A", lineterminator="\n")
    writer.writeheader()
    writer.writerow({"user": _ROOT, "arn": f"arn:aws:iam::{account}:root", **_ROOT_ROW})
    writer.writerows(rows)
    return written.getvalue()


def _root_features(asked: Asked) -> Told:
    """Refuse as IAM does where root is managed centrally by nobody."""
    every = organizations_backends
    if every[asked.account]["aws"].org:
        # moto lets no organisation trust IAM, so none is ever past this.
        message = "Trusted access is not enabled for IAM."
        return Refused(code="ServiceAccessNotEnabledException", message=message)
    if asked.account in every.master_accounts:
        code = "AccountNotManagementOrDelegatedAdministratorException"
        return Refused(code=code, message="This is a member account of its organization.")
    message = "No organization is associated with this account."
    return Refused(code="OrganizationNotFoundException", message=message)


def _function_urls(asked: Asked) -> Told:
    name = str(asked.given["FunctionName"])
    try:
        function = lambda_backends[asked.account][asked.region].get_function(name)
    except UnknownFunctionException:
        message = f"Function does not exist: {name}"
        return Refused(code="ResourceNotFoundException", message=message, status=_NOT_FOUND)
    # moto keeps one URL a function, whatever its alias.
    config = function.url_config.to_dict() if function.url_config else None
    return {"FunctionUrlConfigs": [_function_url(config)] if config else []}


def _function_url(config: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in config.items() if value is not None}
    # moto says “Buffered”, which is none of the two values that Lambda knows.
    return {**said, "InvokeMode": str(said["InvokeMode"]).upper()}


def _setting(asked: Asked) -> Told:
    default = _SSM_SETTINGS.get(_setting_id(asked))
    if default is None:
        return asked.moto().answer
    untouched = (default, "Default", _FOUNDED, "System")
    value, status, when, who = asked.memory.get(_here(asked, _setting_id(asked)), untouched)
    arn = f"arn:aws:ssm:{asked.region}:{asked.account}:servicesetting{_setting_id(asked)}"
    return {
        "ServiceSetting": {
            "SettingId": _setting_id(asked),
            "SettingValue": value,
            "LastModifiedDate": when,
            "LastModifiedUser": who,
            "ARN": arn,
            "Status": status,
        }
    }


def _update_setting(asked: Asked) -> Told:
    if _setting_id(asked) not in _SSM_SETTINGS:
        return asked.moto().answer
    asked.memory[_here(asked, _setting_id(asked))] = (
        asked.given["SettingValue"],
        "Customized",
        datetime.now(UTC),
        asked.caller,
    )
    return {}


def _reset_setting(asked: Asked) -> Told:
    asked.memory.pop(_here(asked, _setting_id(asked)), None)
    return _setting(asked)


def _setting_id(asked: Asked) -> str:
    # SSM takes the id or the ARN that ends in it.
    return str(asked.given["SettingId"]).rpartition(":servicesetting")[2]


def _here(asked: Asked, *what: str) -> tuple[str, ...]:
    return asked.account, asked.region, *what


#: (botocore's service, operation) → who answers.
ANSWERS: Mapping[tuple[str, str], Callable[[Asked], Told]] = {
    ("accessanalyzer", "ListAnalyzers"): _no_analyzers,
    ("account", "GetContactInformation"): _contact,
    ("account", "PutContactInformation"): _put_contact,
    ("ec2", "DisableSnapshotBlockPublicAccess"): _disable_snapshot_block,
    ("ec2", "EnableSnapshotBlockPublicAccess"): _enable_snapshot_block,
    ("ec2", "GetSnapshotBlockPublicAccessState"): _snapshot_block,
    ("emr", "GetBlockPublicAccessConfiguration"): _emr_block,
    ("emr", "PutBlockPublicAccessConfiguration"): _put_emr_block,
    ("glacier", "DeleteVault"): _delete_vault,
    ("glacier", "DeleteVaultAccessPolicy"): _delete_vault_policy,
    ("glacier", "DescribeVault"): _of_vault,
    ("glacier", "GetVaultAccessPolicy"): _vault_policy,
    ("glacier", "SetVaultAccessPolicy"): _set_vault_policy,
    ("glue", "GetResourcePolicy"): _catalog_policy,
    ("iam", "GetCredentialReport"): _credential_report,
    ("iam", "ListOrganizationsFeatures"): _root_features,
    ("kms", "Sign"): sign,
    ("lambda", "ListFunctionUrlConfigs"): _function_urls,
    ("ssm", "GetServiceSetting"): _setting,
    ("ssm", "ResetServiceSetting"): _reset_setting,
    ("ssm", "UpdateServiceSetting"): _update_setting,
}
