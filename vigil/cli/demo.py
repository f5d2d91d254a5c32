"""`vigil demo`: the whole product on one machine in under a minute."""

import sys
import threading
import time

import click
from rich.console import Console
from rich.text import Text

from vigil.cli import EXIT_DONE, EXIT_TO_ACT_ON, quiet_functions


@click.command(epilog="Examples:  vigil demo    vigil demo --exit --port 4566")
@click.option("--exit", "ends", is_flag=True, help="End after the story instead of serving on.")
@click.option("--port", default=0, show_default="a free one", help="Port of the embedded AWS.")
def demo(*, ends: bool, port: int) -> None:
    """Show the whole product on this machine: changes made, caught, told and fixed."""
    quiet_functions()
    # boto3 and moto take a second to import; --help should not.
    from vigil.demo.runner import play_all, staged  # noqa: PLC0415 - see above

    console = Console(highlight=False)
    started = time.monotonic()
    console.print("Starting AWS on this machine and deploying Vigil into it …")
    with staged(port) as stage:
        database = stage.vigil.database if stage.vigil else "?"
        console.print(f"AWS answers at {stage.aws.url}; Vigil's tables live in {database}.")
        played = play_all(stage, console)
        missed = [p for p in played if not p.as_expected]
        failures = list(stage.vigil.bus.failures) if stage.vigil else []
        told = f"{len(played) - len(missed)} of {len(played)} scenes as expected"
        console.print(Text(f"\n{told} in {time.monotonic() - started:.0f} s", style="bold"))
        for failure in failures:
            console.print(Text(f"a function failed: {failure}", style="red"))
        if not ends:
            _serve(stage.aws.url, console)
    sys.exit(EXIT_TO_ACT_ON if missed or failures else EXIT_DONE)


def _serve(url: str, console: Console) -> None:
    console.print(f"\nThe messages as Slack shows them: {url}/slack")
    console.print("Try it yourself; any change is judged as above:\n")
    for line in (
        f"  export AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION=us-east-1",
        "  export AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=me",
        "  aws s3api create-bucket --bucket mine --acl public-read",
    ):
        console.print(line)
    console.print("\nCtrl-C ends it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("")
