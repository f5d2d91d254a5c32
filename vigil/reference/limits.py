"""What a rule cannot see, as far as its declaration tells; its author's own words come first."""

from collections.abc import Callable, Iterable, Iterator

from chalicelib.model import Rule, RuleKind, Severity
from vigil.reference.markdown import code, codes, paragraph
from vigil.reference.needs import Event, Needs, name_of
from vigil.rulefiles import RuleFile

#: Whose events exist in us-east-1 only, whichever Region somebody works in.
ONE_REGION = frozenset(
    f"{service}.amazonaws.com"
    for service in ("account", "cloudfront", "iam", "organizations", "signin")
)


def limits_of(file: RuleFile, needs: Needs) -> Iterator[str]:
    """Yield the lines of a Markdown list."""
    if note := note_of(file):
        yield f"- {paragraph(note)}"
    judging = _CONFIGURATION if file.rule.kind is RuleKind.CONFIGURATION else _CHANGE
    for limit in judging:
        for line in limit(file.rule, needs):
            yield f"- {line}"


def note_of(file: RuleFile) -> str:
    """Return what the author says at the head of the file, or nothing."""
    lines = []
    for line in file.path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def _denied(_rule: Rule, needs: Needs) -> Iterator[str]:
    if needs.facets:
        yield "What a denied or failing call leaves open is INSUFFICIENT_DATA, never compliant."


def _unheard(_rule: Rule, needs: Needs) -> Iterator[str]:
    if not needs.decisive:
        yield "No event tells of a change: only the daily sweep and `vigil scan` see it."
    if needs.unheard:
        calls = codes(sorted(map(name_of, needs.unheard)))
        yield f"Understood in replays and not delivered, being too many: {calls}."


def _far_away(_rule: Rule, needs: Needs) -> Iterator[str]:
    yield from _forwarded(needs.decisive)


def _ages(rule: Rule, _needs: Needs) -> Iterator[str]:
    if rule.time_bounds:
        yield "Time alone changes the verdict: it is judged again when that happens."


def _only_done(rule: Rule, _needs: Needs) -> Iterator[str]:
    if not rule.errors and "/outcome" not in rule.pointers:
        yield "Calls that failed changed nothing and are not looked at."


def _told_elsewhere(rule: Rule, _needs: Needs) -> Iterator[str]:
    if rule.explained_by:
        yield f"Not told where a finding from the same change tells it: {codes(rule.explained_by)}."


def _quiet(rule: Rule, _needs: Needs) -> Iterator[str]:
    if rule.severity is Severity.INFORMATIONAL:
        yield "Kept and published to the topic; nothing is posted to Slack."


def _how_often(rule: Rule, _needs: Needs) -> Iterator[str]:
    if rule.rate:
        many = f"{rule.rate.count} records of one actor within {rule.rate.minutes} minutes"
        yield (
            f"Objects to {many}, once in {rule.rate.STRETCH} times as long; a burst across the "
            "border of two such stretches is counted in each of them alone."
        )


def _from_afar(rule: Rule, _needs: Needs) -> Iterator[str]:
    yield from _forwarded(rule.matches)


def _forwarded(events: Iterable[Event]) -> Iterator[str]:
    if there := codes(sorted({source for source, _ in events} & ONE_REGION)):
        here = code("us-east-1")
        elsewhere = "where Vigil runs elsewhere, the forwarder stack brings them"
        yield f"Events of {there} exist in {here} only: {elsewhere}."


Limit = Callable[[Rule, Needs], Iterator[str]]
_CONFIGURATION: tuple[Limit, ...] = (_denied, _unheard, _far_away, _ages)
_CHANGE: tuple[Limit, ...] = (_only_done, _how_often, _told_elsewhere, _quiet, _from_afar)
