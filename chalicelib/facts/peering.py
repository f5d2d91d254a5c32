"""Which parts of a peer VPC a route table leads to as a whole.

Least access means routes to the peer's subnets or hosts, not to a whole address block of it.
Routes add up: two halves are the whole block, and a route that is wider than the peer covers it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.facts.addresses import IPNetwork, network_from
from chalicelib.model import ConfigurationItem, Fact
from chalicelib.model.pointer import pointer_of

ROUTES = "/observed/PeeringRoutes"
PEERINGS = "/observed/Peerings"
PREFIX_LISTS = "/observed/PrefixLists"

_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}

#: One row per address block of a peer VPC that routes cover whole.
WHOLE_PEER_BLOCKS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "VpcPeeringConnectionId": {"type": "string"},
            "PeerCidr": {"type": "string"},
            "Destinations": _TEXTS,
            "Because": _TEXTS,
        },
        "required": ["VpcPeeringConnectionId", "PeerCidr", "Destinations", "Because"],
        "additionalProperties": False,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Destination:
    """One range of addresses that is routed to a peer, and what says so."""

    network: IPNetwork
    because: tuple[str, ...]


def whole_peer_blocks(item: ConfigurationItem) -> list[dict[str, Any]]:
    """List the blocks of peer VPCs that are routed whole, as `WHOLE_PEER_BLOCKS_SCHEMA` has it.

    ``Because`` points at the routes, and at the entries of a prefix list that a route names.
    Peers and prefix lists that could not be read are passed over.
    """
    return [
        row
        for peering, peer in sorted((item.observed["Peerings"] or {}).items())
        for place, cidr in enumerate(peer["PeerCidrs"] or ())
        for row in _rows(peering, place, cidr, tuple(_destinations(item, peering)))
    ]


def _rows(
    peering: str, place: int, cidr: str, destinations: Sequence[_Destination]
) -> Iterator[dict[str, Any]]:
    block = network_from(cidr)
    covering = _covering(block, destinations) if block else ()
    if covering:
        peer = pointer_of(("observed", "Peerings", peering, "PeerCidrs", place))
        because = (*(p for each in covering for p in each.because), peer)
        yield {
            "VpcPeeringConnectionId": peering,
            "PeerCidr": cidr,
            "Destinations": [str(each.network) for each in covering],
            "Because": list(dict.fromkeys(because)),
        }


def _covering(block: IPNetwork, destinations: Iterable[_Destination]) -> tuple[_Destination, ...]:
    """Return the destinations that cover a block: each alone, or else all of them together."""
    near = [each for each in destinations if _overlap(each.network, block)]
    alone = tuple(each for each in near if each.network.prefixlen <= block.prefixlen)
    if alone:
        return alone
    # All of them lie within the block: it is covered where their distinct addresses add up to it.
    addresses = sum(network.num_addresses for network in _outermost(each.network for each in near))
    return tuple(near) if addresses == block.num_addresses else ()


def _outermost(networks: Iterable[IPNetwork]) -> Iterator[IPNetwork]:
    """Yield those that lie in no other; networks overlap only by one containing the other."""
    end = -1
    for network in sorted(set(networks), key=lambda n: (int(n.network_address), n.prefixlen)):
        if int(network.network_address) > end:
            yield network
            end = int(network.broadcast_address)


def _overlap(one: IPNetwork, other: IPNetwork) -> bool:
    return one.version == other.version and (
        int(one.network_address) <= int(other.broadcast_address)
        and int(other.network_address) <= int(one.broadcast_address)
    )


def _destinations(item: ConfigurationItem, peering: str) -> Iterator[_Destination]:
    for index, route in enumerate(item.observed["PeeringRoutes"] or ()):
        if route["VpcPeeringConnectionId"] != peering or route["State"] == "blackhole":
            continue
        own = f"{ROUTES}/{index}"
        for cidr, entry in _cidrs(item, route):
            if (network := network_from(cidr)) is not None:
                yield _Destination(network=network, because=(own, *entry))


def _cidrs(
    item: ConfigurationItem, route: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock"):
        if route[key] is not None:
            yield route[key], ()
    name = route["DestinationPrefixListId"]
    known = (item.observed["PrefixLists"] or {}).get(name, {}).get("Entries") if name else None
    for place, cidr in enumerate(known or ()):
        yield cidr, (pointer_of(("observed", "PrefixLists", name, "Entries", place)),)


WHOLE_PEER_BLOCKS = Fact(
    name="WholePeerBlocks",
    inputs=(ROUTES, PEERINGS, PREFIX_LISTS),
    compute=whole_peer_blocks,
    schema=WHOLE_PEER_BLOCKS_SCHEMA,
    partial=True,
)
