"""Conditions on `Principal: *`, by what they are: those that close, and those that only seem to."""

from collections.abc import Mapping
from typing import Any

from tests.prowler.account.seeding import ACCOUNT, ORGANIZATION, REGION, STRANGER

Condition = Mapping[str, Any]

#: What is left open is nobody, or nobody beyond the account or its organisation.
CLOSING: Mapping[str, Condition] = {
    "org-id": {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
    "org-path": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/r-ab12/*"}},
    "source-account": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    "source-account-lower": {"StringEquals": {"aws:sourceaccount": ACCOUNT}},
    "principal-account": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    "source-vpce": {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
    "source-vpc": {"StringEquals": {"aws:SourceVpc": "vpc-0123456789abcdef0"}},
    "principal-arn": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
    "source-org": {"StringEquals": {"aws:SourceOrgID": ORGANIZATION}},
    "private-ip": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    "office-ip": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    "topic-of-ours": {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:news"}},
    "two-keys": {
        "StringEquals": {"aws:PrincipalOrgID": ORGANIZATION, "aws:RequestedRegion": REGION}
    },
}

#: Whoever wants can meet these.
OPEN: Mapping[str, Condition] = {
    "tls-only": {"Bool": {"aws:SecureTransport": "true"}},
    "referer": {"StringLike": {"aws:Referer": "https://example.com/*"}},
    "mfa": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    "half-of-the-internet": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}},
    "both-halves": {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
    "all-ips": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    "one-wide-ip": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}},
    "not-one-ip": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    "org-if-exists": {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}},
    "some-org": {"Null": {"aws:PrincipalOrgID": "false"}},
    "or-any-org": {"StringLike": {"aws:PrincipalOrgID": [ORGANIZATION, "*"]}},
    "not-a-stranger": {"StringNotEquals": {"aws:PrincipalAccount": STRANGER}},
    "any-role": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/reader"}},
    "for-all-values": {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
}
