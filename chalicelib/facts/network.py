"""What the internet may reach through a security group: ranges, sources and the reasons.

Rules of a group add up, so no single rule tells the truth: sources are united over all rules,
IPv4 and IPv6, with prefix lists resolved. The result lists openings and is never a verdict. An
opening that hides behind an unreadable prefix list is not listed: it is not proven.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from chalicelib.facts._described import described_rows
from chalicelib.facts._permissions import (
    ALL_PROTOCOLS,
    LAST_PORT,
    PORT_PROTOCOLS,
    Row,
    normalise_entries,
    normalise_permissions,
    protocol_named,
    rows_without_descriptions,
)
from chalicelib.facts._segments import (
    Opening,
    Reach,
    could_matter,
    internet_reach,
    surely_narrow,
)
from chalicelib.facts.addresses import (
    IPNetwork,
    network_from,
    share_of_public_ipv4,
    share_of_public_ipv6,
    text_of,
)
from chalicelib.model import ConfigurationItem
from chalicelib.model.pointer import pointer_of

__all__ = [
    "INGRESS_SCHEMA",
    "LAST_PORT",
    "Row",
    "described_rows",
    "internet_ingress",
    "normalise_entries",
    "normalise_permissions",
    "payload_ingress",
    "rows_without_descriptions",
]

_ALL = "all"
_SHARE_DIGITS = 6
_SOURCES = itemgetter("CidrIp", "CidrIpv6", "SourcePrefixListId")
#: Place of a rule, place in its prefix list, CIDR.
_Source = tuple[int, int | None, str]
#: What reading a row provokes in what is none.
_NO_ROWS = (KeyError, TypeError, AttributeError)

#: The rows that `internet_ingress` and `payload_ingress` return. ``tcp`` and ``udp`` rows
#: contain what "all protocols" lets in; ``all`` rows exist for that alone; a protocol without
#: ports spans 0 to 65535, ICMP included. Shares are parts of the public address space, 0 to 1.
INGRESS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Protocol": {"type": "string"},
            "FromPort": {"type": "integer", "minimum": 0, "maximum": LAST_PORT},
            "ToPort": {"type": "integer", "minimum": 0, "maximum": LAST_PORT},
            "Sources": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "Ipv4Share": {"type": "number", "minimum": 0, "maximum": 1},
            "Ipv6Share": {"type": "number", "minimum": 0, "maximum": 1},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": [
            "Protocol",
            "FromPort",
            "ToPort",
            "Sources",
            "Ipv4Share",
            "Ipv6Share",
            "Because",
        ],
        "additionalProperties": False,
    },
}


def internet_ingress(item: ConfigurationItem) -> list[Row]:
    """Return what the internet may reach through a group, as `INGRESS_SCHEMA` has it.

    ``Because`` points at the rules and, below ``/observed/PrefixLists``, at the entries that let
    somebody in. Under gaps only what the readable part proves is listed.
    """
    rules = item.properties.get("SecurityGroupIngress")
    lists = item.observed.get("PrefixLists")
    return _rows(
        rules if isinstance(rules, list) else (), lists if isinstance(lists, Mapping) else {}
    )


def payload_ingress(rules: Sequence[Row]) -> list[Row]:
    """Return what the rules of one request alone open; its prefix lists stay unresolved.

    ``Because`` is empty: a payload is no part of an item.
    """
    return [{**row, "Because": []} for row in _rows(rules, {})]


def _rows(rules: Sequence[Any], prefix_lists: Mapping[str, Any]) -> list[Row]:
    if _is_plainly_closed(rules):
        return []
    sources = [
        (index, place, cidr)
        for index, rule in enumerate(rules)
        for place, cidr in _sources_of(rule, prefix_lists)
    ]
    relevant = could_matter(cidr for _, _, cidr in sources)
    if not relevant:
        return []
    openings = _openings(rules, sources, relevant)
    rows = (row for protocol in _judged(openings) for row in _protocol_rows(protocol, openings))
    return sorted(rows, key=_order)


def _is_plainly_closed(rules: Sequence[Any]) -> bool:
    """Tell whether the sources are networks too narrow to matter, one by one and together."""
    if not rules:
        return True
    try:
        ipv4, ipv6, lists = zip(*map(_SOURCES, rules), strict=True)
        return (
            not any([name is not None for name in lists])  # noqa: C419 - half the time of a generator
            and surely_narrow([cidr for cidr in ipv4 if cidr is not None], 4)
            and surely_narrow([cidr for cidr in ipv6 if cidr is not None], 6)
        )
    except _NO_ROWS:
        return False


def _sources_of(rule: Any, prefix_lists: Mapping[str, Any]) -> Iterator[tuple[int | None, str]]:
    """Yield the CIDRs that a rule lets in, each with its place in the prefix list it is from."""
    if type(rule) is not dict and not isinstance(rule, Mapping):
        return
    for key in ("CidrIp", "CidrIpv6"):
        if isinstance(cidr := rule.get(key), str):
            yield None, cidr
    if (name := rule.get("SourcePrefixListId")) is not None:
        for place, cidr in enumerate(_entries_of(prefix_lists.get(str(name)))):
            if isinstance(cidr, str):
                yield place, cidr


def _entries_of(prefix_list: Any) -> list[Any]:
    entries = prefix_list.get("Entries") if isinstance(prefix_list, Mapping) else None
    return entries if isinstance(entries, list) else []


def _openings(
    rules: Sequence[Any], sources: Iterable[_Source], relevant: frozenset[str]
) -> dict[str, list[Opening]]:
    """Return openings by protocol, with ``-1`` as ``all``."""
    networks = {cidr: network_from(cidr) for cidr in relevant}
    openings: dict[str, list[Opening]] = defaultdict(list)
    for index, place, cidr in sources:
        if (network := networks.get(cidr)) is None:
            continue
        protocol, first, last = _range_of(rules[index])
        if first <= last:
            because = _reasons(index, rules[index], place)
            opening = Opening(first=first, last=last, network=network, because=because)
            openings[protocol].append(opening)
    return openings


def _reasons(index: int, rule: Mapping[str, Any], place: int | None) -> tuple[str, ...]:
    own = f"/properties/SecurityGroupIngress/{index}"
    if place is None:
        return (own,)
    name = rule["SourcePrefixListId"]
    return own, pointer_of(("observed", "PrefixLists", name, "Entries", place))


def _range_of(rule: Mapping[str, Any]) -> tuple[str, int, int]:
    protocol = protocol_named(rule.get("IpProtocol"))
    if protocol not in PORT_PROTOCOLS:
        return _ALL if protocol == ALL_PROTOCOLS else protocol, 0, LAST_PORT
    first, last = rule.get("FromPort"), rule.get("ToPort")
    return protocol, 0 if first is None else first, LAST_PORT if last is None else last


def _judged(openings: Mapping[str, Sequence[Opening]]) -> set[str]:
    """Return the protocols to look at: all that are named, and tcp and udp within "all"."""
    return set(openings) | (set(PORT_PROTOCOLS) if _ALL in openings else set())


def _protocol_rows(protocol: str, openings: Mapping[str, Sequence[Opening]]) -> Iterator[Row]:
    own = openings.get(protocol, ())
    shared = openings.get(_ALL, ()) if protocol != _ALL else ()
    ranges: dict[tuple[int, int], list[Reach]] = defaultdict(list)
    for version in (4, 6):
        for reach in internet_reach([o for o in (*own, *shared) if o.network.version == version]):
            ranges[reach.first, reach.last].append(reach)
    for reaches in ranges.values():
        row = _row(protocol, reaches)
        # A protocol without ports says nothing that "all" does not, unless its own rules do.
        if protocol in PORT_PROTOCOLS or _rests_on(row, own):
            yield row


def _rests_on(row: Row, openings: Iterable[Opening]) -> bool:
    because = frozenset(row["Because"])
    return any(opening.because[0] in because for opening in openings)


def _row(protocol: str, reaches: Sequence[Reach]) -> Row:
    networks = [*reaches[0].networks]
    if len(networks) > 1 or len(reaches) > 1:
        networks = sorted({n for reach in reaches for n in reach.networks}, key=_network_order)
    return {
        "Protocol": protocol,
        "FromPort": reaches[0].first,
        "ToPort": reaches[0].last,
        "Sources": [text_of(network) for network in networks],
        "Ipv4Share": round(share_of_public_ipv4(networks), _SHARE_DIGITS),
        "Ipv6Share": round(share_of_public_ipv6(networks), _SHARE_DIGITS),
        "Because": list(dict.fromkeys(pointer for reach in reaches for pointer in reach.because)),
    }


def _network_order(network: IPNetwork) -> tuple[int, int, int]:
    return network.version, int(network.network_address), network.prefixlen


def _order(row: Row) -> tuple[str, int, int, list[str]]:
    return row["Protocol"], row["FromPort"], row["ToPort"], row["Sources"]
