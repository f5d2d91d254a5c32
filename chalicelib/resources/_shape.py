"""Does a raw value have the shape its type declares? Asked before facts are computed from it.

A value under a gap has no shape to ask about: it is not judged here, and neither is what lies
below it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from chalicelib.model.identity import ByIdentity
from chalicelib.model.pointer import is_below

Tokens = tuple[str, ...]


def validator_of(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return the validator of a schema, compiled once."""
    return _validator(ByIdentity(schema))


def misshapen(
    values: Mapping[str, Any],
    place: Tokens,
    schema: Mapping[str, Any],
    gaps: tuple[Tokens, ...],
) -> bool:
    """Tell whether the value at `place` is missing or breaks `schema` anywhere outside `gaps`.

    `values` is the section that holds it, `place` its two tokens.
    """
    name = place[1]
    if name not in values:
        return True
    validator = validator_of(schema)
    if validator.is_valid(values[name]):
        return False
    failures = (
        (*place, *map(str, error.instance_path)) for error in validator.iter_errors(values[name])
    )
    return not all(any(is_below(failure, gap) for gap in gaps) for failure in failures)


# Compiling costs 20 times a validation; a pure function of its key, so sharing it is harmless.
@lru_cache(maxsize=512)
def _validator(key: ByIdentity[Mapping[str, Any]]) -> Draft202012Validator:
    return Draft202012Validator(dict(key.value))
