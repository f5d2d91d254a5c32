"""`vigil local`: Vigil on an embedded AWS for the person's own CLI, boto3 or Terraform.

It prints the keys of a made-up user: any other keys act as the account's root user, which Vigil
objects to.
"""

import tempfile
from pathlib import Path

import click

from chalicelib.errors import SettingsError
from vigil.cli import quiet_functions
from vigil.cli._rules_options import rules_options
from vigil.cli._usage import PORT, until_interrupted

DEFAULT_PORT = 4566
USER = "you"


@click.command(epilog="Examples:  vigil local    vigil local --port 5000 --data ./state")
@click.option(
    "--port",
    type=PORT,
    default=DEFAULT_PORT,
    metavar="PORT",
    help=f"Port of the embedded AWS [{DEFAULT_PORT}]; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps findings and history across restarts; AWS itself starts empty.",
)
@rules_options
def local(
    *, port: int, data: Path | None, own_rules: tuple[Path, ...], settings: Path | None
) -> None:
    """Run Vigil on an embedded AWS until Ctrl-C; point AWS tools at it by AWS_ENDPOINT_URL."""
    quiet_functions()
    if data:
        _make(data)
    try:
        _serve(port, data, own_rules, settings)
    except KeyboardInterrupt:
        click.echo("")


def _serve(
    port: int, data: Path | None, own_rules: tuple[Path, ...], settings: Path | None
) -> None:
    # boto3 and moto take a second to import; --help should not.
    from vigil.local._principals import exports, user_environment  # noqa: PLC0415 - see above
    from vigil.local.console import console_as  # noqa: PLC0415 - see above
    from vigil.local.deployment import deployed  # noqa: PLC0415 - see above
    from vigil.local.environment import LocalOptions  # noqa: PLC0415 - see above
    from vigil.local.moto_server import EmbeddedAws  # noqa: PLC0415 - see above

    with (
        tempfile.TemporaryDirectory(prefix="vigil-local-") as folder,
        EmbeddedAws(port, data, require_trail=False) as aws,
    ):
        user = user_environment(aws.url, USER)
        options = LocalOptions(data=data)
        vigil = deployed(
            aws, Path(folder), options=options, rules=own_rules, rule_settings=settings
        )
        with vigil, console_as(user) as page:
            vigil.run_schedule("sweep_start")
            click.echo(f"Vigil is listening; its tables live in {vigil.database}.")
            click.echo("In another shell:\n\n  " + "\n  ".join(exports(user)) + "\n")
            click.echo(f"The console: {page.url}")
            click.echo(f"Messages as Slack shows them: {aws.url}/slack\nCtrl-C ends it.")
            until_interrupted()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{folder} cannot hold the data: {error.strerror}") from error
