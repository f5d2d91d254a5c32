"""What long-running commands share: a port, and an end by Ctrl-C or `kill`."""

import signal
import threading

import click

_RECHECK_SECONDS = 0.2
PORT = click.IntRange(0, 65535)


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
