"""What EC2's resources have in common: their ids and ARNs, whose they are, how one is asked for.

What a newcomer gets wrong: EC2 shows much that is not the account's own (shared subnets' network
ACLs, public images, snapshots of others), and an event can name any of it. Whatever another
account owns is that account's to judge.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model import ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._errors import code_of, member
from chalicelib.resources._payload import field

SOURCE = "ec2.amazonaws.com"
TAGS = "/properties/Tags"

#: Most values that a filter of EC2 takes.
FILTER_VALUES_LIMIT = 200

#: ``InvalidVpcID.NotFound``, ``InvalidSnapshot.NotFound``, ``InvalidAMIID.Unavailable``, …
_ABSENT = re.compile(r"Invalid[A-Za-z]{1,40}[.](NotFound|Malformed|Unavailable)", re.ASCII)

Found = Mapping[str, Any]


def client_of(aws: Any, ref: ResourceRef) -> Any:
    """Return the EC2 client of a resource's account and Region."""
    return aws.client("ec2", account_id=ref.account_id, region=ref.region)


def described(
    ask: Callable[..., Found], kind: str, account_id: str, **named_by_id: Any
) -> Found | None:
    """Ask for one resource by its id; None where there is none, or another account owns it.

    Args:
        ask: The describing method of a client.
        kind: Member of the answer that lists what was found.
        account_id: Who must own it.
        named_by_id: The parameter that names one id; and what else the call needs.
    """
    answer = answer_by_id(ask, **named_by_id)
    found = owned(member(answer, kind), account_id) if answer is not None else []
    return found[0] if found else None


def answer_by_id(ask: Callable[..., Found], **named_by_id: Any) -> Found | None:
    """Return the answer to a call that names one id; None where EC2 says there is no such thing.

    The call names nothing else, so every code of the family is about that id.
    """
    try:
        return ask(**named_by_id)
    except ClientError as error:
        if _ABSENT.fullmatch(code_of(error)):
            return None
        raise


def owned(found: Iterable[Found], account_id: str) -> list[Found]:
    """Return what the account owns, and what does not say whose it is."""
    return [one for one in found if not _is_anothers(one, account_id)]


def _is_anothers(one: Any, account_id: str) -> bool:
    owner = one.get("OwnerId") if isinstance(one, Mapping) else None
    return isinstance(owner, str) and owner != account_id


def named(prefix: str) -> Callable[[str, Record], str | None]:
    """Return an `identify` that takes the ids of one kind of resource (``vpc-…``)."""
    pattern = re.compile(rf"{prefix}-[0-9A-Za-z]{{1,40}}", re.ASCII)
    return lambda raw, _record: raw if pattern.fullmatch(raw) else None


def arn_of(kind: str, *, accountless: bool = False) -> Callable[[ResourceRef], str]:
    """Return an `arn` for one kind; those of images and snapshots carry no account."""

    def arn(ref: ResourceRef) -> str:
        account_id = "" if accountless else ref.account_id
        return f"arn:{ref.partition}:ec2:{ref.region}:{account_id}:{kind}/{ref.id}"

    return arn


def ref_of(account_id: str, region: str, type_name: str, resource_id: str) -> ResourceRef:
    """Return the reference of a listed resource."""
    return ResourceRef(account_id=account_id, region=region, type=type_name, id=resource_id)


def route(action: str, *ids: str, writes: Iterable[str] = (), **how: Any) -> Route:
    """Return a route of EC2."""
    return Route(source=SOURCE, actions=(action,), ids=ids, writes=tuple(writes), **how)


def tag_routes() -> tuple[Route, ...]:
    """Return the routes of tagging, which name resources of every kind."""
    resources = "requestParameters.resourcesSet.items[].resourceId"
    return tuple(
        route(action, resources, writes=(TAGS,)) for action in ("CreateTags", "DeleteTags")
    )


def at(value: Any, *names: str) -> Any:
    """Return what lies at the path of `names`, each in any case; None where nothing does."""
    for name in names:
        value = field(value, name)
    return value
