"""JSON Schemas of the CIDRs that EC2 answers with.

A CIDR that cannot be parsed would open nothing in every fact about networks, so it must not get
past the schema of an item.
"""

from collections.abc import Mapping
from typing import Any

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

IPV4_CIDR: Mapping[str, Any] = {
    "type": "string",
    "pattern": rf"^{_OCTET}([.]{_OCTET}){{3}}/(3[0-2]|[12]?[0-9])$",
}
IPV6_CIDR: Mapping[str, Any] = {
    "type": "string",
    "pattern": "^[0-9a-f:.]{2,45}/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$",
}
CIDR: Mapping[str, Any] = {"anyOf": [IPV4_CIDR, IPV6_CIDR]}


def or_null(shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a value of that shape or null."""
    return {"anyOf": [shape, {"type": "null"}]}
