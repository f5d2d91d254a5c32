"""The two options of every command that judges: rules of one's own, and settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_SETTINGS = Path("vigil.yaml")
_EXISTING = click.Path(path_type=Path, exists=True)


def _found() -> Path | None:
    return DEFAULT_SETTINGS if DEFAULT_SETTINGS.is_file() else None


def rules_options(command: Command) -> Command:
    """Add ``--rules`` (as `own_rules`) and ``--settings`` to a command."""
    own = click.option(
        "--rules",
        "own_rules",
        multiple=True,
        type=_EXISTING,
        metavar="DIR",
        help="Rules of your own beside the built-in ones; a folder or a file.",
    )
    settings = click.option(
        "--settings",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        default=_found,
        metavar="FILE",
        help="Settings of rules and owners; default: vigil.yaml of this folder.",
    )
    return own(settings(command))
