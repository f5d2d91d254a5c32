"""Which version of Vigil this is, for what leaves it: exports, and answers of the API."""

#: As in ``pyproject.toml``, which Lambda does not see.
VERSION = "0.1.0"
