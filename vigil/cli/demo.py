"""`vigil demo`: the whole product on one machine in under a minute.

Without ``--exit`` it goes on serving after the story; its exit code is decided by the story all
the same.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from vigil.cli import EXIT_DONE, EXIT_TO_ACT_ON, quiet_functions
from vigil.cli._usage import PORT, until_interrupted

if TYPE_CHECKING:
    from vigil.demo.stage import Stage


@click.command(
    epilog="Examples:  vigil demo    vigil demo --exit --pack demo.zip    vigil demo --port 4566"
)
@click.option(
    "--exit", "ends", is_flag=True, help="End after the story: exit code 0 if all of it was seen."
)
@click.option(
    "--port", type=PORT, default=0, metavar="PORT", help="Port of the embedded AWS [a free one]."
)
@click.option(
    "--pack",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the evidence of the story to this zip.",
)
def demo(*, ends: bool, port: int, pack: Path | None) -> None:
    """Show the whole product on this machine: changes made, caught, told and fixed."""
    quiet_functions()
    # boto3 and moto take a second to import; --help should not.
    from vigil.demo.runner import play_all, staged  # noqa: PLC0415 - see above

    console = Console(highlight=False)
    console.print("Starting AWS on this machine and deploying Vigil into it …")
    with staged(port) as stage:
        database = stage.vigil.database if stage.vigil else "?"
        console.print(f"AWS answers at {stage.aws.url}; Vigil's tables live in {database}.")
        fine = play_all(stage, console)
        if pack is not None:
            fine = _write_pack(stage, pack, console) and fine
        if not ends:
            _serve(stage, console)
    sys.exit(EXIT_DONE if fine else EXIT_TO_ACT_ON)


def _write_pack(stage: "Stage", file: Path, console: Console) -> bool:
    from vigil.demo.evidence import write_pack  # noqa: PLC0415 - imports boto3

    fingerprint = write_pack(stage, file, console)
    if fingerprint is not None:
        click.echo(f"key fingerprint: {fingerprint}", err=True)
    return fingerprint is not None


def _serve(stage: "Stage", console: Console) -> None:
    from vigil.local._principals import exports  # noqa: PLC0415 - imports boto3
    from vigil.local.console import console_as  # noqa: PLC0415 - see above

    with console_as(stage.admin) as page:
        console.print(f"\nThe console: {page.url}", soft_wrap=True, markup=False)
        console.print(f"The messages as Slack shows them: {stage.aws.url}/slack")
        console.print("Try it yourself; in another shell:\n")
        for line in (*exports(stage.admin), _try_of(stage)):
            console.print(f"  {line}", soft_wrap=True, markup=False)
        console.print("\nCtrl-C ends it.")
        try:
            until_interrupted()
        except KeyboardInterrupt:
            console.print("")


def _try_of(stage: "Stage") -> str:
    return (
        f"aws ec2 authorize-security-group-ingress --group-id {stage.group} "
        "--protocol tcp --port 3389 --cidr 0.0.0.0/0"
    )
