"""Does a distribution keep standard access logs, of the older kind or the newer.

One kind is enough. What is missing has no place of its own, so that a shortfall points at both
places where logs could have been.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import ConfigurationItem

LOGGING = "/properties/DistributionConfig/Logging"
DELIVERIES = "/observed/LogDeliveries"

#: JSON Schema of `log_shortfalls`: at most one row.
LOG_SHORTFALLS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Missing": {"enum": ["access-logs"]},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["Missing", "Because"],
        "additionalProperties": False,
    },
}


def log_shortfalls(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Return the logs that a distribution certainly lacks (`LOG_SHORTFALLS_SCHEMA`)."""
    config, deliveries = item.properties["DistributionConfig"], item.observed["LogDeliveries"]
    lacks_both = config is not None and config["Logging"] is None and deliveries == []
    return [{"Missing": "access-logs", "Because": [LOGGING, DELIVERIES]}] if lacks_both else []


def logs_are_settled(item: ConfigurationItem) -> bool:
    """Tell whether logs of one kind are there, whatever could not be read of the other."""
    config, deliveries = item.properties["DistributionConfig"], item.observed["LogDeliveries"]
    return bool((config is not None and config["Logging"]) or deliveries)
