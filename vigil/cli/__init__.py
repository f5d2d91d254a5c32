"""The `vigil` command. Sub-commands live in modules of their own, imported only when they run.

That keeps ``vigil --help`` and shell completion fast: none of them needs boto3.
"""

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from chalicelib.errors import VigilError
from chalicelib.facts.legible import legible
from vigil.errors import UnreachableError

EXIT_DONE = 0
EXIT_TO_ACT_ON = 1
EXIT_BAD_INPUT = 2
EXIT_COULD_NOT_LOOK = 3

#: Sub-command → what it does; the module ``vigil.cli.<name>`` holds it under the same name.
COMMANDS: Mapping[str, str] = {
    "demo": "Show the whole product on this machine in under a minute.",
    "local": "Run Vigil on an embedded AWS for your own CLI, boto3 or Terraform.",
    "scan": "Judge a live account now; writes nothing to it.",
    "replay": "Judge recorded CloudTrail; needs no account.",
    "findings": "List what stands, show how it came to be, say who sees to it.",
    "exempt": "Accept a risk for a while: ask, approve, revoke, list.",
    "people": "Say which identities belong to which person; only persons approve.",
    "console": "Serve the web page; its calls are signed with your own credentials.",
    "export": "Write findings and their history for an auditor, with the proof.",
    "verify": "Say whether a pack is what was sealed, and where it is not.",
    "rules": "List, show, test and write rules.",
    "package": "Build the deployable: zip and template.",
    "generate": "Write policies, event patterns and reference docs from the code.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Return the names in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - Click's signature
        """Import one command; None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"vigil.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - Click's signature
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; wrong usage and what we raise on purpose are one line for a person."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            click.echo(f"vigil: {legible(error.format_message())}", err=True)
            ctx.exit(EXIT_BAD_INPUT)
        except VigilError as error:
            click.echo(f"vigil: {legible(' '.join(str(error).split()))}", err=True)
            unseen = isinstance(error, UnreachableError)
            ctx.exit(EXIT_COULD_NOT_LOOK if unseen else EXIT_BAD_INPUT)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples:  vigil demo    vigil rules test my-rules/",
)
@click.version_option(package_name="vigil")
def main() -> None:
    """Compliance auditor for AWS accounts: sees every change, judges it, remembers it."""


def is_person() -> bool:
    """Tell whether stdout is a terminal: people get tables, programs get JSON Lines."""
    return sys.stdout.isatty()


def quiet_functions() -> None:
    """Keep the functions' JSON logs, meant for CloudWatch, off the person's terminal."""
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
