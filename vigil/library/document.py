"""Reads ``vigil.yaml``: what it says, checked against its schema, with the line of everything."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError, best_match

from chalicelib.errors import RuleDocumentError
from vigil._yaml import Read, read_yaml

SCHEMA_FILE = Path(__file__).with_name("vigil.schema.json")
MAX_FILE_BYTES = 1024 * 1024


def read_document(path: Path) -> Read:
    """Read one file.

    Raises:
        RuleDocumentError: It cannot be read or says what its schema does not know; names the line.
    """
    try:
        content = path.read_bytes()
        if len(content) > MAX_FILE_BYTES:
            raise RuleDocumentError(f"larger than {MAX_FILE_BYTES} bytes", source=str(path))
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleDocumentError("not a readable UTF-8 file", source=str(path)) from error
    read = read_yaml(text, source=str(path))
    wrong = best_match(_validator().iter_errors(read.value))
    if wrong is not None:
        where = tuple(wrong.absolute_path)
        message = f"{'/'.join(map(str, where)) or 'settings'}: {_explained(wrong)}"
        raise RuleDocumentError(message, source=str(path), line=read.line_of(where))
    return read


def account_ids(written: Sequence[str | int]) -> tuple[str, ...]:
    """Return account ids; YAML takes one without quotes for a number."""
    return tuple(map(str, written))


@cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _explained(error: ValidationError) -> str:
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    known = ", ".join(sorted(schema.get("properties", {})))
    if error.validator == "additionalProperties":
        return f"{error.message.partition('(')[2].rstrip(')')[:200]} (known: {known})"
    if error.validator in ("minProperties", "minItems"):
        return "expected at least one entry, found none"
    if error.validator == "pattern":
        return (
            f"{error.instance!r} is none ({_EXPECTED.get(str(error.validator_value), 'pattern')})"
        )
    return error.message[:300]


_EXPECTED: Mapping[str, str] = {
    "^[0-9]{12}$": "expected an account id of 12 digits",
    "^([a-z]{2}(-[a-z]+)+-[0-9]+|global)$": "expected a Region such as eu-west-1, or global",
    "^[a-z][a-z0-9]*(-[a-z0-9]+)+$": "expected the id of a rule",
}
