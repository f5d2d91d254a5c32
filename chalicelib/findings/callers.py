"""Who called, as an identity: from what API Gateway and Slack prove, and from nothing else.

The ARN of a session does not hold its role's path: that a role is one of Identity Center's is told
by its name alone, so whoever may create roles could imitate one.
"""

import re

from chalicelib.errors import InvalidRequestError
from chalicelib.facts.legible import legible
from chalicelib.model import Identity, IdentityKind

#: Kinds of which one identity is one human's, so that it can belong to a person.
PERSONAL_KINDS = frozenset(
    {IdentityKind.IAM_USER, IdentityKind.IDENTITY_CENTER, IdentityKind.SLACK}
)
ARN_LIMIT_CHARS = 2_048
NAME_LIMIT_CHARS = 100

_USER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:user/(?:[!-~]*/)?([\w+=,.@-]{1,64})", re.ASCII)
_ROOT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root", re.ASCII)
_ROLE = re.compile(
    r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/([\w+=,.@-]{1,64})/([\w+=,.@-]{2,64})", re.ASCII
)
_FEDERATED = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:federated-user/([\w+=,.@-]{2,32})", re.ASCII)
#: Permission set and 16 digits: what Identity Center calls the roles that it makes.
_IDENTITY_CENTER_ROLE = re.compile(r"AWSReservedSSO_[\w+=,.@-]{1,32}_[0-9a-f]{16}", re.ASCII)
_UNIQUE_ID = re.compile(r"[A-Za-z0-9]{16,128}")
_SESSION_ID = re.compile(r"[A-Za-z0-9]{12,128}:[\w+=,.@-]{2,64}", re.ASCII)
_SLACK_TEAM = re.compile(r"[TE][A-Z0-9]{2,20}")
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
#: What a person's identities look like, by kind.
_KEYS = {
    IdentityKind.IAM_USER: _UNIQUE_ID,
    IdentityKind.IDENTITY_CENTER: re.compile(r"[\w+=,.@-]{2,64}", re.ASCII),
    IdentityKind.SLACK: re.compile(rf"{_SLACK_TEAM.pattern}/{_SLACK_USER.pattern}"),
}


def identity_from(user_arn: str, user_id: str) -> Identity:
    """Return the identity of a caller of AWS.

    Args:
        user_arn: ``requestContext.identity.userArn`` of API Gateway.
        user_id: ``requestContext.identity.user``: ``AIDA…``, ``AROA…:session``, or an account.

    Raises:
        InvalidRequestError: It is no caller that AWS would name so.
    """
    if len(user_arn) <= ARN_LIMIT_CHARS:
        if user := _USER.fullmatch(user_arn):
            return _identity(IdentityKind.IAM_USER, _UNIQUE_ID, user_id, user[1], user_arn)
        if root := _ROOT.fullmatch(user_arn):
            return Identity(kind=IdentityKind.ROOT, id=root[1], name="root", arn=user_arn)
        if role := _ROLE.fullmatch(user_arn):
            return _of_role(role[1], role[2], user_id, user_arn)
        if session := _FEDERATED.fullmatch(user_arn):
            name = f"federated-user/{session[1]}"
            return _identity(IdentityKind.ROLE_SESSION, _SESSION_ID, user_id, name, user_arn)
    raise InvalidRequestError("the caller is no IAM user, role session or root user")


def slack_identity(team_id: str, user_id: str, name: str = "") -> Identity:
    """Return the identity of somebody in Slack; both ids as Slack signed them.

    Raises:
        InvalidRequestError: They are none of Slack's.
    """
    if not (_SLACK_TEAM.fullmatch(team_id) and _SLACK_USER.fullmatch(user_id)):
        raise InvalidRequestError("expected ids of a Slack team and user")
    slack_id = f"{team_id}/{user_id}"
    shown = legible(name[:NAME_LIMIT_CHARS]) or slack_id
    return Identity(kind=IdentityKind.SLACK, id=slack_id, name=shown)


def checked_key(key: str) -> str:
    """Return the key of an identity that can belong to a person.

    Raises:
        InvalidRequestError: It is malformed, or of a kind that can belong to nobody.
    """
    kind, _, name = key.partition(":")
    if kind in {IdentityKind.ROLE_SESSION.value, IdentityKind.ROOT.value}:
        raise InvalidRequestError(f"a {kind} can be anybody's and belongs to no person")
    if kind not in {one.value for one in PERSONAL_KINDS}:
        known = ", ".join(sorted(one.value for one in PERSONAL_KINDS))
        raise InvalidRequestError(f"expected an identity as KIND:ID, KIND one of {known}")
    if not _KEYS[IdentityKind(kind)].fullmatch(name):
        raise InvalidRequestError(f"the id of an {kind} does not look like that")
    return key


def _of_role(role: str, session: str, user_id: str, arn: str) -> Identity:
    if not (_SESSION_ID.fullmatch(user_id) and user_id.endswith(f":{session}")):
        raise InvalidRequestError("the caller's id does not fit its session")
    if _IDENTITY_CENTER_ROLE.fullmatch(role):
        return Identity(kind=IdentityKind.IDENTITY_CENTER, id=session, name=session, arn=arn)
    name = f"{role}/{session}"
    return Identity(kind=IdentityKind.ROLE_SESSION, id=user_id, name=name, arn=arn)


def _identity(
    kind: IdentityKind, pattern: re.Pattern[str], user_id: str, name: str, arn: str
) -> Identity:
    if not pattern.fullmatch(user_id):
        raise InvalidRequestError(f"the caller's id is not that of an {kind.value}")
    return Identity(kind=kind, id=user_id, name=name, arn=arn)
