"""Instants on the command line: a date, or an RFC 3339 time; always UTC in what follows."""

from datetime import UTC, datetime
from typing import Any

import click

from chalicelib.findings._items import stamp


class _Instant(click.ParamType):
    """Becomes RFC 3339 text in UTC with milliseconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a time; one without a zone is UTC."""
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r}: expected 2026-11-01 or 2026-11-01T09:30:00Z", param, ctx)
        return stamp(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


INSTANT = _Instant()
