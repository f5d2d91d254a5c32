"""The compiled rules as one JSON file with its own SHA-256: what Lambda reads.

The hash is over the very bytes of the ``rules`` member, so that checking it needs no second
encoding.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

from chalicelib.errors import RuleDocumentError
from chalicelib.model import Rule

FORMAT = 1


class _Bundle(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    format: int
    rules: msgspec.Raw
    sha256: str


def bundle_from(rules: Iterable[Rule]) -> bytes:
    """Return the bundle of some rules: the same bytes for the same rules."""
    ordered = sorted(rules, key=lambda rule: rule.id)
    encoded = msgspec.json.encode(ordered, order="sorted")
    bundle = _Bundle(format=FORMAT, rules=msgspec.Raw(encoded), sha256=sha256(encoded).hexdigest())
    return msgspec.json.encode(bundle)


def rules_from(data: bytes) -> tuple[Rule, ...]:
    """Return the rules of a bundle.

    Raises:
        RuleDocumentError: It is no bundle, of another format, or its hash does not fit.
    """
    bundle = _decoded(data, _Bundle)
    if bundle.format != FORMAT:
        raise RuleDocumentError(f"expected format {FORMAT}, found {bundle.format}", source="bundle")
    if sha256(bytes(bundle.rules)).hexdigest() != bundle.sha256:
        raise RuleDocumentError("the rules do not have the stated SHA-256", source="bundle")
    rules: tuple[Rule, ...] = _decoded(bytes(bundle.rules), tuple[Rule, ...])
    return rules


def _decoded(data: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise RuleDocumentError(f"not a bundle of rules: {error}", source="bundle") from error
