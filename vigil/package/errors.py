"""What a person did wrong when packaging: one line, exit code 2."""

from chalicelib.errors import PermanentError


class PackageError(PermanentError):
    """The package cannot be built from, or written to, what was given."""
