"""Who made a call: CloudTrail's `userIdentity`, out of moto's IAM and STS.

A key that moto does not know is the account's root user, as moto itself treats it; so a person
who tries the local AWS with made-up keys acts as root, and root's rules fire.
"""

from typing import Any

from moto.iam.models import get_account_id_from
from moto.sts.models import AssumedRole, sts_backends

_PARTITION = "aws"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def account_of(access_key: str) -> str:
    """Return the account a key belongs to, the default account where nobody knows it."""
    return get_account_id_from(access_key)


def is_known(access_key: str) -> bool:
    """Tell whether a key belongs to a user or a role session, and not to root by default."""
    account = account_of(access_key)
    backend = sts_backends[account][_PARTITION]
    if backend.get_assumed_role_from_access_key(access_key):
        return True
    _, arn, _ = backend.get_caller_identity(access_key, "us-east-1")
    return ":sts::" not in arn  # moto's invented user/moto, its answer for unknown keys


def identity_of(access_key: str, region: str) -> dict[str, Any]:
    """Return the `userIdentity` of a caller."""
    account = account_of(access_key)
    backend = sts_backends[account][_PARTITION]
    if role := backend.get_assumed_role_from_access_key(access_key):
        return _assumed(role, account, access_key)
    user_id, arn, _ = backend.get_caller_identity(access_key, region)
    if ":sts::" in arn:  # moto's invented user/moto, its answer for unknown keys
        return root_identity(account) | {"accessKeyId": access_key}
    return user_identity(account, user_id, arn) | {"accessKeyId": access_key}


def root_identity(account: str) -> dict[str, Any]:
    """Return the identity of an account's root user."""
    arn = f"arn:{_PARTITION}:iam::{account}:root"
    return {"type": "Root", "principalId": account, "arn": arn, "accountId": account}


def user_identity(account: str, user_id: str, arn: str) -> dict[str, Any]:
    """Return the identity of an IAM user."""
    return {
        "type": "IAMUser",
        "principalId": user_id,
        "arn": arn,
        "accountId": account,
        "userName": arn.rpartition("/")[2],
    }


def _assumed(role: AssumedRole, account: str, access_key: str) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "principalId": role.user_id,
        "arn": role.arn,
        "accountId": account,
        "accessKeyId": access_key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role.user_id.partition(":")[0],
                "arn": role.role_arn,
                "accountId": account,
                "userName": role.role_arn.rpartition("/")[2],
            },
            "attributes": {"creationDate": _created(role), "mfaAuthenticated": "false"},
        },
    }


def _created(role: AssumedRole) -> str:
    created = role.access_key.create_date
    return created.strftime(_TIME)
