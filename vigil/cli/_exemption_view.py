"""An exemption as a person reads it: what is accepted, until when, and by whom."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chalicelib.facts.legible import legible
from vigil.cli._api import shown

COLUMNS = {
    "id": "exemption",
    "state": "state",
    "scope": "about",
    "matched": "findings",
    "expires_at": "until",
    "requested_by": "asked by",
    "decided_by": "decided by",
    "reason": "reason",
}


def row_of(exemption: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for a table."""
    return {**exemption, "state": state_of(exemption), "scope": scope_of(exemption["scope"])}


def state_of(exemption: Mapping[str, Any]) -> str:
    """Return whether it holds; what was approved and is over has ended, whatever is stored."""
    if exemption["in_force"]:
        return "in force"
    return "ended" if exemption["status"] == "approved" else str(exemption["status"])


def scope_of(scope: Mapping[str, Any]) -> str:
    """Return what an exemption is about; what is left open is not said."""
    parts = [
        f"{name.replace('_', ' ')} {shown(value)}"
        for name, value in scope.items()
        if value not in (None, "*", {})
    ]
    return ", ".join(parts)


def show_exemption(exemption: Mapping[str, Any]) -> None:
    """Print an exemption, with its history where that is there."""
    console = Console(highlight=False, markup=False)
    console.print(Text.assemble((exemption["id"], "bold"), "  ", state_of(exemption)))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, said in _lines(exemption):
        grid.add_row(name, Text(legible(said)))
    console.print(grid)


def _lines(exemption: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "about", scope_of(exemption["scope"])
    yield "reason", exemption["reason"]
    yield "findings", f"{exemption['matched']} when it was asked for"
    yield "asked by", f"{shown(exemption['requested_by'])}, {exemption['requested_at']}"
    yield "until", exemption["expires_at"]
    if exemption["decided_by"]:
        yield "decided by", f"{shown(exemption['decided_by'])}, {exemption['decided_at']}"
    if exemption["ended_by"]:
        yield "ended by", f"{shown(exemption['ended_by'])}, {exemption['ended_at']}"
    for entry in exemption.get("history", ()):
        note = f": {entry['note']}" if entry.get("note") else ""
        yield entry["at"], f"{entry['kind']} by {shown(entry['by'])}{note}"
