"""What a page says of findings together: counts, and the table of each framework's controls.

Counts and a few links per rule are all that is kept of the findings that went by, so that a table
of a hundred thousand of them needs no more room than one of a hundred.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from chalicelib.export._frameworks import TITLES, in_order
from chalicelib.export._html_card import anchor
from chalicelib.export._html_words import code
from chalicelib.export._markup import Html, element, joined, table
from chalicelib.model import Rule, RuleKind, Severity

#: Findings that a control's row leads to; the rest is counted.
LINKS_LIMIT = 10
#: Columns of the tables of controls and rules, as keys of a tally.
_COUNTED = ("open", "overdue", "exempt", "resolved")
_WIDTH = 1000
_NOTE = (
    "No open finding means that no rule named here objected within the window. It is no proof that "
    "a control is met: most of a control is about people and processes that no API shows."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A finding that a table leads to."""

    finding_id: str
    resource_id: str


class Tally:
    """Counts findings by rule as they go by."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.severities: Counter[str] = Counter()
        self.titles: dict[str, str] = {}
        self._links: defaultdict[str, list[Link]] = defaultdict(list)

    def add(self, record: Mapping[str, Any]) -> None:
        """Count a finding."""
        rule_id = record["rule_id"]
        self.titles[rule_id] = record["title"]
        self.counts.update((rule_id, state) for state in _states(record))
        if record["status"] == "OPEN":
            self.severities[record["severity"]] += 1
        if len(self._links[rule_id]) < LINKS_LIMIT:
            link = Link(finding_id=record["finding_id"], resource_id=record["resource_id"])
            self._links[rule_id].append(link)

    def total(self, state: str) -> int:
        """Return how many findings are in a state."""
        return sum(count for (_, found), count in self.counts.items() if found == state)

    def of_rules(self, rule_ids: Iterable[str], state: str) -> int:
        """Return how many findings of some rules are in a state."""
        return sum(self.counts[rule_id, state] for rule_id in rule_ids)

    def links(self, rule_ids: Iterable[str]) -> list[Link]:
        """Return the first findings of some rules."""
        return list(chain.from_iterable(self._links.get(one, ()) for one in rule_ids))[:LINKS_LIMIT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A framework as far as rules name it: control → rules, in order."""

    key: str
    controls: Mapping[str, tuple[Rule, ...]]

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES.get(self.key, self.key)


def frameworks_of(rules: Mapping[str, Rule]) -> tuple[Framework, ...]:
    """Return every framework that rules name, known ones first."""
    by_key: defaultdict[str, defaultdict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
    for _, rule in sorted(rules.items()):
        for key, controls in rule.frameworks.items():
            for control in controls:
                by_key[key][control].append(rule)
    order = [*(key for key in TITLES if key in by_key), *sorted(by_key.keys() - TITLES.keys())]
    return tuple(
        Framework(
            key=key,
            controls={
                number: tuple(found)
                for number, found in sorted(by_key[key].items(), key=lambda pair: in_order(pair[0]))
            },
        )
        for key in order
    )


def summary(tally: Tally) -> Iterator[Html]:
    """Yield the counts of a whole export."""
    yield element(
        "div",
        _tile(tally.total("all"), "findings in the window"),
        _tile(tally.total("open"), "open at its end"),
        _tile(tally.total("overdue"), "of them overdue"),
        _tile(tally.total("exempt"), "open, but the risk accepted"),
        _tile(tally.total("resolved"), "resolved"),
        class_="tiles",
    )
    if tally.severities:
        yield _bar(tally.severities)
        yield element("p", *_legend(tally.severities), class_="mute")


def framework_section(framework: Framework, tally: Tally, number: int) -> Html:
    """Return a framework's controls, and which findings each has."""
    rows = (_control(name, rules, tally) for name, rules in framework.controls.items())
    standing = sum(1 for rules in framework.controls.values() if _fails(rules, tally))
    lead = f"{len(framework.controls)} controls named by rules, {standing} with an open finding."
    heading = ("Control", "Rules", "Open", "Overdue", "Exempted", "Resolved", "Findings")
    return element(
        "section",
        element("h2", framework.title),
        element("p", lead),
        table(heading, rows, "control"),
        element("p", _NOTE, class_="mute"),
        id=section_anchor(number),
    )


def rules_section(rules: Mapping[str, Rule], tally: Tally) -> Html:
    """Return the findings of rules that no framework names."""
    unnamed = [one for one in sorted(tally.titles) if not _is_framed(one, rules)]
    rows = ((code(one), tally.titles[one], *_numbers((one,), tally)) for one in unnamed)
    heading = ("Rule", "What it wants", "Open", "Overdue", "Exempted", "Resolved", "Findings")
    content = table(heading, rows) or element("p", "There are none.", class_="mute")
    heading_two = element("h2", "Findings of other rules", class_="same-page")
    return element("section", heading_two, content, id="other-rules")


def section_anchor(number: int) -> str:
    """Return where on the page a framework is; its key may hold anything."""
    return f"framework-{number}"


def _states(record: Mapping[str, Any]) -> Iterator[str]:
    yield "all"
    if record["status"] != "OPEN":
        yield "resolved"
    elif record["exemption"]:
        yield "exempt"
    else:
        yield "open"
    if record["overdue"]:
        yield "overdue"


def _control(name: str, rules: tuple[Rule, ...], tally: Tally) -> tuple[str, ...]:
    ids = tuple(rule.id for rule in rules)
    named = joined(part for rule in rules for part in (_named(rule), element("br")))
    return name, named, *_numbers(ids, tally)


def _named(rule: Rule) -> Html:
    watches = " watches changes" if rule.kind is RuleKind.CHANGE else None
    return joined((code(rule.id), watches and element("span", watches, class_="mute")))


def _numbers(ids: tuple[str, ...], tally: Tally) -> Iterator[str]:
    for state in _COUNTED:
        count = tally.of_rules(ids, state)
        yield element("span", str(count), class_="number") if count else _none()
    links = tally.links(ids)
    rest = tally.of_rules(ids, "all") - len(links)
    parts = [part for link in links for part in (_link(link), element("br"))]
    yield joined((*parts, f"and {rest} more" if rest else None)) if links else _none()


def _link(link: Link) -> Html:
    return element("a", link.resource_id, href=f"#{anchor(link.finding_id)}")


def _none() -> Html:
    return element("span", "–", class_="mute")


def _fails(rules: Iterable[Rule], tally: Tally) -> bool:
    ids = [rule.id for rule in rules]
    return tally.of_rules(ids, "open") + tally.of_rules(ids, "exempt") > 0


def _is_framed(rule_id: str, rules: Mapping[str, Rule]) -> bool:
    return rule_id in rules and bool(rules[rule_id].frameworks)


def _tile(count: int, name: str) -> Html:
    return element("div", element("b", f"{count:,}"), element("span", name), class_="tile")


def _worst_first(severities: Counter[str]) -> list[tuple[str, int]]:
    return [(one.value, severities[one.value]) for one in reversed(Severity) if severities[one]]


def _bar(severities: Counter[str]) -> Html:
    """Return the shares of the severities as a bar; attributes, because styles are forbidden."""
    total, left, parts = severities.total(), 0, []
    for name, count in _worst_first(severities):
        width = count * _WIDTH // total
        parts.append(_part(left, width, name))
        left += width
    box = f"0 0 {left} 10"
    return element("svg", *parts, viewBox=box, preserveAspectRatio="none", aria_hidden="true")


def _part(left: int, width: int, name: str) -> Html:
    return element("rect", x=str(left), y="0", width=str(width), height="10", class_=name)


def _legend(severities: Counter[str]) -> Iterator[Html]:
    for name, count in _worst_first(severities):
        yield element("span", f"{name} {count:,}", class_=f"badge {name}")
