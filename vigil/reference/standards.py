"""A page per framework: which controls the rules cover, which nobody can, which are open, and why.

A rule that judges what is there covers a control. A rule about changes only watches over it: it
tells when somebody breaks the control, not whether it was ever kept.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from chalicelib.export._frameworks import TITLES, in_order
from chalicelib.model import Rule, RuleKind
from vigil.reference import markdown
from vigil.reference.controls import Control, controls_of
from vigil.reference.markdown import code, link, plain, table

_UNSAFE = re.compile(r"[^a-z0-9.-]+")
COVERED, OPEN = "covered", "open"

_OWN_WORDS = """The titles are our own short words and replace no reading of the framework.
Numbers belong to this version alone: other versions number the same control otherwise."""
_EVIDENCE = """Only controls that a rule names are listed.
A control that rules name has evidence in their verdicts, never proof that it is met: most of it \
is about people and processes that no API shows."""
_NO_REASON = "No rule judges what is there yet."
_STATES = """*Covered*: at least one rule judges what is there. \
*Watched by*: rules that tell when a change breaks it."""

_TIERS = "Tiers are the order in which catalogued rules are built; severities are our own grades."


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """Where a framework's page is and what it is called."""

    key: str
    title: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a control stands.

    Attributes:
        judging: Ids of the rules that judge what is there.
        watching: Ids of the rules about changes.
    """

    control: Control
    judging: tuple[str, ...] = ()
    watching: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """``covered``, ``not automatable`` or ``open``."""
        return COVERED if self.judging else self.control.state or OPEN


def page_of(key: str) -> Framework:
    """Return where a framework is told of; a rule of one's own may name any."""
    if key in TITLES:
        return Framework(key=key, title=TITLES[key], file=f"{key}.md")
    name = _UNSAFE.sub("-", key.lower()).strip(".-")[:40]
    return Framework(key=key, title=key, file=f"{name}-{sha256(key.encode()).hexdigest()[:8]}.md")


def frameworks_of(rules: Iterable[Rule]) -> tuple[Framework, ...]:
    """Return every known framework, and those that only these rules name."""
    named = sorted({key for rule in rules for key in rule.frameworks} - TITLES.keys())
    return tuple(map(page_of, (*TITLES, *named)))


def standings(key: str, rules: Iterable[Rule]) -> tuple[Standing, ...]:
    """Return how every control of a framework stands, and those that only rules know."""
    by_number: dict[str, list[Rule]] = {}
    for rule in rules:
        for number in rule.frameworks.get(key, ()):
            by_number.setdefault(number, []).append(rule)
    known = {control.number: control for control in controls_of(key)}
    others = {number: Control(number=number, title="") for number in by_number.keys() - known}
    return tuple(
        _standing(control, by_number.get(control.number, ()))
        for _, control in sorted({**known, **others}.items(), key=lambda pair: in_order(pair[0]))
    )


def _standing(control: Control, rules: Iterable[Rule]) -> Standing:
    by_kind: dict[RuleKind, list[str]] = {kind: [] for kind in RuleKind}
    for rule in rules:
        by_kind[rule.kind].append(rule.id)
    return Standing(
        control=control,
        judging=tuple(sorted(by_kind[RuleKind.CONFIGURATION])),
        watching=tuple(sorted(by_kind[RuleKind.CHANGE])),
    )


def framework_page(framework: Framework, rules: Iterable[Rule]) -> str:
    """Return the page of a framework."""
    found = standings(framework.key, rules)
    is_whole = bool(controls_of(framework.key))
    body = _whole(found) if is_whole else _touched(found)
    lead = _OWN_WORDS if is_whole else _EVIDENCE
    return markdown.page(framework.title, lead, body)


def summary(key: str, rules: Iterable[Rule]) -> str:
    """Return how many controls of a framework are in which state, in one line."""
    found = standings(key, rules)
    return _counted(_inside(found)) if controls_of(key) else f"{len(found)} controls named by rules"


def _inside(found: Iterable[Standing]) -> list[Standing]:
    return [one for one in found if one.control.standard != "beyond"]


def _counted(found: list[Standing]) -> str:
    states = [one.state for one in found]
    counted = (f"{states.count(state)} {state}" for state in dict.fromkeys([COVERED, *states]))
    return f"{len(states)} controls: {', '.join(counted)}"


def _whole(found: tuple[Standing, ...]) -> Iterator[str]:
    own = _inside(found)
    yield from (f"{_counted(own)}.", _STATES, _TIERS, "")
    yield from _controls(own)
    if beyond := [one for one in found if one.control.standard == "beyond"]:
        yield from ("", "## Controls of Security Hub outside of this standard", "")
        yield from _controls(beyond)


def _controls(found: list[Standing]) -> Iterator[str]:
    is_graded = any(one.control.severity for one in found)
    grade = ("severity",) if is_graded else ()
    rows = (
        (
            plain(one.control.number),
            plain(one.control.title),
            *((one.control.severity,) if is_graded else ()),
            one.state,
            _links(one.judging),
            _links(one.watching),
            _remark(one),
        )
        for one in found
    )
    head = ("control", "wants", *grade, "state", "judged by", "watched by", "remark")
    yield from table(head, rows)


def _remark(standing: Standing) -> str:
    control = standing.control
    # These are our own texts, and hold code.
    return control.limits if standing.state == COVERED else control.reason or _NO_REASON


def _touched(found: tuple[Standing, ...]) -> Iterator[str]:
    rows = ((plain(one.control.number), _links(one.judging), _links(one.watching)) for one in found)
    yield from table(("control", "judged by", "watched by"), rows)


def _links(ids: Iterable[str]) -> str:
    return ", ".join(link(code(rule_id), f"../rules/{rule_id}.md") for rule_id in ids)
