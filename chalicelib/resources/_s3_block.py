"""The four flags of S3's public access block, which a bucket and an account both have.

A missing configuration is four times off, and so is a flag that a request leaves out: S3 replaces
the whole configuration with every call.
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model.plugin import Record
from chalicelib.resources._errors import code_of, member
from chalicelib.resources._payload import field, parameters_of

FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_FLAG_NAMES = frozenset(FLAGS)
ABSENT_CODE = "NoSuchPublicAccessBlockConfiguration"

BLOCK_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "properties": {flag: {"type": "boolean"} for flag in FLAGS},
    "required": list(FLAGS),
    "additionalProperties": False,
}

#: CloudTrail's names for the account-wide call, and the API's own, which some tools put there.
ACCOUNT_PUT_ACTIONS = ("PutAccountPublicAccessBlock", "PutPublicAccessBlock")
ACCOUNT_DELETE_ACTIONS = ("DeleteAccountPublicAccessBlock", "DeletePublicAccessBlock")


def all_flags(*, on: bool) -> dict[str, bool]:
    """Return a configuration with every flag on, or off."""
    return dict.fromkeys(FLAGS, on)


def block_from(configuration: Any) -> dict[str, bool]:
    """Normalise a configuration from an answer or a payload, where flags may be text."""
    if type(configuration) is dict and configuration.keys() == _FLAG_NAMES:
        return {flag: _is_on(configuration[flag]) for flag in FLAGS}
    return {flag: _is_on(field(configuration, flag)) for flag in FLAGS}


def proposed_block(record: Record) -> dict[str, bool] | None:
    """Return what a Put call asked for, or None where the payload does not carry it."""
    configuration = field(parameters_of(record), "PublicAccessBlockConfiguration")
    return block_from(configuration) if isinstance(configuration, Mapping) else None


def account_block(aws: Any, account_id: str) -> dict[str, bool]:
    """Read the account-wide configuration; all off where there is none."""
    client = aws.client("s3control", account_id=account_id, region="global")
    try:
        answer = client.get_public_access_block(AccountId=account_id)
    except ClientError as error:
        if code_of(error) != ABSENT_CODE:
            raise
        return all_flags(on=False)
    return block_from(member(answer, "PublicAccessBlockConfiguration"))


def _is_on(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")
