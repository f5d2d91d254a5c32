"""What everything generated is generated from: the resource types there are and the rules in force.

Nothing in this package reads rules or types by itself; a catalogue is made once and handed down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Facet, ResourceType, Rule
from chalicelib.resources._frame import facets_for
from vigil.rulefiles import RULES, load_rules, resource_types


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Resource types and rules, the latter compiled and ready."""

    types: tuple[ResourceType, ...]
    rules: tuple[Rule, ...]
    rulebook: Rulebook

    @classmethod
    def read(cls, folders: Sequence[Path] = (RULES,)) -> "Catalogue":
        """Read every type and the rules in some folders.

        Raises:
            RuleDocumentError: A rule is wrong; a package never leaves one out in silence.
        """
        types = resource_types()
        loaded = load_rules(folders, types)
        if loaded.problems:
            raise loaded.problems[0]
        return cls(types=types, rules=loaded.rules, rulebook=Rulebook.of(loaded.rules, types))

    def facets(self) -> Iterator[tuple[ResourceType, Facet]]:
        """Yield the facets that the rules need: only these are ever described."""
        for resource_type in self.types:
            pointers = self.rulebook.pointers_for(resource_type.type)
            for facet in facets_for(resource_type, pointers):
                yield resource_type, facet
