"""AWS's wildcards: does a pattern cover or meet another; ``*`` is any text, ``?`` one character.

No regular expressions: a stranger's ``*a*a*a*b`` must not cost more than its length times the
text's. A wildcard in a *text* is an ordinary character that only a ``*`` covers, so the same walk
answers both "matches this name" and "covers this pattern".
"""

from collections.abc import Iterable
from dataclasses import dataclass

WILDCARDS = frozenset("*?")


def has_wildcard(pattern: str) -> bool:
    """Tell whether a pattern can match more than itself."""
    return not WILDCARDS.isdisjoint(pattern)


def covers(pattern: str, text: str) -> bool:
    """Tell whether `pattern` matches everything that `text`, itself perhaps a pattern, matches.

    Sound, not complete: True is always right.
    """
    head, star, tail = pattern.partition("*")
    if not star and "?" not in head:
        return pattern == text
    if star and not tail and "?" not in head:
        return text.startswith(head)
    return _walk(pattern, text)


def meets(one: str, other: str) -> bool:
    """Tell whether some text matches both patterns."""
    if one == other:
        return True
    head_one, head_other = _literal_head(one), _literal_head(other)
    if not (head_one.startswith(head_other) or head_other.startswith(head_one)):
        return False
    if not (has_wildcard(one) and has_wildcard(other)):
        return covers(one, other) or covers(other, one)
    return _meet(one, other)


def _literal_head(pattern: str) -> str:
    ends = (pattern.find(wildcard) for wildcard in WILDCARDS)
    return pattern[: min((end for end in ends if end >= 0), default=len(pattern))]


def _walk(pattern: str, text: str) -> bool:
    """Match greedily, going back to the last ``*`` only: quadratic at worst."""
    at, place, star, resume = 0, 0, -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume, at = at, place, at + 1
        elif at < len(pattern) and _same(pattern[at], text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def _same(expected: str, found: str) -> bool:
    return expected == found or (expected == "?" and found != "*")


def _meet(one: str, other: str) -> bool:
    """Walk both patterns at once: the set of places in `other` reached by each prefix of `one`."""
    reached = _skip_stars({0}, other)
    for symbol in one:
        reached = _step(symbol, reached, other)
        if not reached:
            return False
    return len(other) in reached


def _skip_stars(places: set[int], pattern: str) -> set[int]:
    found = set(places)
    for place in sorted(places):
        end = place
        while end < len(pattern) and pattern[end] == "*":
            end += 1
            found.add(end)
    return found


def _step(symbol: str, reached: set[int], other: str) -> set[int]:
    if symbol == "*":
        return set(range(min(reached), len(other) + 1))
    stay = {place for place in reached if place < len(other) and other[place] == "*"}
    move = {
        place + 1
        for place in reached
        if place < len(other) and other[place] != "*" and _alike(symbol, other[place])
    }
    return _skip_stars(stay | move, other)


def _alike(one: str, other: str) -> bool:
    return one == other or "?" in (one, other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """The patterns of one policy element, or of its ``Not…`` form.

    Attributes:
        globs: Each with the plain text it begins with, which rejects most of what it is asked.
        negated: True for ``NotAction``, ``NotResource``: everything but these.
    """

    literals: frozenset[str]
    globs: tuple[tuple[str, str], ...]
    negated: bool = False

    @classmethod
    def of(cls, patterns: Iterable[str], *, negated: bool = False) -> "Patterns":
        """Sort patterns into names, which a set finds at once, and real globs."""
        known = frozenset(patterns)
        globs = sorted(pattern for pattern in known if has_wildcard(pattern))
        return cls(
            literals=known.difference(globs),
            globs=tuple((_literal_head(pattern), pattern) for pattern in globs),
            negated=negated,
        )

    def cover(self, pattern: str) -> bool:
        """Tell whether everything that `pattern` matches is certainly among these."""
        return not self._touch(pattern) if self.negated else self._include(pattern)

    def meet(self, pattern: str) -> bool:
        """Tell whether something that `pattern` matches may be among these."""
        return not self._include(pattern) if self.negated else self._touch(pattern)

    def written(self) -> list[str]:
        """Return the patterns themselves, in order of their text."""
        return sorted((*self.literals, *(glob for _, glob in self.globs)))

    def _include(self, pattern: str) -> bool:
        return pattern in self.literals or any(
            pattern.startswith(head) and covers(glob, pattern) for head, glob in self.globs
        )

    def _touch(self, pattern: str) -> bool:
        if self._include(pattern):
            return True
        if not has_wildcard(pattern):
            return False
        return any(meets(glob, pattern) for _, glob in self.globs) or any(
            covers(pattern, name) for name in self.literals
        )
