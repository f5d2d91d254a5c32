"""Which S3 actions on which scope of a bucket a caller gets from a policy.

``GetObject`` on the bucket's ARN grants nothing, nor does ``ListBucket`` on its objects: an action
counts only where the statement's resource can be what that action is performed on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chalicelib.facts._callers import Caller
from chalicelib.facts._globs import covers, meets
from chalicelib.facts._s3_actions import Scope, named_by
from chalicelib.facts._statements import Denials, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket, as the resources of its policy name it."""

    name: str
    partition: str = "aws"

    @property
    def scopes(self) -> Mapping[Scope, str]:
        """Scope → the pattern of all resources in it."""
        arn = f"arn:{self.partition}:s3:::{self.name}"
        return {Scope.BUCKET: arn, Scope.OBJECTS: f"{arn}/*"}


def granted(statement: Statement, bucket: Bucket) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each action (lower case) of an Allow with the resources of `bucket` it is for."""
    for scope, whole in bucket.scopes.items():
        places = _places(statement, whole)
        if places:
            for action in named_by(statement.actions, scope):
                yield action, places


def reached(
    grants: tuple[tuple[str, tuple[str, ...]], ...],
    statement: Statement,
    caller: Caller,
    denials: Denials,
) -> tuple[str, ...]:
    """Return the actions (lower case) of `grants` that `caller` really gets."""
    if not statement.reached_by(caller):
        return ()
    return tuple(
        dict.fromkeys(
            action
            for action, places in grants
            if any(not denials.on(action, place) for place in places)
        )
    )


def _places(statement: Statement, whole: str) -> tuple[str, ...]:
    """Return what of `whole` a statement's resources can be, as patterns."""
    if statement.resources.negated:
        return (whole,) if statement.resources.meet(whole) else ()
    touching = (pattern for pattern in statement.located if meets(pattern, whole))
    return tuple(dict.fromkeys(whole if covers(p, whole) else p for p in touching))
