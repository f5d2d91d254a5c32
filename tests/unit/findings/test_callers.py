"""Whom a call came from: what AWS and Slack prove, and nothing for whoever they do not name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidRequestError
from chalicelib.findings.callers import checked_key, identity_from, slack_identity
from chalicelib.model import IdentityKind

ACCOUNT = "111122223333"
USER_ID, ROLE_ID = "AIDAEXAMPLEEXAMPLE01", "AROAEXAMPLEEXAMPLE01"
STS = f"arn:aws:sts::{ACCOUNT}:assumed-role"
SSO = "AWSReservedSSO_Admins_0123456789abcdef"


@pytest.mark.parametrize(
    ("arn", "user_id", "key"),
    [
        pytest.param(f"arn:aws:iam::{ACCOUNT}:user/ana", USER_ID, f"iam-user:{USER_ID}", id="user"),
        pytest.param(
            f"arn:aws:iam::{ACCOUNT}:user/ops/eu/ana", USER_ID, f"iam-user:{USER_ID}", id="path"
        ),
        pytest.param(
            f"arn:aws-cn:iam::{ACCOUNT}:user/ana", USER_ID, f"iam-user:{USER_ID}", id="China"
        ),
        pytest.param(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, f"root:{ACCOUNT}", id="root"),
        pytest.param(
            f"{STS}/Deployer/b-17", f"{ROLE_ID}:b-17", f"role-session:{ROLE_ID}:b-17", id="session"
        ),
        pytest.param(
            f"{STS}/{SSO}/ana@example.com",
            f"{ROLE_ID}:ana@example.com",
            "identity-center:ana@example.com",
            id="identity center",
        ),
        pytest.param(
            f"{STS}/AWSReservedSSO_mine/ana",
            f"{ROLE_ID}:ana",
            f"role-session:{ROLE_ID}:ana",
            id="looks like identity center",
        ),
        pytest.param(
            f"arn:aws:sts::{ACCOUNT}:federated-user/ana",
            f"{ACCOUNT}:ana",
            f"role-session:{ACCOUNT}:ana",
            id="federated",
        ),
    ],
)
def test_a_caller_is_who_aws_says(arn: str, user_id: str, key: str) -> None:
    assert identity_from(arn, user_id).key == key


@pytest.mark.parametrize(
    ("arn", "user_id"),
    [
        ("", ""),
        (f"{STS}/{SSO}/ana", f"{ROLE_ID}:ben"),
        (f"arn:aws:iam::{ACCOUNT}:user/ana", f"{ROLE_ID}:ana"),
        (f"arn:aws:iam::{ACCOUNT}:user/ana\n", USER_ID),
        (f"{STS}/{SSO}/ana/ben", f"{ROLE_ID}:ana/ben"),
        (f"arn:aws:iam::{ACCOUNT}:role/Deployer", ROLE_ID),
        (f"arn:evil:iam::{ACCOUNT}:user/ana", USER_ID),
        ("arn:aws:iam::١١١١٢٢٢٢٣٣٣٣:user/ana", USER_ID),
        (f"arn:aws:iam::{ACCOUNT}:user/{'a' * 100_000}", USER_ID),
    ],
)
def test_whom_aws_would_not_name_so_is_nobody(arn: str, user_id: str) -> None:
    with pytest.raises(InvalidRequestError):
        identity_from(arn, user_id)


@given(st.text(), st.text())
def test_no_text_makes_it_crash(arn: str, user_id: str) -> None:
    try:
        identity_from(arn, user_id)
    except InvalidRequestError:
        return


@given(st.from_regex(r"[A-Za-z0-9+=,.@_-]{2,64}", fullmatch=True))
def test_no_session_name_makes_a_role_of_ones_own_a_person(session: str) -> None:
    seen = identity_from(f"{STS}/Deployer/{session}", f"{ROLE_ID}:{session}")

    assert seen.kind is IdentityKind.ROLE_SESSION


def test_somebody_in_slack_is_the_team_and_the_user() -> None:
    assert slack_identity("T0TEAM", "U0MEG", "<!here>").key == "slack:T0TEAM/U0MEG"


@pytest.mark.parametrize(("team", "user"), [("", ""), ("T0/U1", "U0MEG"), ("T0TEAM", "meg")])
def test_what_slack_never_calls_anybody_is_nobody(team: str, user: str) -> None:
    with pytest.raises(InvalidRequestError):
        slack_identity(team, user)


@pytest.mark.parametrize(
    "key",
    [
        f"iam-user:{USER_ID}",
        "identity-center:ana@example.com",
        "slack:T0TEAM/U0MEG",
    ],
)
def test_what_is_one_humans_can_belong_to_a_person(key: str) -> None:
    assert checked_key(key) == key


@pytest.mark.parametrize(
    "key",
    [
        f"role-session:{ROLE_ID}:ana",
        f"root:{ACCOUNT}",
        "vigil:vigil",
        "iam-user:ana",
        "iam-user:",
        "slack:T0TEAM",
        "nonsense",
        "",
        "identity-center:a b",
        "slack:T0TEAM/U0MEG\n",
    ],
)
def test_nothing_else_can(key: str) -> None:
    with pytest.raises(InvalidRequestError):
        checked_key(key)
