"""The compiled rules as one JSON file with its own SHA-256: what Lambda reads.

The hash is over the very bytes of the ``ruleset`` member, so that checking it needs no second
encoding.
"""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec

from chalicelib.errors import RuleDocumentError
from chalicelib.model import Rule
from chalicelib.model.ruleset import Ruleset

FORMAT = 2


class _Bundle(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    format: int
    ruleset: msgspec.Raw
    sha256: str


def bundle_from(rules: Iterable[Rule] | Ruleset) -> bytes:
    """Return the bundle of some rules: the same bytes for the same rules."""
    given = rules if isinstance(rules, Ruleset) else Ruleset(rules=tuple(rules))
    ordered = replace(given, rules=tuple(sorted(given.rules, key=lambda rule: rule.id)))
    encoded = msgspec.json.encode(ordered, order="sorted")
    digest = sha256(encoded).hexdigest()
    return msgspec.json.encode(_Bundle(format=FORMAT, ruleset=msgspec.Raw(encoded), sha256=digest))


def ruleset_from(data: bytes) -> Ruleset:
    """Return what a bundle holds.

    Raises:
        RuleDocumentError: It is no bundle, of another format, or its hash does not fit.
    """
    bundle = _decoded(data, _Bundle)
    if bundle.format != FORMAT:
        raise RuleDocumentError(f"expected format {FORMAT}, found {bundle.format}", source="bundle")
    if sha256(bytes(bundle.ruleset)).hexdigest() != bundle.sha256:
        raise RuleDocumentError("the rules do not have the stated SHA-256", source="bundle")
    ruleset: Ruleset = _decoded(bytes(bundle.ruleset), Ruleset)
    return ruleset


def rules_from(data: bytes) -> tuple[Rule, ...]:
    """Return the rules of a bundle that hold everywhere; see `ruleset_from`."""
    return ruleset_from(data).rules


def _decoded(data: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise RuleDocumentError(f"not a bundle of rules: {error}", source="bundle") from error
