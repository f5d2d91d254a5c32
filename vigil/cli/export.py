"""`vigil export`: findings and how they came to be, for an auditor, as one file.

The API makes it, from the seal; this asks, waits and fetches. Only a pack proves itself: the last
line on stderr is the fingerprint that its signature has to be checked with.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from chalicelib.facts.instants import stamp
from vigil.cli._api import api_option, client
from vigil.cli._instants import INSTANT
from vigil.cli.output import opened_binary

FORMATS = ("csv", "jsonl", "ocsf", "asff", "html", "pack")
DEFAULT_WINDOW = timedelta(days=30)


@click.command(
    epilog="\b\nExamples:\n  vigil export --from 2026-07-01 --to 2026-10-01 --format pack "
    "--output q3.zip\n  vigil export --format csv --rule s3-bucket-no-public-read --output s3.csv"
)
@click.option("--from", "start", type=INSTANT, help="Beginning of the window [30 days before].")
@click.option("--to", "end", type=INSTANT, help="End of the window, exclusive [now].")
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What to make.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; it appears when it is complete.",
)
@click.option("--account", "accounts", multiple=True, help="Only this account.")
@click.option("--rule", "rules", multiple=True, help="Only what this rule found.")
@click.option(
    "--ocsf", type=click.Choice(["1.8.0", "1.9.0-dev"]), default="1.8.0", help="Version of OCSF."
)
@api_option
def export(  # noqa: PLR0913 - one argument an option
    *,
    start: str | None,
    end: str | None,
    form: str,
    output: Path,
    accounts: tuple[str, ...],
    rules: tuple[str, ...],
    ocsf: str,
    api: str | None,
) -> None:
    """Write the findings that were open in a window, with the history that proves them."""
    # The API's client and its pool import boto3; --help should not.
    from vigil.fetching import ended, fetch  # noqa: PLC0415 - see above

    until = end or stamp(datetime.now(UTC))
    since = start or stamp(datetime.fromisoformat(until) - DEFAULT_WINDOW)
    wanted = {"format": form, "from": since, "to": until, "ocsf_version": ocsf}
    scope = {"accounts": list(accounts), "rule_ids": list(rules)}
    with opened_binary(output) as file:
        job = client(api).call("POST", "/exports", body={**wanted, **scope})
        with _progress() as show:
            job = ended(client(api), job, show)
        fetch(job, file)
    click.echo(f"{job['total']} findings in {output} ({job['size']} bytes)", err=True)
    click.echo(f"sha256: {job['sha256']}", err=True)
    if job["key_fingerprint"]:
        click.echo(f"key fingerprint: {job['key_fingerprint']}", err=True)


@contextmanager
def _progress() -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Show how far a job is, on stderr, where that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("queued", total=None)

        def show(job: Mapping[str, Any]) -> None:
            bar.update(task, description=job["status"], total=job["total"], completed=job["done"])

        yield show
