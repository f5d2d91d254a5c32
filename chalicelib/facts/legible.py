"""What a stranger's text shows once nothing in it can act: on screens, in messages, in log lines.

Printable is more than "no control characters": direction overrides, line separators, tags and
zero-width joiners are none in the eyes of a regex over C0 and C1, yet they let one name pose as
another. Escaping for a format (HTML, mrkdwn, CSV) is still its writer's.
"""

import unicodedata
from collections.abc import Iterator

#: Marks that may stand on one letter: no orthography needs more, a flood covers its neighbours.
MARKS_LIMIT = 4

_MARKS = frozenset({"Mn", "Me"})
_UNPRINTABLE = {True: " ", False: "\ufffd"}


def legible(text: str) -> str:
    """Return a text in one line, no longer than given: blanks become spaces, what acts U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(text))


def _shown(text: str) -> Iterator[str]:
    height = 0
    for character in text:
        height = height + 1 if unicodedata.category(character) in _MARKS else 0
        if height <= MARKS_LIMIT:
            yield character if character.isprintable() else _UNPRINTABLE[character.isspace()]
