"""One finding as a person reads it: what is wrong first, then who, then how it stands."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chalicelib.facts.legible import legible
from vigil.cli._api import SEVERITY_STYLES, shown

#: Of a value that somebody else wrote, a screen shows this much.
VALUE_LIMIT_CHARS = 300


def show_finding(record: Mapping[str, Any]) -> None:
    """Print a finding's record."""
    console = Console(highlight=False, markup=False)
    severity = record["severity"]
    console.print(
        Text.assemble(
            (severity, SEVERITY_STYLES.get(severity, "")),
            "  ",
            (record["rule_id"], "bold"),
            "  ",
            (record["status"], "green" if record["status"] == "RESOLVED" else ""),
        )
    )
    console.print(Text(legible(record["message"]), "italic"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, said in _lines(record):
        grid.add_row(name, Text(legible(said)))
    console.print(grid)


def _lines(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    times = record["times"]
    yield "resource", f"{record['resource_type']} {record['resource_arn'] or record['resource_id']}"
    yield "place", f"account {record['account_id']}, {record['region']}"
    yield "owner", _owner(record["owner"])
    yield "open since", f"{times['opened_at']} (episode {record['episode']})"
    yield from _dates(record)
    yield "who", _who(record)
    for one in record["evidence"]:
        yield "evidence", f"{one['path']} is {_value(one['actual'])}"
    for one in record["differences"]:
        before, after = _value(one["before"]), _value(one["after"])
        yield "changed", f"{one['pointer']}: {before} → {after}"
    for gap in record["gaps"]:
        yield "not read", f"{gap['call']}: {gap['error']}"
    yield "risk", record["risk"]
    yield "fix", record["fix"]["text"]
    if exemption := record["exemption"]:
        yield "accepted", _exemption(exemption)
    yield "finding", record["finding_id"]


def _dates(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    times = record["times"]
    if due := times["due_at"]:
        yield "due", f"{due}{', overdue' if record['overdue'] else ''}"
    if times["resolved_at"]:
        yield "resolved", f"{times['resolved_at']} ({record['reason']})"
    if times["acknowledged_at"]:
        yield "seen to", f"since {times['acknowledged_at']} by {record['acknowledged_by']}"
    if record["assignee"]:
        yield "assigned to", record["assignee"]


def _owner(owner: Mapping[str, Any] | None) -> str:
    return f"{owner['name']} (from: {owner['from']})" if owner else "unknown"


def _who(record: Mapping[str, Any]) -> str:
    cause = record["cause"]
    if cause is None:
        return "unknown: no event is proven to have led here"
    actor = cause["actor"]
    tool = f" with {actor['tool']}" if actor.get("tool") else ""
    return f"{actor['name']}{tool}: {cause['event_name']} at {cause['event_time']}"


def _exemption(exemption: Mapping[str, Any]) -> str:
    return (
        f"until {exemption['expires_at']}: {exemption['reason']}"
        f" (asked by {shown(exemption['requested_by'])},"
        f" approved by {shown(exemption['approved_by'])})"
    )


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= VALUE_LIMIT_CHARS else f"{text[:VALUE_LIMIT_CHARS]}…"
