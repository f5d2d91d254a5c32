"""Cloud Custodian's side: runs in its own environment, with nothing of Vigil.

Reads names of policies from standard input; answers each with what one pass of its real filters
over freshly parsed resources cost, and whom they matched.
"""

import gc
import json
import os
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

os.environ |= {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_DEFAULT_REGION": "eu-west-1",
}

from c7n.config import Config  # type: ignore[import-not-found]  # reason: in its own environment
from c7n.policy import Policy  # type: ignore[import-not-found]  # reason: the same
from c7n.resources import load_resources  # type: ignore[import-not-found]  # reason: the same

_SSH = {"type": "ingress", "Ports": [22]}
_WIDE = {"value_type": "cidr_size", "op": "lt", "value": 8}
# The size of an IPv6 network is always 0 to it, so there only the literal works.
_WIDE_SSH = [{**_SSH, "Cidr": dict(_WIDE)}, {**_SSH, "CidrV6": "::/0"}]
_LITERAL_SSH = [{**_SSH, "Cidr": "0.0.0.0/0"}, {**_SSH, "CidrV6": "::/0"}]


def _tls(principal: Any, action: str) -> dict[str, Any]:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    wanted = {"Effect": "Deny", "Action": action, "Principal": principal, "Condition": condition}
    return {"type": "has-statement", "statements": [wanted]}


_GRANTS = {"type": "global-grants", "allow_website": False}
_EVERYONE = {"type": "cross-account", "everyone_only": True}


def _open(opening: dict[str, Any], flag: str) -> dict[str, Any]:
    return {"and": [opening, {"type": "check-public-block", flag: False}]}


#: Name → resource and filters. What matches is what our rule calls NON_COMPLIANT.
POLICIES: dict[str, tuple[str, list[Any]]] = {
    "group-ssh": ("aws.security-group", [{"or": _WIDE_SSH}]),
    "group-ssh-literal": ("aws.security-group", [{"or": _LITERAL_SSH}]),
    "group-ssh-ipv4-only": ("aws.security-group", _LITERAL_SSH[:1]),
    "bucket-tls": (
        "aws.s3",
        [
            {
                "not": [
                    {
                        "or": [
                            _tls(principal, action)
                            for principal in ("*", {"AWS": "*"})
                            for action in ("s3:*", "*")
                        ]
                    }
                ]
            }
        ],
    ),
    "bucket-tls-one-spelling": ("aws.s3", [{"not": [_tls("*", "s3:*")]}]),
    "bucket-public": (
        "aws.s3",
        [{"or": [_open(_GRANTS, "IgnorePublicAcls"), _open(_EVERYONE, "RestrictPublicBuckets")]}],
    ),
    "bucket-public-unblocked": ("aws.s3", [{"or": [_GRANTS, _EVERYONE]}]),
}


def main() -> None:
    """Answer until standard input ends."""
    texts = {
        "aws.security-group": Path(sys.argv[1]).read_text(encoding="utf-8"),
        "aws.s3": Path(sys.argv[2]).read_text(encoding="utf-8"),
    }
    load_resources(tuple(texts))
    policies = {name: _policy(name, *given) for name, given in POLICIES.items()}
    # As on our side: what is loaded is nothing that the collector should walk through.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        policy = policies[line.strip()]
        resources = json.loads(texts[POLICIES[line.strip()][0]])
        sys.stdout.write(json.dumps(_round(policy, resources)) + "\n")
        sys.stdout.flush()


def _policy(name: str, resource: str, filters: list[Any]) -> Policy:
    options = Config.empty(
        region="eu-west-1", account_id="111122223333", output_dir=tempfile.gettempdir()
    )
    policy = Policy({"name": name, "resource": resource, "filters": filters}, options)
    policy.validate()
    return policy


def _round(policy: Policy, resources: list[dict[str, Any]]) -> dict[str, Any]:
    gc.collect()
    started = process_time()
    matched = policy.resource_manager.filter_resources(resources)
    seconds = process_time() - started
    return {"seconds": seconds, "failing": [r.get("GroupId") or r["Name"] for r in matched]}


if __name__ == "__main__":
    main()
