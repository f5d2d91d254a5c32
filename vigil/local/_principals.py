"""People and roles for the embedded AWS, as environments that the AWS CLI and boto3 read.

Made-up keys work too, but they are the account's root user, and root's rules fire.
"""

import functools
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

HOME_REGION = "us-east-1"
_ADMINISTRATOR = ("*",)
_AUDITOR = (
    "cloudtrail:Get*",
    "cloudtrail:List*",
    "ec2:Describe*",
    "iam:Get*",
    "iam:List*",
    "s3:Get*",
)
_ROOT_KEY = "VIGILLOCALSETUP"
#: The person's profile and files are theirs: not read, and not in the way when they are broken.
_NOBODYS_SETTINGS: dict[str, Any] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def client_for(url: str, service: str, *, region: str = HOME_REGION) -> Any:
    """Return a client of the embedded AWS that acts as the account's root user."""
    config = Config(
        # dynoxide's shard ids are shorter than botocore's model allows.
        parameter_validation=service != "dynamodbstreams",
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 2},
        proxies={},
    )
    return _session().client(service, region_name=region, endpoint_url=url, config=config)


def client_as(environment: Mapping[str, str], service: str) -> Any:
    """Return a client of the embedded AWS that acts as somebody else than root.

    Args:
        environment: Theirs, as `user_environment` returns it.
        service: botocore's name of it.
    """
    return _session().client(
        service,
        region_name=HOME_REGION,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        config=Config(proxies={}, connect_timeout=2, read_timeout=10),
    )


def session_as(environment: Mapping[str, str]) -> boto3.session.Session:
    """Return a session that acts as somebody, whatever the person's own settings say.

    Args:
        environment: Theirs, as `user_environment` returns it.
    """
    return boto3.session.Session(
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        environment.get("AWS_SESSION_TOKEN"),
        region_name=HOME_REGION,
        botocore_session=botocore.session.Session(session_vars=_NOBODYS_SETTINGS),
    )


@functools.cache
def _session() -> boto3.session.Session:
    # One for all clients, whoever they act as: it reads each service's model once.
    core = botocore.session.Session(session_vars=_NOBODYS_SETTINGS)
    return boto3.session.Session(_ROOT_KEY, _ROOT_KEY, botocore_session=core)


def user_environment(url: str, name: str) -> dict[str, str]:
    """Create an administrator and return what to export to act as them."""
    iam = client_for(url, "iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=_allowing(_ADMINISTRATOR))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return _environment(url, key["AccessKeyId"], key["SecretAccessKey"], "")


def role_environment(url: str, name: str, account_id: str) -> dict[str, str]:
    """Create a role that may read, assume it, and return what to export to act as it."""
    iam = client_for(url, "iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=_allowing(_AUDITOR))
    session = client_for(url, "sts").assume_role(
        RoleArn=f"arn:aws:iam::{account_id}:role/{name}", RoleSessionName=name
    )["Credentials"]
    return _environment(
        url, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
    )


def exports(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the shell lines that make a shell act in this environment."""
    assigned = " ".join(f"{name}={value}" for name, value in environment.items() if "KEY" in name)
    places = " ".join(f"{name}={value}" for name, value in environment.items() if "KEY" not in name)
    return (
        # A session or profile of the person's own would go along with the keys.
        "unset AWS_SESSION_TOKEN AWS_PROFILE",
        f"export {places}",
        f"export {assigned}",
    )


def _allowing(actions: tuple[str, ...]) -> str:
    # moto enforces none of this; it is there so that the principals look like real ones.
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _environment(url: str, key: str, secret: str, token: str) -> dict[str, str]:
    session = {"AWS_SESSION_TOKEN": token} if token else {}
    return session | {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": HOME_REGION,
        "AWS_DEFAULT_REGION": HOME_REGION,
    }


@contextmanager
def applied(environ: dict[str, str] | Any, settings: Mapping[str, str | None]) -> Iterator[None]:
    """Change an environment for the length of a `with` block; None removes a variable."""
    before = {name: environ.get(name) for name in settings}
    _assign(environ, settings)
    try:
        yield
    finally:
        _assign(environ, before)


def _assign(environ: Any, settings: Mapping[str, str | None]) -> None:
    for name, value in settings.items():
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value
