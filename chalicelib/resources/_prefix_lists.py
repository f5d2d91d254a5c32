"""Managed prefix lists, for the types whose rules or routes name them.

A list that cannot be read leaves a gap at its entries, and everything beside it keeps counting.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.facts.network import normalise_entries
from chalicelib.model import Companion, Facet, Gap, Relation
from chalicelib.model.plugin import Record
from chalicelib.model.pointer import pointer_of
from chalicelib.resources._cidr_shapes import CIDR
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import route
from chalicelib.resources._errors import READ_ERRORS, gaps_from, member
from chalicelib.resources._ingress_events import PREFIX_LISTS, added_entries

PREFIX_LIST_TYPE = "AWS::EC2::PrefixList"
CALL = "ec2:GetManagedPrefixListEntries"

#: JSON Schema of ``/observed/PrefixLists``: id → entries.
PREFIX_LISTS_SHAPE = {
    "type": "object",
    "additionalProperties": closed({"Entries": {"type": "array", "items": CIDR}}),
}

#: Prefix list id → its entries, or None beside the gaps that say why not.
Entries = Callable[[str], tuple[list[str] | None, tuple[Gap, ...]]]

_ID = re.compile(r"pl-[0-9A-Za-z]{1,40}", re.ASCII)


def entries_of(client: Any, facet: Facet, name: str) -> tuple[list[str] | None, tuple[Gap, ...]]:
    """Ask for a prefix list on behalf of `facet`; AWS's own lists resolve like any other."""
    pages = client.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=name)
    try:
        entries = [entry for page in pages for entry in member(page, "Entries")]
    except READ_ERRORS as error:
        pointer = pointer_of(("observed", "PrefixLists", name, "Entries"))
        named = replace(facet, calls=(CALL,), pointers=(pointer,))
        return None, gaps_from(error, named)
    return normalise_entries(entries), ()


def _identify(raw: str, _: Record) -> str | None:
    return raw if _ID.fullmatch(raw) else None


PREFIX_LIST_COMPANION = Companion(
    type=PREFIX_LIST_TYPE,
    relation=Relation.EDGE,
    identify=_identify,
    routes=(
        route(
            "ModifyManagedPrefixList",
            "requestParameters.ModifyManagedPrefixListRequest.PrefixListId",
            "requestParameters.prefixListId",
            writes=(PREFIX_LISTS,),
            propose=added_entries,
        ),
        route(
            "RestoreManagedPrefixListVersion",
            "requestParameters.RestoreManagedPrefixListVersionRequest.PrefixListId",
            "requestParameters.prefixListId",
            writes=(PREFIX_LISTS,),
        ),
    ),
)
