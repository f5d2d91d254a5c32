"""The short way from EC2's own describe answer to rows: exact wherever it answers at all.

`normalise_permissions` reads every dialect and any rubbish; nearly all it ever sees is what EC2
itself wrote, in one spelling. Whatever is not exactly that makes `described_rows` give up, and
the long way decides. Both give the same rows: a test compares them.
"""

import re
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

# These repeat limits of `_permissions`, which this shortens.
_TEXT_LIMIT_CHARS = 255
_LAST_PORT = 65535
_ALL_PROTOCOLS = "-1"

_PORT_PROTOCOLS = frozenset({"tcp", "udp"})

# EC2 answers with all four lists, empty or not, beside the protocol, and ports where it has them.
_PORTLESS_KEYS = 5
_PORT_KEYS = 7
_GROUP_KEYS = frozenset(
    {
        "Description",
        "GroupId",
        "GroupName",
        "PeeringStatus",
        "UserId",
        "VpcId",
        "VpcPeeringConnectionId",
    }
)
_OCTET = "(?>25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9][0-9]?|0)"
# A single address, or bytes that are zero from where the prefix ends: nearly all there are.
_plain_ipv4 = re.compile(
    rf"{_OCTET}[.]{_OCTET}[.](?:{_OCTET}[.](?:{_OCTET}/32|0/(?:2[4-9]|3[01]))"
    rf"|0[.]0/(?:1[6-9]|2[0-3]))|{_OCTET}[.]0[.]0[.]0/(?:[89]|1[0-5])|0[.]0[.]0[.]0/[0-7]"
).fullmatch
_OCTETS = {str(value): value for value in range(256)}
_HOST_BITS = {str(length): (1 << 32 - length) - 1 for length in range(33)}
# One to six groups that are not zero, then nothing but zeros: "::" stands for two or more.
_plain_ipv6 = re.compile("((?:[1-9a-f][0-9a-f]{0,3}:){1,6}):/([1-9][0-9]{0,2})").fullmatch
_GROUP_BITS = 16
_IPV6_BITS = 128

#: What EC2 lets out of every new group, which most groups keep.
_EVERYTHING = [
    {
        "IpProtocol": _ALL_PROTOCOLS,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }
]
_EVERYTHING_ROW = {
    "IpProtocol": _ALL_PROTOCOLS,
    "FromPort": None,
    "ToPort": None,
    "CidrIp": "0.0.0.0/0",
    "CidrIpv6": None,
    "SourcePrefixListId": None,
    "SourceSecurityGroupId": None,
    "SourceSecurityGroupOwnerId": None,
    "Description": None,
}

#: Protocol and ports; None for no ports.
_Span = tuple[str, int | None, int | None]
_Row = dict[str, Any]

#: What looking for EC2's own spelling provokes in anything else.
_ODD = (KeyError, ValueError, TypeError, AttributeError)


def described_rows(permissions: Any) -> list[_Row] | None:
    """Return the rows of an ``IpPermissions`` list in order; None where it is spelled otherwise.

    What it returns is plain ASCII and has the shape that a group's item declares for its rules.
    """
    if permissions == _EVERYTHING:
        return [dict(_EVERYTHING_ROW)]
    if not isinstance(permissions, list):
        return None
    rows: list[_Row] = []
    texts: list[str] = []
    try:
        for span, permission in _by_span(permissions):
            # Rows come in the order of their columns, absent values first.
            if peers := permission["UserIdGroupPairs"]:
                _add_groups(_distinct(peers, "GroupId"), span, rows, texts)
            if peers := permission["PrefixListIds"]:
                _add_lists(_distinct(peers, "PrefixListId"), span, rows, texts)
            if peers := permission["Ipv6Ranges"]:
                _add_ipv6(_distinct(peers, "CidrIpv6"), span, rows, texts)
            if peers := permission["IpRanges"]:
                _add_ipv4(_distinct(peers, "CidrIp"), span, rows, texts)
        sound = "".join(texts).isascii() and max(map(len, texts), default=0) <= _TEXT_LIMIT_CHARS
    except _ODD:
        return None
    return rows if sound else None


def is_plain_cidr(text: str) -> bool:
    """Tell, without parsing, that a CIDR is spelled as EC2 stores it; False means "look closer"."""
    return _plain_ipv4(text) is not None or _is_plain_ipv6(text)


def _by_span(permissions: list[Any]) -> list[tuple[_Span, Mapping[str, Any]]]:
    if len(permissions) == 1:
        return [(_span(permissions[0]), permissions[0])]
    found = {_span(permission): permission for permission in permissions}
    if len(found) != len(permissions):
        raise ValueError
    # Nothing is compared beyond the protocol where there are no ports: it is there only once.
    return sorted(found.items(), key=itemgetter(0))


def _span(permission: Any) -> _Span:
    protocol = permission["IpProtocol"]
    if protocol == _ALL_PROTOCOLS and len(permission) == _PORTLESS_KEYS:
        return _ALL_PROTOCOLS, None, None
    first, last = permission["FromPort"], permission["ToPort"]
    whole = type(first) is int and type(last) is int and len(permission) == _PORT_KEYS
    if (
        whole
        and protocol in _PORT_PROTOCOLS
        and 0 <= first <= _LAST_PORT
        and 0 <= last <= _LAST_PORT
    ):
        return protocol, first, last
    raise ValueError


def _distinct(peers: Any, name: str) -> Sequence[Any]:
    """Return peers in order; those of one name differ in what they say only, which is rare."""
    if len(peers) == 1:
        return cast("Sequence[Any]", peers)
    if len({peer[name] for peer in peers}) != len(peers):
        raise ValueError
    return sorted(peers, key=itemgetter(name))


def _only_description(element: Any) -> str:
    """Return what is said of a peer that has nothing else beside its name."""
    text: str = element["Description"]
    if len(element) != 2 or not text:  # noqa: PLR2004 - the name and this
        raise ValueError
    return text


def _add_ipv4(peers: Sequence[Any], span: _Span, rows: list[_Row], texts: list[str]) -> None:
    protocol, first, last = span
    for element in peers:
        peer, text = element["CidrIp"], None
        if len(element) != 1:
            text = _only_description(element)
            texts.append(text)
        if _plain_ipv4(peer) is None and not _is_canonical(peer):
            raise ValueError
        rows.append(
            {
                "IpProtocol": protocol,
                "FromPort": first,
                "ToPort": last,
                "CidrIp": peer,
                "CidrIpv6": None,
                "SourcePrefixListId": None,
                "SourceSecurityGroupId": None,
                "SourceSecurityGroupOwnerId": None,
                "Description": text,
            }
        )


def _add_ipv6(peers: Sequence[Any], span: _Span, rows: list[_Row], texts: list[str]) -> None:
    protocol, first, last = span
    for element in peers:
        peer, text = element["CidrIpv6"], None
        if len(element) != 1:
            text = _only_description(element)
            texts.append(text)
        if peer != "::/0" and not _is_plain_ipv6(peer):
            raise ValueError
        rows.append(
            {
                "IpProtocol": protocol,
                "FromPort": first,
                "ToPort": last,
                "CidrIp": None,
                "CidrIpv6": peer,
                "SourcePrefixListId": None,
                "SourceSecurityGroupId": None,
                "SourceSecurityGroupOwnerId": None,
                "Description": text,
            }
        )


def _add_lists(peers: Sequence[Any], span: _Span, rows: list[_Row], texts: list[str]) -> None:
    protocol, first, last = span
    for element in peers:
        peer, text = element["PrefixListId"], None
        if len(element) != 1:
            text = _only_description(element)
            texts.append(text)
        if not peer:
            raise ValueError
        texts.append(peer)
        rows.append(
            {
                "IpProtocol": protocol,
                "FromPort": first,
                "ToPort": last,
                "CidrIp": None,
                "CidrIpv6": None,
                "SourcePrefixListId": peer,
                "SourceSecurityGroupId": None,
                "SourceSecurityGroupOwnerId": None,
                "Description": text,
            }
        )


def _add_groups(peers: Sequence[Any], span: _Span, rows: list[_Row], texts: list[str]) -> None:
    protocol, first, last = span
    for peer in peers:
        name, owner, text = peer["GroupId"], peer.get("UserId"), peer.get("Description")
        if not name or not peer.keys() <= _GROUP_KEYS:
            raise ValueError
        texts += (name, owner or "", text or "")
        rows.append(
            {
                "IpProtocol": protocol,
                "FromPort": first,
                "ToPort": last,
                "CidrIp": None,
                "CidrIpv6": None,
                "SourcePrefixListId": None,
                "SourceSecurityGroupId": name,
                "SourceSecurityGroupOwnerId": owner or None,
                "Description": text or None,
            }
        )


def _is_canonical(text: str) -> bool:
    """Tell whether an IPv4 CIDR has no host bits and no other odd spelling."""
    address, _, length = text.partition("/")
    one, two, three, four = address.split(".")
    number = _OCTETS[one] << 24 | _OCTETS[two] << 16 | _OCTETS[three] << 8 | _OCTETS[four]
    return not number & _HOST_BITS[length]


def _is_plain_ipv6(text: str) -> bool:
    found = _plain_ipv6(text)
    if found is None:
        return False
    written = found[1].count(":") * _GROUP_BITS
    return written <= int(found[2]) <= _IPV6_BITS
