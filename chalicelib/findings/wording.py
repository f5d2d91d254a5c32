"""What people write into the history, within bounds: it is kept for ever and shown everywhere."""

from chalicelib.errors import InvalidRequestError

NOTE_LIMIT_CHARS = 2_000


def checked_text(text: str, what: str, least: int, most: int) -> str:
    """Return a text without blanks around it.

    Raises:
        InvalidRequestError: It is too short or too long, or no Unicode text at all.
    """
    stripped = text.strip()
    if not least <= len(stripped) <= most:
        raise InvalidRequestError(f"expected {what} of {least} to {most} characters")
    try:
        stripped.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"{what} holds half a character") from error
    return stripped


def checked_note(note: str | None) -> str | None:
    """Return a note, None where it is empty.

    Raises:
        InvalidRequestError: It is too long.
    """
    if note is None or not note.strip():
        return None
    return checked_text(note, "a note", 1, NOTE_LIMIT_CHARS)
