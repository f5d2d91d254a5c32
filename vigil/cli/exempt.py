"""`vigil exempt`: risks that are accepted for a while, by two persons.

Whoever asks cannot approve, whichever of their identities they use; that is the API's to see to.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from vigil.cli import is_person
from vigil.cli._api import api_option, client, list_options, pages, path_of, print_rows
from vigil.cli._exemption_view import COLUMNS, row_of, show_exemption
from vigil.cli._instants import INSTANT
from vigil.cli.output import print_object


@click.group(epilog="Examples:  vigil exempt list    vigil exempt approve ID --note 'see TICKET-7'")
def exempt() -> None:
    """Accept a risk for a while: ask, approve, revoke, list."""


@exempt.command(
    "request",
    epilog="Examples:  vigil exempt request --rule s3-bucket-no-public-read --resource site-assets"
    " --until 2027-01-31 --reason 'public website'    vigil exempt request … --dry-run",
)
@click.option("--rule", "rule_id", default="*", metavar="ID", help="The rule; without it, any.")
@click.option("--account", default="*", help="Account id; * and ? stand for anything.")
@click.option("--region", default="*", help="Region, or global; * and ? stand for anything.")
@click.option("--resource", default="*", help="Id or ARN; * and ? stand for anything.")
@click.option("--type", "resource_type", help="Resource type, e.g. AWS::S3::Bucket.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag it bears now.")
@click.option("--until", type=INSTANT, required=True, help="When it ends.")
@click.option("--reason", required=True, help="Why the risk is accepted.")
@click.option("--dry-run", is_flag=True, help="Only show which findings it would be about.")
@api_option
def request(
    *,
    tags: tuple[str, ...],
    until: str,
    reason: str,
    dry_run: bool,
    api: str | None,
    **scope: str | None,
) -> None:
    """Ask for an exemption; another person has to approve it."""
    wanted = {**{k: v for k, v in scope.items() if v is not None}, "tags": _tags(tags)}
    if dry_run:
        found = client(api).call("POST", "/exemptions/preview", body={"scope": wanted})
        click.echo(f"matches {found['matched']} open findings", err=True)
        columns = {"finding_id": "finding", "severity": "severity", "message": "message"}
        print_rows(iter(found["findings"]), columns, None, None)
        return
    body = {"scope": wanted, "reason": reason, "expires_at": until}
    _print(client(api).call("POST", "/exemptions", body=body))


@exempt.command(
    "approve",
    epilog="Examples:  vigil exempt approve ID    vigil exempt approve ID --note 'see TICKET-7'",
)
@click.argument("exemption_id", metavar="ID")
@click.option("--note", help="What to add.")
@api_option
def approve(*, exemption_id: str, note: str | None, api: str | None) -> None:
    """Approve what another person asked for."""
    _decide(api, exemption_id, "approval", note)


@exempt.command(
    "refuse",
    epilog="Examples:  vigil exempt refuse ID    vigil exempt refuse ID --note 'fix it instead'",
)
@click.argument("exemption_id", metavar="ID")
@click.option("--note", help="What to add.")
@api_option
def refuse(*, exemption_id: str, note: str | None, api: str | None) -> None:
    """Refuse what was asked for."""
    _decide(api, exemption_id, "refusal", note)


@exempt.command(
    "revoke",
    epilog="Examples:  vigil exempt revoke ID    vigil exempt revoke ID --note 'the site is gone'",
)
@click.argument("exemption_id", metavar="ID")
@click.option("--note", help="What to add.")
@api_option
def revoke(*, exemption_id: str, note: str | None, api: str | None) -> None:
    """End an exemption before its time."""
    _decide(api, exemption_id, "revocation", note)


@exempt.command(
    "list", epilog="Examples:  vigil exempt list    vigil exempt list --all --format jsonl"
)
@click.option("--all", "every", is_flag=True, help="Those that ended or were refused, too.")
@list_options
def list_exemptions(*, every: bool, api: str | None, form: str | None, output: Path | None) -> None:
    """List exemptions that are in force or wait for approval."""
    rows = pages(api, "/exemptions", {})
    waiting = (row for row in rows if every or row["in_force"] or row["status"] == "requested")
    if form == "jsonl" or (form is None and not (is_person() and output is None)):
        print_rows(waiting, COLUMNS, "jsonl", output)
    else:
        print_rows(map(row_of, waiting), COLUMNS, form, output)


@exempt.command("show", epilog="Examples:  vigil exempt show ID    vigil exempt show ID | jq .")
@click.argument("exemption_id", metavar="ID")
@api_option
def show(*, exemption_id: str, api: str | None) -> None:
    """Show one exemption with its history."""
    _print(client(api).call("GET", path_of("exemptions", exemption_id)))


def _decide(api: str | None, exemption_id: str, what: str, note: str | None) -> None:
    body = {} if note is None else {"note": note}
    _print(client(api).call("POST", path_of("exemptions", exemption_id, what), body=body))


def _print(exemption: Mapping[str, Any]) -> None:
    if is_person():
        show_exemption(exemption)
    else:
        print_object(exemption)


def _tags(written: tuple[str, ...]) -> dict[str, str]:
    tags = {}
    for one in written:
        key, sign, value = one.partition("=")
        if not (key and sign):
            raise click.BadParameter(f"{one!r}: expected KEY=VALUE", param_hint="--tag")
        tags[key] = value
    return tags
