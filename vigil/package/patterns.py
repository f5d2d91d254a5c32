"""EventBridge patterns that deliver exactly the calls which somebody judges, and nothing else.

A flat ``{eventSource: […], eventName: […]}`` is a cross product (s3:CreateUser); ``$or`` with one
branch per source is exact. EventBridge takes 2,048 characters a pattern, so branches are packed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.ingest.envelope import DETAIL_TYPES
from chalicelib.ingest.routing import patterns as delivered
from chalicelib.model import ResourceType, Rule, RuleKind
from chalicelib.model.notice import TOLD_KINDS

Pattern = dict[str, Any]

#: What of the history's stream is announced; the other kinds of entries call nobody.
TOLD_ENTRIES: Pattern = {
    "eventName": ["INSERT"],
    "dynamodb": {"NewImage": {"kind": {"S": sorted(kind.value for kind in TOLD_KINDS)}}},
}

#: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
LIMIT_CHARS = 2_048
ANY = "*"
CHANGES_ONLY = "ENABLED"
#: Who looks around where he may not is refused reads above all.
EVEN_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

#: The only sources whose events carry dates: lambda's CreateFunction20150331, cloudfront's too.
DATED_SOURCES = frozenset({"lambda.amazonaws.com", "cloudfront.amazonaws.com"})


def event_patterns(types: Iterable[ResourceType], rulebook: Rulebook) -> tuple[Pattern, ...]:
    """Return the patterns of the changes queue: a few, each within EventBridge's limit."""
    pairs = delivered(types, rulebook.matches)
    named = [pair for pair in pairs if ANY not in pair]
    packed = _packed(list(_branches(named)))
    return (*packed, *_wildcards(rulebook.by_id.values()))


def state_of(pattern: Mapping[str, Any]) -> str:
    """Return the state a rule needs: calls that only read reach no rule unless it says so.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    return EVEN_READS if "errorCode" in pattern.get("detail", {}) else CHANGES_ONLY


def _branches(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[Any]]]:
    """Yield (source, one name) in order; `_packed` joins neighbours of one source."""
    for source, action in pairs:
        yield source, [action]
        if source in DATED_SOURCES:
            yield source, [{"prefix": f"{action}20"}]


def _packed(branches: list[tuple[str, list[Any]]]) -> list[Pattern]:
    patterns: list[Pattern] = []
    current: dict[str, list[Any]] = {}
    for source, names in branches:
        grown = {**current, source: [*current.get(source, []), *names]}
        if current and len(json.dumps(_pattern(grown))) > LIMIT_CHARS:
            patterns.append(_pattern(current))
            grown = {source: list(names)}
        current = grown
    return [*patterns, _pattern(current)] if current else patterns


def _pattern(names_by_source: dict[str, list[Any]]) -> Pattern:
    branches = [
        {"eventSource": [source], "eventName": names} for source, names in names_by_source.items()
    ]
    return _framed({"$or": branches} if len(branches) > 1 else branches[0])


def _wildcards(rules: Iterable[Rule]) -> Iterator[Pattern]:
    """Yield a pattern per rule that names no event: actors' types or error codes narrow it."""
    for rule in rules:
        detail: Pattern = {}
        if rule.actor_types:
            detail["userIdentity"] = {"type": list(rule.actor_types)}
        if rule.errors:
            detail["errorCode"] = [_alternative(code) for code in rule.errors]
        if rule.kind is RuleKind.CHANGE and (ANY, ANY) in rule.matches and detail:
            yield _framed(detail)


def _alternative(code: str) -> str | Pattern:
    if code.endswith(ANY):
        return {"prefix": code.removesuffix(ANY)}
    return {"suffix": code.removeprefix(ANY)} if code.startswith(ANY) else code


def _framed(detail: Pattern) -> Pattern:
    # Customers cannot put events with an aws. source on a bus: EventBridge refuses them.
    return {
        "source": [{"prefix": "aws."}],
        "detail-type": sorted(DETAIL_TYPES),
        "detail": detail,
    }
