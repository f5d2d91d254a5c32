"""`vigil findings`: what stands, how it came to be, and who sees to it.

Everything is asked of the API as the caller: what may be seen and written is AWS IAM's to say.
"""

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import click

from vigil.cli import is_person
from vigil.cli._api import api_option, client, list_options, pages, path_of, print_rows
from vigil.cli._finding_view import show_finding
from vigil.cli._instants import INSTANT
from vigil.cli.output import print_object

SEVERITIES = ("critical", "high", "medium", "low", "informational")
_COLUMNS = {
    "finding_id": "finding",
    "severity": "severity",
    "rule_id": "rule",
    "resource_id": "resource",
    "region": "Region",
    "owner": "owner",
    "opened_at": "open since",
    "due_at": "due",
    "exemption": "exempt",
    "message": "message",
}
#: What people see: the rest is a `show` away.
_SEEN = ("finding_id", "severity", "owner", "opened_at", "message")
_HISTORY = {
    "at": "at",
    "kind": "what",
    "reason": "why",
    "by": "by",
    "note": "note",
    "message": "message",
}
#: Filter of the API → option.
_FILTERS: Mapping[str, str] = {
    "rule_id": "--rule",
    "resource_type": "--type",
    "region": "--region",
    "account": "--account",
    "owner": "--owner",
    "assignee": "--assignee",
    "q": "--text",
}


@click.group(epilog="Examples:  vigil findings list --severity critical    vigil findings show ID")
def findings() -> None:
    """List what stands, show how it came to be, say who sees to it."""


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    for name, option in reversed(list(_FILTERS.items())):
        said = f"Only those with this {name.replace('_', ' ')}."
        said = "Only those whose text or resource contains this." if name == "q" else said
        command = click.option(option, name, metavar="TEXT", help=said)(command)
    return command


@findings.command(
    "list",
    epilog="Examples:  vigil findings list --severity critical --severity high"
    "    vigil findings list --status resolved --format csv --output resolved.csv",
)
@click.option("--status", type=click.Choice(["open", "resolved"]), default="open")
@click.option("--severity", type=click.Choice(SEVERITIES), multiple=True)
@_filters
@click.option("--exempt/--not-exempt", default=None, help="Only accepted risks, or none of them.")
@click.option("--overdue", is_flag=True, help="Only those past their due date.")
@click.option("--limit", type=click.IntRange(1), help="At most this many.")
@list_options
def list_findings(  # noqa: PLR0913 - one argument an option
    *,
    status: str,
    severity: tuple[str, ...],
    exempt: bool | None,
    overdue: bool,
    limit: int | None,
    api: str | None,
    form: str | None,
    output: Path | None,
    **filters: str | None,
) -> None:
    """List findings, the worst first."""
    query = {"status": status, **{name: value for name, value in filters.items() if value}}
    if severity:
        query["severity"] = ",".join(severity)
    if exempt is not None:
        query["exempt"] = str(exempt).lower()
    if overdue:
        query["overdue"] = "true"
    rows = islice(pages(api, "/findings", query), limit)
    people = (form or "table") == "table" and (form or is_person()) and output is None
    columns = {name: _COLUMNS[name] for name in _SEEN} if people else _COLUMNS
    print_rows(iter(rows), columns, form, output)


@findings.command(
    "show",
    epilog="Examples:  vigil findings show ID    vigil findings show ID --as-of 2026-11-01",
)
@click.argument("finding_id", metavar="ID")
@click.option("--as-of", "as_of", type=INSTANT, help="As it was then.")
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), help="How to print.")
@api_option
def show(*, finding_id: str, as_of: str | None, form: str | None, api: str | None) -> None:
    """Show one finding: what is wrong, since when, who did it, how to fix it."""
    query = {"as_of": as_of} if as_of else {}
    record = client(api).call("GET", path_of("findings", finding_id), query)
    if (form or ("text" if is_person() else "jsonl")) == "jsonl":
        print_object(record)
    else:
        show_finding(record)


@findings.command(
    "history",
    epilog="Examples:  vigil findings history ID    vigil findings history ID --format jsonl",
)
@click.argument("finding_id", metavar="ID")
@list_options
def history(*, finding_id: str, api: str | None, form: str | None, output: Path | None) -> None:
    """Show everything that ever happened to a finding, oldest first."""
    print_rows(pages(api, path_of("findings", finding_id, "history"), {}), _HISTORY, form, output)


@findings.command(
    "ack", epilog="Examples:  vigil findings ack ID    vigil findings ack ID --note 'on it'"
)
@click.argument("finding_id", metavar="ID")
@click.option("--note", help="What to add.")
@api_option
def acknowledge(*, finding_id: str, note: str | None, api: str | None) -> None:
    """Say that a finding is seen to."""
    _write(api, "POST", (finding_id, "acknowledgement"), {"note": note})


@findings.command(
    "assign",
    epilog="Examples:  vigil findings assign ID ana    vigil findings assign ID ana --note 'yours'",
)
@click.argument("finding_id", metavar="ID")
@click.argument("assignee", metavar="WHO")
@click.option("--note", help="What to add.")
@api_option
def assign(*, finding_id: str, assignee: str, note: str | None, api: str | None) -> None:
    """Say who is to see to a finding."""
    _write(api, "PUT", (finding_id, "assignee"), {"assignee": assignee, "note": note})


@findings.command(
    "note",
    epilog="Examples:  vigil findings note ID 'asked the vendor'    vigil findings note ID 'fixed'",
)
@click.argument("finding_id", metavar="ID")
@click.argument("text")
@api_option
def note(*, finding_id: str, text: str, api: str | None) -> None:
    """Write something into a finding's history."""
    _write(api, "POST", (finding_id, "notes"), {"note": text})


def _write(api: str | None, method: str, place: tuple[str, str], body: Mapping[str, Any]) -> None:
    said = {name: value for name, value in body.items() if value is not None}
    record = client(api).call(method, path_of("findings", *place), body=said)
    if is_person():
        show_finding(record)
    else:
        print_object(record)
