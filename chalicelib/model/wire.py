"""JSON as queues and topics take it: UTF-8 and JSON allow two characters that SQS refuses.

A message that holds one of them is not mangled but rejected whole, so one odd tag would silence
everything else that is said about its resource. Escaped, they pass and read back the same.
"""

from typing import Any, Literal

import msgspec

_REFUSED = ("\ufffe", "\uffff")


def wire_json(value: Any, *, order: Literal["sorted"] | None = None) -> str:
    """Write a value as JSON text that an SQS body may hold."""
    text = msgspec.json.encode(value, order=order).decode()
    for character in _REFUSED:
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
