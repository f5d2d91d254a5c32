"""Secrets by reference: the environment names them, Secrets Manager or Parameter Store keep them.

A value read here goes to the client that needs it and nowhere else; no message or error holds it.
"""

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import Clients
from chalicelib.errors import DeliveryError, SettingsError


def read_secret(clients: Clients, reference: str | None) -> str:
    """Return the secret behind ``secretsmanager:NAME`` or ``ssm:/NAME``.

    Raises:
        DeliveryError: It cannot be read for now; somebody can grant it or put it there.
        SettingsError: The reference is none.
    """
    kind, _, name = (reference or "").partition(":")
    if kind not in _READERS or not name:
        raise SettingsError("VIGIL_SLACK_SECRET must be secretsmanager:NAME or ssm:/NAME")
    try:
        return _READERS[kind](clients, name).strip()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise DeliveryError(f"the secret {reference} cannot be read: {code}") from error
    except BotoCoreError as error:
        raise DeliveryError(f"the secret {reference}: {type(error).__name__}") from error


def _from_secrets_manager(clients: Clients, name: str) -> str:
    client = clients.client("secretsmanager")
    return str(client.get_secret_value(SecretId=name)["SecretString"])


def _from_parameter_store(clients: Clients, name: str) -> str:
    answer = clients.client("ssm").get_parameter(Name=name, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


_READERS = {"secretsmanager": _from_secrets_manager, "ssm": _from_parameter_store}
