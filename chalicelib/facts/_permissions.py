"""Security group rules in one form, whichever of EC2's dialects they were written in.

The same rule looks different in a describe answer, in a request with ``ipPermissions``, in a
legacy request with top-level parameters, in ``ModifySecurityGroupRules`` and in a response's
rule set. For ICMP the two "ports" are type and code: they never mean a port here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from chalicelib.facts._described import is_plain_cidr

#: One ingress or egress rule with one peer: CloudFormation names, every key present.
Row = dict[str, Any]

ALL_PROTOCOLS = "-1"
PORT_PROTOCOLS = frozenset({"tcp", "udp"})
ICMP_PROTOCOLS = frozenset({"icmp", "icmpv6"})
LAST_PORT = 65535

# IANA numbers of the protocols that EC2 answers by name.
_NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "": ALL_PROTOCOLS}
_PEER_KEYS = (
    "CidrIp",
    "CidrIpv6",
    "SourcePrefixListId",
    "SourceSecurityGroupId",
    "SourceSecurityGroupOwnerId",
)
_KEYS = ("IpProtocol", "FromPort", "ToPort", *_PEER_KEYS)
_ENTRY_KEYS = frozenset({"Cidr", "Description"})
_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_TEXT_LIMIT_CHARS = 255
_ICMP_ANY = -1
_ICMP_LAST = 255


def normalise_permissions(parameters: Any) -> list[Row]:
    """Return the rules that `parameters` carry, one row per peer, in canonical order.

    `parameters` are the request parameters or response elements of an event, or the
    ``IpPermissions`` list of a describe answer. A CIDR that is none stays as written, for the
    item's schema to refuse. A peer named by nothing but a group name gives no row.
    """
    rows = [row for permission in _permissions_in(parameters) for row in _rows_from(permission)]
    if len(rows) <= 1:
        return rows
    # Two spellings of one rule are one rule; its description does not tell rules apart.
    distinct = {_identity(row): row for row in sorted(rows, key=_order, reverse=True)}
    return sorted(distinct.values(), key=_order)


def rows_without_descriptions(rows: Iterable[Row]) -> list[Row]:
    """Return rows for comparison: who wrote a rule does not hang on what it is called."""
    return [{**row, "Description": None} for row in rows]


def normalise_entries(entries: Any) -> list[str]:
    """Return the CIDRs of prefix list entries, as described or as requested, in order.

    What is no CIDR stays as written, for the item's schema to refuse.
    """
    return sorted({cidr for element in elements_of(entries) if (cidr := _entry(element))})


def canonical_cidr(text: str) -> str:
    """Return a CIDR as EC2 stores it, without host bits; text that is none as it is."""
    if is_plain_cidr(text):
        return text
    try:
        # EC2 clears the bits behind the prefix, and so a rewritten 203.0.113.9/0 is the world.
        return str(ip_network(text, strict=False))
    except ValueError:
        return text


def protocol_named(value: Any) -> str:
    """Return a protocol as EC2 answers it: by name, else by number; ``-1`` where none is said."""
    text = (_text(value) or "").strip().lower()
    number = str(int(text)) if _INTEGER.fullmatch(text) else text
    return _NAMES.get(number, number)


def elements_of(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, of a wrapped list, or the one object that stands for it.

    Absent lists come as null, ``{}``, ``""`` and ``[]``.
    """
    if not value:
        return []
    if _is_object(value):
        keys = lower_keys(value)
        wrapper = next((name for name in ("items", "item") if name in keys), None)
        value = keys[wrapper] if wrapper else value
    if _is_object(value):
        return [value] if value else []
    if isinstance(value, list | tuple):
        return [element for element in value if _is_object(element)]
    return []


def _is_object(value: Any) -> bool:
    # Nearly always a dict; asking an abstract class costs ten times as much.
    return type(value) is dict or isinstance(value, Mapping)


def lower_keys(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with lower-case keys: EC2's dialects differ in nothing so much."""
    return {str(key).lower(): value for key, value in mapping.items()}


def _entry(element: Mapping[str, Any]) -> str | None:
    text = element.get("Cidr")
    if type(text) is str and element.keys() <= _ENTRY_KEYS and is_plain_cidr(text):
        return text
    text = _text(lower_keys(element).get("cidr"))
    return canonical_cidr(text) if text else None


def _permissions_in(parameters: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(parameters, Mapping):
        yield from elements_of(parameters)
        return
    keys = lower_keys(parameters)
    request = keys.get("modifysecuritygrouprulesrequest")
    if isinstance(request, Mapping):
        for update in elements_of(lower_keys(request).get("securitygrouprule")):
            yield from elements_of(lower_keys(update).get("securitygrouprule"))
    yield from elements_of(keys.get("ippermissions"))
    yield from elements_of(keys.get("securitygroupruleset"))
    if not keys.keys().isdisjoint(("ipprotocol", "cidrip")):
        yield parameters


def _rows_from(permission: Mapping[str, Any]) -> Iterator[Row]:
    keys = lower_keys(permission)
    protocol = protocol_named(keys.get("ipprotocol"))
    first, last = _ports_of(protocol, keys.get("fromport"), keys.get("toport"))
    rule = {"IpProtocol": protocol, "FromPort": first, "ToPort": last}
    for peer, description in _peers_in(keys):
        yield {**rule, **dict.fromkeys(_PEER_KEYS), **peer, "Description": _text(description)}


def _peers_in(keys: Mapping[str, Any]) -> Iterator[tuple[Row, Any]]:
    """Yield what a permission lets in, with the description of each.

    The flattened dialects carry peer and description beside the protocol, the nested ones in
    lists: reading the permission itself as one more element of every list serves both.
    """
    for element in (keys, *_all_of(keys, "ipranges", "ipv6ranges", "prefixlistids")):
        for name, value in element.items():
            peer_from = _ADDRESS_PEERS.get(name)
            if peer_from and (text := _text(value)):
                yield peer_from(text), element.get("description")
    for element in _all_of(keys, "groups", "useridgrouppairs", "referencedgroupinfo"):
        if group := _text(element.get("groupid")):
            yield _group_peer(group, element.get("userid")), element.get("description")
    if group := _text(keys.get("referencedgroupid")):
        yield _group_peer(group, None), keys.get("description")
    if group := _text(keys.get("sourcesecuritygroupid")):
        yield _group_peer(group, keys.get("sourcesecuritygroupownerid")), keys.get("description")


def _network_peer(text: str) -> Row:
    cidr = canonical_cidr(text)
    return {"CidrIpv6" if ":" in cidr else "CidrIp": cidr}


def _list_peer(text: str) -> Row:
    return {"SourcePrefixListId": text}


_ADDRESS_PEERS: Mapping[str, Callable[[str], Row]] = {
    "cidrip": _network_peer,
    "cidripv4": _network_peer,
    "cidripv6": _network_peer,
    "prefixlistid": _list_peer,
    "sourceprefixlistid": _list_peer,
}


def _group_peer(group: str, owner: Any) -> Row:
    return {"SourceSecurityGroupId": group, "SourceSecurityGroupOwnerId": _text(owner)}


def _ports_of(protocol: str, first: Any, last: Any) -> tuple[int | None, int | None]:
    """Return the port range, ICMP's type and code, or two None where a protocol has neither."""
    if protocol in PORT_PROTOCOLS:
        # Templates may leave a bound out, which means there is none.
        return _integer(first, 0, 0, LAST_PORT), _integer(last, LAST_PORT, 0, LAST_PORT)
    if protocol in ICMP_PROTOCOLS:
        return (
            _integer(first, _ICMP_ANY, _ICMP_ANY, _ICMP_LAST),
            _integer(last, _ICMP_ANY, _ICMP_ANY, _ICMP_LAST),
        )
    return None, None


def _integer(value: Any, default: int, lowest: int, highest: int) -> int:
    text = str(value) if isinstance(value, int | str) else ""
    number = int(text) if _INTEGER.fullmatch(text) else default
    return default if number < lowest else min(number, highest)


def _all_of(keys: Mapping[str, Any], *names: str) -> Iterator[Mapping[str, Any]]:
    for name in names:
        if value := keys.get(name):
            yield from map(lower_keys, elements_of(value))


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    return str(value)[:_TEXT_LIMIT_CHARS]


def _identity(row: Row) -> tuple[Any, ...]:
    return tuple(row[key] for key in _KEYS)


def _order(row: Row) -> tuple[tuple[int, Any], ...]:
    return tuple(_sortable(row[key]) for key in (*_KEYS, "Description"))


def _sortable(value: Any) -> tuple[int, Any]:
    return (0, 0) if value is None else (1, value)
