"""What the internet may reach through a network ACL: the first matching entry decides.

Entries of an ACL do not add up as rules of a security group do: an entry counts only for the
addresses *and* ports that no earlier entry has decided. So ports are cut wherever a range begins
or ends, and on each piece the entries take turns with what is left of the address space.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from chalicelib.facts._permissions import ALL_PROTOCOLS, LAST_PORT, canonical_cidr, lower_keys
from chalicelib.facts.addresses import (
    PUBLIC_IPV4_SHARE_LIMIT,
    PUBLIC_IPV6_SHARE_LIMIT,
    WIDEST_NARROW_PREFIX,
    Interval,
    network_from,
    share_of_public,
)
from chalicelib.facts.network import INGRESS_SCHEMA, Row
from chalicelib.model import ConfigurationItem

__all__ = [
    "INGRESS_SCHEMA",
    "described_entries",
    "internet_ingress",
    "requested_entries",
    "requested_ingress",
]

ENTRIES = "/observed/Entries"

#: The protocols that have ports, by the numbers that ACLs know them by.
PORT_PROTOCOLS: Mapping[str, str] = {"6": "tcp", "17": "udp"}

_BITS = {4: 32, 6: 128}
_LIMITS = {4: PUBLIC_IPV4_SHARE_LIMIT, 6: PUBLIC_IPV6_SHARE_LIMIT}
_SHARE_DIGITS = 6
_RULE_NUMBER_LIMIT = 32_768
_NUMBER_DIGITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An ingress entry about a protocol with ports, read once.

    Attributes:
        place: Index in the item's list.
    """

    place: int
    allows: bool
    cidr: str
    version: int
    addresses: Interval
    first: int
    last: int


#: What an allowing entry lets in after all earlier ones had their turn.
_Admitted = tuple[_Entry, tuple[Interval, ...]]


def described_entries(entries: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return entries as EC2 describes them, ingress first, in the order in which they decide."""
    rows = (_row_from(lower_keys(entry)) for entry in entries)
    return sorted(rows, key=_position)


def requested_entries(parameters: Any) -> list[Row]:
    """Return the one entry that a request to create or replace an entry carries, or nothing."""
    if not isinstance(parameters, Mapping):
        return []
    row = _row_from(lower_keys(parameters))
    known = row["CidrBlock"] or row["Ipv6CidrBlock"]
    return [row] if known and row["RuleAction"] in ("allow", "deny") else []


def internet_ingress(item: ConfigurationItem) -> list[Row]:
    """Return what the internet may reach over tcp and udp, as `INGRESS_SCHEMA` has it.

    ``Sources`` are the CIDRs of the entries that let somebody in; the shares are what is left of
    them after earlier entries. ``Because`` points at those entries.
    """
    return _rows(item.observed["Entries"])


def requested_ingress(parameters: Any) -> list[Row]:
    """Return what one requested entry would admit if nothing stood before it."""
    return [{**row, "Because": []} for row in _rows(requested_entries(parameters))]


def _rows(entries: Sequence[Mapping[str, Any]]) -> list[Row]:
    return [
        row
        for number, protocol in PORT_PROTOCOLS.items()
        for row in _protocol_rows(protocol, _relevant(entries, number))
    ]


def _relevant(entries: Sequence[Mapping[str, Any]], number: str) -> list[_Entry]:
    """Return the ingress entries that speak of a protocol, in the order in which they decide."""
    placed = sorted(enumerate(entries), key=lambda pair: _position(pair[1]))
    return [
        entry
        for place, row in placed
        if not row["Egress"] and row["Protocol"] in (number, ALL_PROTOCOLS)
        for entry in _read(place, row)
    ]


def _read(place: int, row: Mapping[str, Any]) -> Iterator[_Entry]:
    ports = row["PortRange"]
    for cidr in (row["CidrBlock"], row["Ipv6CidrBlock"]):
        if (network := network_from(cidr)) is not None:
            yield _Entry(
                place=place,
                allows=row["RuleAction"] == "allow",
                cidr=str(cidr),
                version=network.version,
                addresses=(int(network.network_address), int(network.broadcast_address)),
                first=ports["From"] if ports else 0,
                last=ports["To"] if ports else LAST_PORT,
            )


def _protocol_rows(protocol: str, entries: Sequence[_Entry]) -> Iterator[Row]:
    """Yield a row for each run of ports through which the same addresses of the internet come."""
    edges = sorted({edge for e in entries for edge in (e.first, e.last + 1)})
    pieces = ((first, after - 1, _admitted(entries, first)) for first, after in pairwise(edges))
    for admitted, run in groupby(pieces, key=lambda piece: piece[2]):
        ports = list(run)
        if admitted:
            yield _row(protocol, ports[0][0], ports[-1][1], admitted)


def _admitted(entries: Iterable[_Entry], port: int) -> tuple[_Admitted, ...]:
    """Return who lets the internet in on a port: IPv4 and IPv6 are judged apart."""
    concerned = [e for e in entries if e.first <= port <= e.last]
    return tuple(
        admitted
        for version in _BITS
        for admitted in _internet([e for e in concerned if e.version == version], version)
    )


def _internet(entries: Iterable[_Entry], version: int) -> tuple[_Admitted, ...]:
    """Return the entries that let the internet in.

    Those that do so alone; else all, where together they admit most of the public addresses.
    """
    admitted = tuple(_first_matches(entries, version))
    alone = tuple((e, ranges) for e, ranges in admitted if _is_wide(ranges, version))
    if alone:
        return alone
    every = [interval for _, ranges in admitted for interval in ranges]
    return admitted if share_of_public(every, version) > _LIMITS[version] else ()


def _first_matches(entries: Iterable[_Entry], version: int) -> Iterator[_Admitted]:
    left: tuple[Interval, ...] = ((0, 2 ** _BITS[version] - 1),)
    for entry in entries:
        low, high = entry.addresses
        decided = tuple(_cut(left, low, high))
        left = (*_cut(left, 0, low - 1), *_cut(left, high + 1, 2 ** _BITS[version] - 1))
        if entry.allows and decided:
            yield entry, decided


def _cut(intervals: Iterable[Interval], low: int, high: int) -> Iterator[Interval]:
    """Yield what of `intervals` lies from `low` to `high`."""
    for start, end in intervals:
        if max(start, low) <= min(end, high):
            yield max(start, low), min(end, high)


def _is_wide(intervals: Iterable[Interval], version: int) -> bool:
    """Tell whether any network within is wider than the widest narrow one, and public."""
    size = 2 ** (_BITS[version] - WIDEST_NARROW_PREFIX + 1)
    return any(
        share_of_public(((start, start + size - 1),), version) > 0
        for low, high in intervals
        for start in range(-(-low // size) * size, high - size + 2, size)
    )


def _row(protocol: str, first: int, last: int, admitted: Sequence[_Admitted]) -> Row:
    return {
        "Protocol": protocol,
        "FromPort": first,
        "ToPort": last,
        "Sources": list(dict.fromkeys(entry.cidr for entry, _ in admitted)),
        "Ipv4Share": _share(admitted, 4),
        "Ipv6Share": _share(admitted, 6),
        "Because": list(dict.fromkeys(f"{ENTRIES}/{entry.place}" for entry, _ in admitted)),
    }


def _share(admitted: Iterable[_Admitted], version: int) -> float:
    own = [i for entry, ranges in admitted if entry.version == version for i in ranges]
    return round(share_of_public(own, version), _SHARE_DIGITS)


def _position(row: Mapping[str, Any]) -> tuple[bool, int]:
    return bool(row["Egress"]), row["RuleNumber"] if isinstance(row["RuleNumber"], int) else 0


def _row_from(keys: Mapping[str, Any]) -> Row:
    protocol = str(keys.get("protocol", keys.get("aclprotocol", "")))
    return {
        "RuleNumber": _number(keys.get("rulenumber"), _RULE_NUMBER_LIMIT),
        "Egress": keys.get("egress"),
        "RuleAction": keys.get("ruleaction"),
        "Protocol": protocol,
        "CidrBlock": _cidr(keys.get("cidrblock")),
        "Ipv6CidrBlock": _cidr(keys.get("ipv6cidrblock")),
        "PortRange": _ports(keys.get("portrange")) if protocol in PORT_PROTOCOLS else None,
    }


def _cidr(value: Any) -> str | None:
    return canonical_cidr(value) if isinstance(value, str) and value else None


def _ports(value: Any) -> dict[str, int] | None:
    keys = lower_keys(value) if isinstance(value, Mapping) else {}
    first, last = (_number(keys.get(name), LAST_PORT) for name in ("from", "to"))
    return None if first is None or last is None else {"From": first, "To": last}


def _number(value: Any, limit: int) -> int | None:
    """Read a number that events may spell as text; None where it is none within the limit."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    known = text.isascii() and text.isdecimal() and len(text) <= _NUMBER_DIGITS
    return int(text) if known and int(text) <= limit else None
