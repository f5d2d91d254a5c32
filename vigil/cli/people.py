"""`vigil people`: which identities belong to which person.

An enrolment counts once another person has confirmed it, so that nobody makes a second self.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from vigil.cli import is_person
from vigil.cli._api import api_option, client, list_options, pages, path_of, print_rows, shown
from vigil.cli.output import print_object

_COLUMNS = {"id": "person", "name": "name", "confirmed": "confirmed", "identities": "identities"}


@click.group(epilog="Examples:  vigil people me    vigil people list")
def people() -> None:
    """Say which identities belong to which person; only persons approve."""


@people.command("list", epilog="Examples:  vigil people list    vigil people list --format jsonl")
@list_options
def list_people(*, api: str | None, form: str | None, output: Path | None) -> None:
    """List everybody who is enrolled."""
    print_rows(pages(api, "/people", {}), _COLUMNS, form, output)


@people.command("me", epilog="Examples:  vigil people me    AWS_PROFILE=audit vigil people me")
@api_option
def me(*, api: str | None) -> None:
    """Show as whom the API sees you: the identity to enrol."""
    seen = client(api).call("GET", "/me")
    if not is_person():
        print_object(seen)
        return
    identity = seen["identity"]
    click.echo(f"{identity['kind']}:{identity['id']}")
    click.echo(f"person: {shown(seen['person']) or 'nobody: not enrolled, or not confirmed'}")


@people.command(
    "add",
    epilog="Examples:  vigil people add ana --name 'Ana' --identity iam-user:AIDAEXAMPLE"
    "    vigil people add ben --name 'Ben' --identity identity-center:ben@example.com",
)
@click.argument("person_id", metavar="ID")
@click.option("--name", required=True, help="Their name.")
@click.option("--identity", "identities", multiple=True, required=True, metavar="KIND:ID")
@api_option
def add(*, person_id: str, name: str, identities: tuple[str, ...], api: str | None) -> None:
    """Enrol a person; another one has to confirm it."""
    body = {"id": person_id, "name": name, "identities": list(identities)}
    _print(client(api).call("POST", "/people", body=body))


@people.command("confirm", epilog="Examples:  vigil people confirm ana    vigil people confirm ben")
@click.argument("person_id", metavar="ID")
@api_option
def confirm(*, person_id: str, api: str | None) -> None:
    """Say that these identities are that person's."""
    _print(client(api).call("POST", path_of("people", person_id, "confirmation"), body={}))


@people.command("remove", epilog="Examples:  vigil people remove ana    vigil people remove ben")
@click.argument("person_id", metavar="ID")
@api_option
def remove(*, person_id: str, api: str | None) -> None:
    """Take a person off the list."""
    _print(client(api).call("DELETE", path_of("people", person_id)))


def _print(person: Mapping[str, Any] | None) -> None:
    if person is None:
        return
    if is_person():
        print_rows(iter([person]), _COLUMNS, "table", None)
    else:
        print_object(person)
