"""The composition root of measuring: how the account stands now, kept for the curve of it."""

import functools

from chalicelib.aws import Clients, SystemClock
from chalicelib.findings.exemptions import exemption_for
from chalicelib.findings.posture import WINDOW, Posture, posture_of
from chalicelib.findings.postures import DynamoPostures
from chalicelib.findings.register import DynamoRegister
from chalicelib.findings.store import DynamoStore
from chalicelib.settings import Settings


def prepare() -> None:
    """Build what every invocation needs."""
    _clients(Settings.from_env()).client("dynamodb")


def measure() -> Posture:
    """Count how the account stands, remember it and return it."""
    settings, now = Settings.from_env(), SystemClock().now()
    dynamodb = _clients(settings).client("dynamodb")
    store = DynamoStore(
        dynamodb, settings.findings_table, settings.history_table, settings.ledger_table
    )
    register = DynamoRegister(dynamodb, settings.work_table, settings.history_table)
    exemptions = register.approved()
    posture = posture_of(
        store.open_findings(settings.account_id),
        store.resolved_findings(settings.account_id, since=now - WINDOW),
        now,
        lambda finding, at: exemption_for(finding, exemptions, at) is not None,
    )
    DynamoPostures(dynamodb, settings.work_table).keep(settings.account_id, posture)
    return posture


@functools.cache
def _clients(settings: Settings) -> Clients:
    return Clients(endpoint_url=settings.endpoint_url)
