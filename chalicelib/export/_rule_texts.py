"""The rules as they were: each text by the hash that findings name.

A rule changes with its parameters, with overrides and from build to build; all its forms that a
pack's history names are in the pack, and those whose text nobody has are named as unknown.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from chalicelib.export._plain import canonical
from chalicelib.model import Rule

#: Ids come out of the history, and become names of files.
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")

#: A rule's id and hash.
Version = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTexts:
    """What is known of rules.

    Attributes:
        versions: Every text that was found, by the rule's id and hash: Vigil's own rules number
            their versions, so that their hashes alone say little.
        in_force: The rules in force at the window's end, by id, as far as the history says so.
        bundle: Hash of those, as the last told sweep named it; None where none did.
    """

    versions: Mapping[Version, Rule] = field(default_factory=dict)
    in_force: Mapping[str, Rule] = field(default_factory=dict)
    bundle: str | None = None

    def by_id(self, named: Iterable[Version]) -> dict[str, Rule]:
        """Return one text for each rule: that in force, else one that findings name."""
        known = {one[0]: self.versions[one] for one in named if one in self.versions}
        return {**known, **self.in_force}

    def documents(self, named: Iterable[Version]) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of each rule's file.

        Args:
            named: Id and hash of every rule that the findings' history names.
        """
        wanted: dict[str, set[str]] = {}
        for rule_id, digest in named:
            wanted.setdefault(rule_id, set()).add(digest)
        for rule in self.in_force.values():
            wanted.setdefault(rule.id, set()).add(rule.hash)
        for rule_id in sorted(filter(_ID.fullmatch, wanted)):
            texts = [
                {"hash": digest, "rule": self.versions.get((rule_id, digest))}
                for digest in sorted(wanted[rule_id])
            ]
            document = {"id": rule_id, "versions": texts}
            yield f"rules/{rule_id}.json", canonical(document) + b"\n"

    def unknown(self, named: Iterable[Version]) -> list[str]:
        """Return the rules, as ``id@hash``, that findings name and whose text nobody has."""
        return sorted("@".join(one) for one in named if one not in self.versions)
