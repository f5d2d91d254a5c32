"""Errors of the desk: what only a person's machine can run into."""

from chalicelib.errors import VigilError


class UnreachableError(VigilError):
    """What was to be looked at does not answer, refuses the caller, or fails: exit code 3."""
