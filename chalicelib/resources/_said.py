"""What a call's request and response say about the values it wrote.

A response shows the whole resource: of a creation it says what was chosen where the request was
silent, of a modification also what nobody touched. So modifications are read by their request.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of

_FLAGS = {"true": True, "false": False}


def response_of(record: Record) -> Mapping[str, Any]:
    """Return the response elements; empty where the record has none."""
    response = field(record, "responseElements")
    return response if isinstance(response, Mapping) else {}


def chosen(record: Record, name: str) -> Any:
    """Return what a creation ended up with: the response's value, else the request's."""
    said = field(response_of(record), name)
    return field(parameters_of(record), name) if said is None else said


def asked(record: Record, name: str) -> Any:
    """Return what the request says; None where it does not."""
    return field(parameters_of(record), name)


def flag(value: Any) -> bool | None:
    """Read a boolean, also one written as text; None for anything else."""
    if isinstance(value, str):
        return _FLAGS.get(value.lower())
    return value if isinstance(value, bool) else None


def unless_unsaid(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return proposals of scalars with ``[]`` in place of null: left alone, so never the cause.

    An empty list equals no scalar, and nobody waits for it to show.
    """
    return {key: [] if value is None else value for key, value in values.items()}
