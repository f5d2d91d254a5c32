"""Lambda `sign`: the hourly schedule that signs the newest manifest with the key in KMS."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, sealing

bp = Blueprint(__name__)
logger = Logger(service="vigil-sign")
loading.finish(sealing.prepare)


@bp.lambda_function(name="sign")
@logger.inject_lambda_context(clear_state=True)
def sign(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Sign what was sealed since the last time; nothing where nothing was."""
    manifest = sealing.sign()
    logger.info("signed", extra={"manifest": manifest})
    return {"manifest": manifest}
