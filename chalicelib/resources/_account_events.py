"""Which records are about the account as a whole, where naming the call is not enough.

``CreateAccessKey`` concerns the account only where root made the key, and ``AttachRolePolicy``
only for two of AWS's policies. Looking at the account costs many calls, so all others must not
lead here.
"""

import re

from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of

#: Who calls as root: its own sign-in, or a session of the organisation's management account.
ROOT_CALLERS = frozenset({"Root", "AssumedRoot"})

#: The one alternate contact that rules ask for.
SECURITY = "SECURITY"

#: Record path of who calls; the routes about root name it as id.
CALLER_PATH = "userIdentity.type"

SUPPORT_POLICY = "AWSSupportAccess"
CLOUDSHELL_POLICY = "AWSCloudShellFullAccess"

_POLICY = re.compile(rf"arn:[a-z-]+:iam::aws:policy/({SUPPORT_POLICY}|{CLOUDSHELL_POLICY})")


def account_named(raw: str, record: Record) -> str | None:
    """Return the account's id where a record's value says that the account is concerned."""
    account_id = account_of(record)
    concerned = (
        _root_for_itself(raw, record)
        or _POLICY.fullmatch(raw) is not None
        or _own_security_contact(raw, record, account_id)
    )
    return account_id if concerned else None


def account_of(record: Record) -> str | None:
    """Return the account that a record is of: the recipient, in old records the caller's."""
    owner = field(record, "recipientAccountId") or field(field(record, "userIdentity"), "accountId")
    return owner if isinstance(owner, str) else None


def policy_named(record: Record) -> str | None:
    """Return the name of the watched AWS policy that a record names by ARN."""
    arn = field(parameters_of(record), "policyArn")
    found = _POLICY.fullmatch(arn) if isinstance(arn, str) else None
    return found[1] if found else None


def _root_for_itself(raw: str, record: Record) -> bool:
    # Root that makes a key for a user names the user.
    return raw in ROOT_CALLERS and not field(parameters_of(record), "userName")


def _own_security_contact(raw: str, record: Record, account_id: str | None) -> bool:
    # The management account sets contacts of members; their events are not about itself.
    member = field(parameters_of(record), "accountId")
    return raw == SECURITY and member in (None, account_id)
