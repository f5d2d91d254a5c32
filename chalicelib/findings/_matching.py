"""Does what a call wrote agree with what is there?

Payloads say less than descriptions: a key that is null in the proposed value is simply not said,
and a `Description` never decides. Lists are compared without order, as AWS keeps them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.model import ConfigurationItem, Touch
from chalicelib.model.pointer import tokens_of

#: Deeper values prove nothing: no AWS document is that deep, an attacker's may be.
DEPTH_LIMIT = 32
NEVER_DECISIVE = frozenset({"Description"})


class _Missing:
    """Marks a pointer that leads nowhere; None is a value."""


MISSING = _Missing()


def find(document: Any, tokens: Sequence[str]) -> Any:
    """Return the value at `tokens`, or `MISSING`."""
    for token in tokens:
        document = _step(document, token)
    return document


def same(proposed: Any, raw: Any, depth: int = 0) -> bool:
    """Tell whether `raw` is what was proposed, as far as the proposal says."""
    if depth > DEPTH_LIMIT:
        return False
    if isinstance(proposed, Mapping):
        return isinstance(raw, Mapping) and _same_keys(proposed, raw, depth + 1)
    if _is_list(proposed):
        return _is_list(raw) and len(raw) == len(proposed) and _within(proposed, raw, depth + 1)
    return isinstance(proposed, bool) is isinstance(raw, bool) and bool(proposed == raw)


def carries(proposed: Any, tokens: Sequence[str], raw: Any) -> bool:
    """Tell whether a proposed value contains the raw value `tokens` below it.

    Args:
        proposed: What the call wrote.
        tokens: The way from there to the offending value.
        raw: What is described at the same place as `proposed`.
    """
    if not tokens:
        return _contains(proposed, raw)
    below = _step(raw, tokens[0])
    if _is_list(proposed):
        # The call may have written another element with a like value: the whole element counts.
        return any(same(p, below) and carries(p, tokens[1:], below) for p in proposed)
    said = _step(proposed, tokens[0])
    return said is not MISSING and below is not MISSING and carries(said, tokens[1:], below)


def shows(touch: Touch, item: ConfigurationItem) -> bool | None:
    """Tell whether an item shows what a call wrote; None where the payload does not say.

    An empty list or object is what calls propose that only take away: it holds before and after.
    """
    document = item.document()
    said = {p: value for p, value in touch.proposed.items() if value not in ([], {})}
    if not said:
        return None
    return all(_present(value, find(document, tokens_of(p))) for p, value in said.items())


def _step(value: Any, token: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(token, MISSING)
    if _is_list(value) and token.isdecimal() and int(token) < len(value):
        return value[int(token)]
    return MISSING


def _contains(proposed: Any, raw: Any) -> bool:
    if _is_list(proposed) and _is_list(raw):
        return bool(raw or not proposed) and _within(proposed, raw, 0)
    return same(proposed, raw)


def _present(proposed: Any, raw: Any) -> bool:
    if _is_list(proposed) and _is_list(raw):
        return all(any(same(p, r) for r in raw) for p in proposed)
    return same(proposed, raw)


def _within(proposed: Sequence[Any], raw: Sequence[Any], depth: int) -> bool:
    """Tell whether everything in `raw` was proposed."""
    return all(any(same(p, r, depth) for p in proposed) for r in raw)


def _same_keys(proposed: Mapping[str, Any], raw: Mapping[str, Any], depth: int) -> bool:
    said = {k: v for k, v in proposed.items() if v is not None and k not in NEVER_DECISIVE}
    if not said:
        return not proposed and not raw
    return all(k in raw and same(v, raw[k], depth) for k, v in said.items())


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
