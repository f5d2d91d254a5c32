"""Lambda `slack`: the Slack queue; notices from the topic, and digests of bursts."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, telling
from chalicelib.errors import DeliveryError
from chalicelib.functions._batch import Event, each

bp = Blueprint(__name__)
logger = Logger(service="vigil-slack")
loading.finish(telling.prepare)


@bp.lambda_function(name="slack")
@logger.inject_lambda_context(clear_state=True)
def slack(event: Event, context: Any) -> Event:
    """Post a batch of notices; refused ones come back when Slack says so."""
    return each(event, context, _post)


def _post(record: Event) -> None:
    try:
        outcome = telling.post_to_slack(record["body"])
    except DeliveryError as error:
        telling.come_back_later(record, error)
        # Slack may refuse for days; the first refusal says all that the thousandth would.
        log = logger.warning if telling.receives_of(record) == 1 else logger.debug
        log("not delivered", extra={"id": record["messageId"], "error": str(error)})
        raise
    logger.info("delivered", extra={"id": record["messageId"], "outcome": outcome})
