"""Root's credentials, as a part of the account: keys, password, and how its sign-in is protected.

``AccountMFAEnabled`` counts every kind of device; only the list of virtual devices tells software
from hardware. Passkeys and security keys are on no list and count as hardware.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.root_mfa import ROOT_SECOND_FACTORS, SUMMARY, VIRTUAL_DEVICES
from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.resources._account_events import CALLER_PATH
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part

_PARTITION = "/observed/Partition"

#: Members of the summary that AWS has always sent.
_COUNTS = ("AccountAccessKeysPresent", "AccountMFAEnabled", "Users")
#: Sent since members' root passwords can be removed (November 2024). Where it is missing nobody
#: has proven that there is no password: null.
_PASSWORD = "AccountPasswordPresent"  # noqa: S105 - AWS's name for a flag

_COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0}


def _read_summary(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = _client(aws, ref).get_account_summary()
    summary = member(answer, "SummaryMap")
    counts = {name: member(summary, name) for name in _COUNTS}
    return FacetReading(
        observed={
            "AccountSummary": {**counts, _PASSWORD: summary.get(_PASSWORD)},
            "Partition": ref.partition,
        }
    )


def _read_devices(aws: Any, ref: ResourceRef) -> FacetReading:
    """Name root's virtual devices; an unassigned one protects nothing and is not asked for."""
    pages = _client(aws, ref).get_paginator("list_virtual_mfa_devices")
    serials = [
        device["SerialNumber"]
        for page in pages.paginate(AssignmentStatus="Assigned")
        for device in member(page, "VirtualMFADevices")
        if _is_roots(device)
    ]
    return FacetReading(observed={"RootVirtualMfaDevices": sorted(serials)})


def _is_roots(device: Mapping[str, Any]) -> bool:
    """Tell whether a device is root's: by its holder, or by the name consoles used to give it."""
    holder = str((device.get("User") or {}).get("Arn"))
    serial = str(device["SerialNumber"])
    return holder.endswith(":root") or serial.endswith(":mfa/root-account-mfa-device")


def _client(aws: Any, ref: ResourceRef) -> Any:
    return aws.client("iam", account_id=ref.account_id, region="global")


def _by_root(*actions: str, writes: tuple[str, ...]) -> Route:
    return Route(source="iam.amazonaws.com", actions=actions, ids=(CALLER_PATH,), writes=writes)


ROOT_CREDENTIALS = Part(
    shapes={
        "AccountSummary": closed(
            {
                **dict.fromkeys(_COUNTS, _COUNT),
                _PASSWORD: {"type": ["integer", "null"], "minimum": 0},
            }
        ),
        "Partition": {"type": "string"},
        "RootVirtualMfaDevices": {"type": "array", "items": {"type": "string"}},
    },
    defaults={
        "AccountSummary": {**dict.fromkeys(_COUNTS, 0), _PASSWORD: 1},
        "Partition": "aws",
        "RootVirtualMfaDevices": [],
    },
    facets=(
        Facet(
            name="account_summary",
            calls=("iam:GetAccountSummary",),
            permissions=("iam:GetAccountSummary",),
            pointers=(SUMMARY, _PARTITION),
            read=_read_summary,
        ),
        Facet(
            name="root_mfa_devices",
            calls=("iam:ListVirtualMFADevices",),
            permissions=("iam:ListVirtualMFADevices",),
            pointers=(VIRTUAL_DEVICES,),
            read=_read_devices,
        ),
    ),
    facts=(ROOT_SECOND_FACTORS,),
    routes=(
        _by_root("CreateAccessKey", "DeleteAccessKey", writes=(SUMMARY,)),
        _by_root("EnableMFADevice", "DeactivateMFADevice", writes=(SUMMARY, VIRTUAL_DEVICES)),
        _by_root("CreateLoginProfile", "DeleteLoginProfile", writes=(SUMMARY,)),
        Route(source="iam.amazonaws.com", actions=("CreateUser", "DeleteUser"), writes=(SUMMARY,)),
    ),
)
