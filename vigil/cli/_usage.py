"""What long-running commands share: wrong options in one line, and an end by Ctrl-C or `kill`.

Click prints three lines for a wrong option; like every other error here it is one.
"""

import signal
import threading

import click

from vigil.cli import EXIT_BAD_INPUT

_RECHECK_SECONDS = 0.2
PORT = click.IntRange(0, 65535)


class BriefCommand(click.Command):
    """A command that refuses bad input in one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; what is wrong with them is one line on stderr."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            click.echo(f"vigil: {error.format_message()}", err=True)
            ctx.exit(EXIT_BAD_INPUT)


def until_interrupted() -> None:
    """Wait for Ctrl-C, a closed terminal or `kill`.

    Raises:
        KeyboardInterrupt: It came.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    never = threading.Event()
    # An unbounded wait sleeps through a signal that another thread happened to take.
    while not never.wait(_RECHECK_SECONDS):
        pass
