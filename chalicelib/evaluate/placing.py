"""Which rules are in force where: one rulebook for each set of overrides that hold together.

Most people override nothing, and most places are covered by the same few overrides: rulebooks are
built when a place first needs them, and kept.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

import msgspec

from chalicelib.model import Rule
from chalicelib.model.ruleset import Ruleset

Book = TypeVar("Book")


@dataclass(frozen=True, slots=True)
class Places(Generic[Book]):
    """Rulebooks by place.

    Attributes:
        build: Rules → a rulebook of just these.
    """

    ruleset: Ruleset
    build: Callable[[Iterable[Rule]], Book]
    _built: dict[tuple[int, ...], Book] = field(default_factory=dict)

    def at(self, account_id: str, region: str) -> Book:
        """Return the rulebook in force in a place."""
        overrides = enumerate(self.ruleset.overrides)
        key = tuple(index for index, one in overrides if one.covers(account_id, region))
        if key not in self._built:
            self._built[key] = self.build(self.ruleset.rules_in(account_id, region))
        return self._built[key]


def rules_anywhere(ruleset: Ruleset) -> tuple[Rule, ...]:
    """Return every rule that is in force in some place, once: what has to be read and delivered.

    An override changes a rule's limits, never what it reads or which changes it looks at, so any
    one form of a rule stands for all of them.
    """
    found = {rule.id: rule for override in ruleset.overrides for rule in override.rules}
    found |= {rule.id: rule for rule in ruleset.rules}
    return tuple(found[rule_id] for rule_id in sorted(found))


def hash_of(ruleset: Ruleset) -> str:
    """Return the hash under which looks and sweeps name these rules: `Rulebook.hash`."""
    whole = "".join(rule.hash for rule in rules_anywhere(ruleset))
    book = sha256(whole.encode()).hexdigest()
    if not ruleset.overrides:
        return book
    written = msgspec.json.encode(ruleset.overrides, order="sorted")
    return sha256(book.encode() + written).hexdigest()
