"""What a policy condition can come to for a caller who picks his own values where he can.

A condition is not true or false here: it has the *set* of outcomes that a kind of caller can bring
about. An Allow lets a caller in if every condition can be true; a Deny stops him only if none can
be false. An absent key makes ``…Not…`` operators true, and so an IfExists or ForAllValues closes
nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.facts._globs import covers, has_wildcard

Truths = frozenset[bool]

NEVER: Truths = frozenset({False})
ALWAYS: Truths = frozenset({True})
EITHER: Truths = frozenset({False, True})

VARIABLE = "${"


class Family(StrEnum):
    """How an operator compares."""

    EQUALS = "equals"
    LIKE = "like"
    ARN = "arn"
    IP = "ip"
    ORDER = "order"
    NULL = "null"
    UNKNOWN = "unknown"


# Operator in lower case → (family, negated).
_OPERATORS: Mapping[str, tuple[Family, bool]] = {
    "stringequals": (Family.EQUALS, False),
    "stringnotequals": (Family.EQUALS, True),
    "stringequalsignorecase": (Family.EQUALS, False),
    "stringnotequalsignorecase": (Family.EQUALS, True),
    "binaryequals": (Family.EQUALS, False),
    "bool": (Family.EQUALS, False),
    "stringlike": (Family.LIKE, False),
    "stringnotlike": (Family.LIKE, True),
    "arnequals": (Family.ARN, False),
    "arnlike": (Family.ARN, False),
    "arnnotequals": (Family.ARN, True),
    "arnnotlike": (Family.ARN, True),
    "ipaddress": (Family.IP, False),
    "notipaddress": (Family.IP, True),
    "null": (Family.NULL, False),
    **{
        f"{kind}{operator}": (Family.ORDER, operator == "notequals")
        for kind in ("numeric", "date")
        for operator in (
            "equals",
            "notequals",
            "lessthan",
            "lessthanequals",
            "greaterthan",
            "greaterthanequals",
        )
    },
}
_IF_EXISTS = "ifexists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator × key of a condition block.

    Attributes:
        key: In lower case; `spelled` is it as written.
        if_absent: What the condition comes to where the request lacks the key.
    """

    key: str
    spelled: str
    family: Family
    negated: bool
    if_absent: bool
    values: tuple[str, ...]


#: Condition → the outcomes of its comparison (before negation) with values a caller can have.
Admits = Callable[[Condition], Truths]


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What a kind of caller can put under a key.

    Attributes:
        absent: Whether he can leave the key out.
        admits: What his values can match; None where the key is never there.
    """

    absent: bool
    admits: Admits | None


def conditions_from(block: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    """Read a normalised condition block; its conditions are all ANDed."""
    for operator, keys in block.items():
        quantifier, _, rest = operator.lower().rpartition(":")
        if_exists = rest.endswith(_IF_EXISTS)
        family, negated = _OPERATORS.get(rest.removesuffix(_IF_EXISTS), (Family.UNKNOWN, False))
        for key, values in keys.items():
            yield Condition(
                key=key.lower(),
                spelled=key,
                family=family,
                negated=negated,
                if_absent=_if_absent(quantifier, if_exists=if_exists, negated=negated),
                values=tuple(values),
            )


def _if_absent(quantifier: str, *, if_exists: bool, negated: bool) -> bool:
    if if_exists or quantifier == "forallvalues":
        return True
    return negated and quantifier != "foranyvalue"


def outcomes(condition: Condition, domain: Domain) -> Truths:
    """Return what a caller with `domain` under the condition's key can make of it."""
    if condition.family is Family.UNKNOWN:
        return EITHER
    if condition.family is Family.NULL:
        return _null_outcomes(condition, domain)
    found = NEVER if domain.admits is None else domain.admits(condition)
    present = frozenset(truth != condition.negated for truth in found)
    reached = present if domain.admits is not None else frozenset()
    if domain.absent:
        reached |= {condition.if_absent}
    return reached


def _null_outcomes(condition: Condition, domain: Domain) -> Truths:
    wanted = {value.lower() for value in condition.values}
    absent = {"true" in wanted} if domain.absent else set()
    present = {"false" in wanted} if domain.admits is not None else set()
    return frozenset(absent | present)


def free(condition: Condition) -> Truths:
    """Admit anything: the caller picks the value."""
    return EITHER if condition.values else NEVER


def fixed(*texts: str) -> Admits:
    """Admit these values only."""

    def admits(condition: Condition) -> Truths:
        if condition.family in {Family.EQUALS, Family.LIKE}:
            return frozenset(_is_among(text, condition) for text in texts)
        return free(condition)

    return admits


def _is_among(text: str, condition: Condition) -> bool:
    if condition.family is Family.LIKE:
        return any(covers(value.lower(), text.lower()) for value in condition.values)
    return text.lower() in {value.lower() for value in condition.values}


def foreign(is_pinned: Callable[[str], bool]) -> Admits:
    """Admit values of somebody else's making: only what `is_pinned` refuses can match them."""

    def admits(condition: Condition) -> Truths:
        if condition.family in {Family.ORDER, Family.IP}:
            return free(condition)
        loose = [value for value in condition.values if not is_pinned(value)]
        if not loose:
            return NEVER
        return EITHER if all(value.strip("*") for value in loose) else ALWAYS

    return admits


def is_literal(value: str) -> bool:
    """Tell whether a value names one thing.

    Wildcards count under every operator: StringEquals takes them literally and so matches nobody,
    but S3 itself calls such a value public, and an edit away it is.
    """
    return not has_wildcard(value) and VARIABLE not in value
