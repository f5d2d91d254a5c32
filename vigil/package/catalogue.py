"""What everything generated is generated from: the resource types there are and the rules in force.

Nothing in this package reads rules or types by itself; a catalogue is made once and handed down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chalicelib.evaluate.placing import rules_anywhere
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Facet, ResourceType, Rule
from chalicelib.model.ruleset import Ruleset
from chalicelib.resources._frame import facets_for, with_tags
from vigil.library.loading import library
from vigil.rulefiles import RuleFile, resource_types


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Resource types and rules, the latter compiled and ready.

    Attributes:
        files: The rules as written; the reference tells of these.
    """

    types: tuple[ResourceType, ...]
    rules: tuple[Rule, ...]
    ruleset: Ruleset
    rulebook: Rulebook
    files: tuple[RuleFile, ...] = ()

    @classmethod
    def read(cls, folders: Sequence[Path] = (), settings: Path | None = None) -> "Catalogue":
        """Read every type, the built-in rules, those in some folders, and what settings say.

        Raises:
            RuleDocumentError: A rule is wrong; a package never leaves one out in silence.
        """
        types = resource_types()
        found = library(types, folders, settings)
        return cls.of(found.ruleset, types, found.files)

    @classmethod
    def of(
        cls, ruleset: Ruleset, types: tuple[ResourceType, ...], files: tuple[RuleFile, ...] = ()
    ) -> "Catalogue":
        """Return the catalogue of rules that are known already."""
        return cls(
            types=types,
            rules=rules_anywhere(ruleset),
            ruleset=ruleset,
            rulebook=Rulebook.in_force(ruleset, types),
            files=files,
        )

    def facets(self) -> Iterator[tuple[ResourceType, Facet]]:
        """Yield the facets that the rules and owners need: only these are ever described."""
        for resource_type in self.types:
            pointers = with_tags(resource_type, self.rulebook.pointers_for(resource_type.type))
            for facet in facets_for(resource_type, pointers):
                yield resource_type, facet
