"""HTML that is safe because of what it is made with: only `element` makes any, and it escapes.

A plain string is text, wherever it came from, and becomes legible and bounded on the way. Whoever
wants markup inside markup has to have got it from here.
"""

from collections.abc import Iterable
from html import escape

from chalicelib.facts.legible import legible

#: No text shown is longer; stored texts are far shorter, unless somebody tries.
TEXT_LIMIT_CHARS = 2_000

_VOID = frozenset({"meta", "br"})


class Html(str):
    """Markup made here; any other string is text that is escaped."""

    __slots__ = ()


def text(value: str) -> Html:
    """Return a text as markup: it cannot begin or end an element or an attribute."""
    bounded = value if len(value) <= TEXT_LIMIT_CHARS else value[: TEXT_LIMIT_CHARS - 1] + "…"
    return Html(escape(legible(bounded), quote=True))


def element(name: str, /, *content: str | None, **attributes: str) -> Html:
    """Return an element.

    Args:
        name: Of the element.
        content: Texts and elements; None is nothing.
        attributes: Underscores stand for hyphens, one at the end for none (``class_``).
    """
    opening = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_safe(value)}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Html(f"<{name}{opening}>")
    return Html(f"<{name}{opening}>{_joined(content)}</{name}>")


def joined(parts: Iterable[str | None]) -> Html:
    """Return texts and elements one after the other."""
    return Html(_joined(parts))


def table(heading: Iterable[str], rows: Iterable[Iterable[str]], class_: str = "") -> Html | None:
    """Return a table, or None where it would have no rows."""
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    if not body:
        return None
    head = element("tr", *(element("th", name, scope="col") for name in heading))
    attributes = {"class_": class_} if class_ else {}
    return element("table", element("thead", head), element("tbody", *body), **attributes)


def _joined(parts: Iterable[str | None]) -> str:
    return "".join(_safe(part) for part in parts if part is not None)


def _safe(part: str) -> str:
    return part if isinstance(part, Html) else text(part)
