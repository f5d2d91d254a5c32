"""What events on security groups and prefix lists say was written: for blame, and for change rules.

A proposal names what the call *let in*, which is why a revocation proposes an empty list: it
writes the rules, but can never be the reason that one of them is there.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.network import (
    Row,
    normalise_entries,
    normalise_permissions,
    payload_ingress,
    rows_without_descriptions,
)
from chalicelib.model.plugin import Record

INGRESS = "/properties/SecurityGroupIngress"
EGRESS = "/properties/SecurityGroupEgress"
PREFIX_LISTS = "/observed/PrefixLists"

#: What EC2 gives every new group of a VPC.
ALLOW_ALL_EGRESS: Row = {
    "IpProtocol": "-1",
    "FromPort": None,
    "ToPort": None,
    "CidrIp": "0.0.0.0/0",
    "CidrIpv6": None,
    "SourcePrefixListId": None,
    "SourceSecurityGroupId": None,
    "SourceSecurityGroupOwnerId": None,
    "Description": None,
}


def added_ingress(record: Record) -> dict[str, Any]:
    """Propose the ingress rules that a request adds; nothing where it does not say them."""
    rows = _rows_of(record)
    return {INGRESS: rows_without_descriptions(rows)} if rows else {}


def added_egress(record: Record) -> dict[str, Any]:
    """Propose the egress rules that a request adds; nothing where it does not say them."""
    rows = _rows_of(record)
    return {EGRESS: rows_without_descriptions(rows)} if rows else {}


def modified(record: Record) -> dict[str, Any]:
    """Propose the new rules both ways: ``ModifySecurityGroupRules`` does not say which way."""
    return {**added_ingress(record), **added_egress(record)}


def created(_: Record) -> dict[str, Any]:
    """Propose a new group's rules: closed inwards, open outwards."""
    return {INGRESS: [], EGRESS: [ALLOW_ALL_EGRESS]}


def no_ingress(_: Record) -> dict[str, Any]:
    """Propose nothing let in: a revocation or a description."""
    return {INGRESS: []}


def no_egress(_: Record) -> dict[str, Any]:
    """Propose nothing let out: a revocation or a description."""
    return {EGRESS: []}


def opened(record: Record) -> dict[str, Any]:
    """Derive what the request alone lets in from the internet."""
    return {"InternetIngress": payload_ingress(_rows_of(record))}


def added_entries(record: Record) -> dict[str, Any]:
    """Propose the entries that ``ModifyManagedPrefixList`` adds to a list."""
    request = _request_of(record)
    name, added = request.get("PrefixListId"), normalise_entries(request.get("AddEntry"))
    return {PREFIX_LISTS: {str(name): {"Entries": added}} if added else {}}


def _rows_of(record: Record) -> list[Row]:
    return normalise_permissions(record.get("requestParameters"))


def _request_of(record: Record) -> Mapping[str, Any]:
    parameters = record.get("requestParameters")
    request = (
        parameters.get("ModifyManagedPrefixListRequest")
        if isinstance(parameters, Mapping)
        else None
    )
    return request if isinstance(request, Mapping) else {}
