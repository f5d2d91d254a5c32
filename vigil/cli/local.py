"""`vigil local`: Vigil on an embedded AWS for the person's own CLI, boto3 or Terraform."""

import tempfile
import threading
from pathlib import Path

import click

from vigil.cli import quiet_functions

DEFAULT_PORT = 4566


@click.command(epilog="Examples:  vigil local    vigil local --port 5000 --data ./state")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port of the embedded AWS.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps findings and history across restarts.",
)
def local(*, port: int, data: Path | None) -> None:
    """Run Vigil on an embedded AWS until Ctrl-C; point AWS tools at it by AWS_ENDPOINT_URL."""
    quiet_functions()
    # boto3 and moto take a second to import; --help should not.
    from vigil.local.deployment import deployed  # noqa: PLC0415 - see above
    from vigil.local.environment import LocalOptions  # noqa: PLC0415 - see above
    from vigil.local.moto_server import EmbeddedAws  # noqa: PLC0415 - see above

    if data:
        data.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="vigil-local-") as folder,
        EmbeddedAws(port, data, require_trail=False) as aws,
        deployed(aws, Path(folder), options=LocalOptions(data=data)) as vigil,
    ):
        click.echo(f"Vigil is listening; its tables live in {vigil.database}. In another shell:\n")
        click.echo(f"  export AWS_ENDPOINT_URL={aws.url} AWS_DEFAULT_REGION=us-east-1")
        click.echo("  export AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=me\n")
        click.echo(f"Messages as Slack shows them: {aws.url}/slack\nCtrl-C ends it.")
        vigil.run_schedule("sweep_start")
        _wait()


def _wait() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("")
