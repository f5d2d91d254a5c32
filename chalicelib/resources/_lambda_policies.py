"""Reads the policies of a function: its own, and that of each alias and version.

``GetPolicy`` without a qualifier says nothing of the others, and Lambda answers "not found" for a
function that has no policy as for one that does not exist: only `GetFunctionConfiguration` tells.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.facts.policy import PolicyError
from chalicelib.model import FacetReading, Gap, GapReason, ResourceRef
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._errors import member
from chalicelib.resources._lambda_events import LATEST, PERMISSIONS, permissions_of, statements_of
from chalicelib.resources._plain import plain

GONE = "ResourceNotFoundException"

#: Lambda answers 15 GetPolicy calls a second; more qualifiers than this make a look too long.
QUALIFIER_LIMIT = 100


def client_for(aws: Any, ref: ResourceRef) -> Any:
    """Return a Lambda client for the account and Region of a function."""
    return aws.client("lambda", account_id=ref.account_id, region=ref.region)


def statements_for(client: Any, function: str, qualifier: str) -> list[dict[str, Any]]:
    """Read the statements of one policy; none where there is no policy.

    Raises:
        PolicyError: It is no policy.
    """
    given = {} if qualifier == LATEST else {"Qualifier": qualifier}
    answer = answer_or_none(client.get_policy, GONE, FunctionName=function, **given)
    return [] if answer is None else statements_of(plain(member(answer, "Policy")))


def read_permissions(aws: Any, ref: ResourceRef) -> FacetReading:
    """Read every policy of a function; one that cannot be read leaves the others known."""
    client = client_for(aws, ref)
    qualifiers = [LATEST, *_aliases(client, ref.id), *_versions(client, ref.id)]
    rows: list[dict[str, Any]] = []
    errors = ["TooManyQualifiers"] if len(qualifiers) > QUALIFIER_LIMIT else []
    for qualifier in qualifiers[:QUALIFIER_LIMIT]:
        try:
            statements = statements_for(client, ref.id, qualifier)
        except PolicyError as error:
            errors.append(type(error).__name__)
        else:
            rows += permissions_of(qualifier, statements)
    return FacetReading(observed={"Permissions": rows}, gaps=tuple(map(_gap, errors[:1])))


def _aliases(client: Any, function: str) -> Iterator[str]:
    for page in client.get_paginator("list_aliases").paginate(FunctionName=function):
        yield from (member(alias, "Name") for alias in member(page, "Aliases"))


def _versions(client: Any, function: str) -> list[str]:
    """Return the published versions, newest first: old ones are the ones to do without."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    found = [member(each, "Version") for page in pages for each in member(page, "Versions")]
    return [version for version in reversed(found) if version != LATEST]


def _gap(error: str) -> Gap:
    reason = GapReason.MALFORMED if error == PolicyError.__name__ else GapReason.UNSUPPORTED
    return Gap(pointer=PERMISSIONS, reason=reason, call="lambda:GetPolicy", error=error)
