"""Which findings a scope is about: exact names, and ``*`` and ``?`` where wildcards are allowed."""

import fnmatch
import re
from functools import lru_cache

from chalicelib.errors import InvalidRequestError
from chalicelib.findings.wording import checked_text
from chalicelib.model import Finding, Scope
from chalicelib.model.finding import TAGS_LIMIT

ANY = "*"
#: Vigil's findings about itself: only who names such a rule exempts from it.
OWN_RULES = "vigil-"
RESOURCE_LIMIT_CHARS = 1_024
TAG_KEY_LIMIT_CHARS, TAG_VALUE_LIMIT_CHARS = 128, 256
#: Compiled patterns that are kept; a scope has three.
_PATTERNS_KEPT = 1_024
_RULE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_ACCOUNT = re.compile(r"[0-9*?]{1,12}")
_REGION = re.compile(r"[a-z0-9*?-]{1,40}")
_TYPE = re.compile(r"[A-Za-z0-9]+(::[A-Za-z0-9]+){1,3}")


def covers_place(scope: Scope, finding: Finding) -> bool:
    """Tell whether everything but the tags matches."""
    subject, ref = finding.subject, finding.subject.ref
    return (
        _rule_matches(scope.rule_id, finding.rule_id)
        and (scope.resource_type in (None, ref.type))
        and globbed(scope.account, ref.account_id)
        and globbed(scope.region, ref.region)
        and (
            globbed(scope.resource, ref.id)
            or (subject.arn is not None and globbed(scope.resource, subject.arn))
        )
    )


def tags_match(scope: Scope, finding: Finding) -> bool:
    """Tell whether the resource bears every tag of the scope."""
    return all(finding.subject.tags.get(key) == value for key, value in scope.tags.items())


def globbed(pattern: str, text: str) -> bool:
    """Tell whether a whole text matches; ``*`` and ``?`` are the only wildcards."""
    return pattern == ANY or _compiled(pattern).fullmatch(text) is not None


def checked_scope(scope: Scope) -> Scope:
    """Return a scope that names a rule or a resource.

    Raises:
        InvalidRequestError: It is malformed, or so wide that it is no exception.
    """
    _check(_RULE, scope.rule_id, "the id of a rule, or *", free=ANY)
    _check(_ACCOUNT, scope.account, "an account id; * and ? are wildcards")
    _check(_REGION, scope.region, "a Region; * and ? are wildcards")
    if scope.resource_type is not None:
        _check(_TYPE, scope.resource_type, "a resource type such as AWS::S3::Bucket")
    checked_text(scope.resource, "a resource's id or ARN", 1, RESOURCE_LIMIT_CHARS)
    if len(scope.tags) > TAGS_LIMIT:
        raise InvalidRequestError(f"expected at most {TAGS_LIMIT} tags")
    for key, value in scope.tags.items():
        checked_text(key, "a tag's key", 1, TAG_KEY_LIMIT_CHARS)
        checked_text(value, "a tag's value", 0, TAG_VALUE_LIMIT_CHARS)
    if scope.rule_id == ANY and not {"*", "?"}.isdisjoint(scope.resource):
        raise InvalidRequestError("name one rule, or one resource without wildcards")
    return scope


def _rule_matches(wanted: str, rule_id: str) -> bool:
    if wanted == ANY:
        return not rule_id.startswith(OWN_RULES)
    return wanted == rule_id


def _check(pattern: re.Pattern[str], text: str, expected: str, *, free: str | None = None) -> None:
    if text != free and not pattern.fullmatch(text):
        raise InvalidRequestError(f"expected {expected}")


@lru_cache(maxsize=_PATTERNS_KEPT)
def _compiled(pattern: str) -> re.Pattern[str]:
    # fnmatch writes each * as an atomic group: no pattern makes it go back and try again.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
