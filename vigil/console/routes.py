"""What the console passes on to the REST API, and which of its own paths are pages.

The API's other paths, present or future, cannot be reached with the person's credentials from a
browser: what is not listed here does not exist.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

_READS = frozenset({"GET"})
_WRITES = frozenset({"POST"})
_BOTH = _READS | _WRITES
#: Pattern of a path below the API's root → methods; ``*`` is one segment.
API: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "/findings": _READS,
        "/findings/*": _READS,
        "/findings/*/history": _READS,
        "/findings/*/acknowledgement": _WRITES,
        "/findings/*/assignee": frozenset({"PUT"}),
        "/findings/*/notes": _WRITES,
        "/resource": _READS,
        "/changes": _READS,
        "/rules": _READS,
        "/rules/*": _READS,
        "/exemptions": _BOTH,
        "/exemptions/preview": _WRITES,
        "/exemptions/*": _READS,
        "/exemptions/*/approval": _WRITES,
        "/exemptions/*/refusal": _WRITES,
        "/exemptions/*/revocation": _WRITES,
        "/people": _BOTH,
        "/people/*": frozenset({"DELETE"}),
        "/people/*/confirmation": _WRITES,
        "/me": _READS,
        "/exports": _BOTH,
        "/exports/*": _READS,
        "/posture": _READS,
        "/health": _READS,
    }
)
#: Paths that are answered with the page; its script reads the path again.
PAGES = (
    "/",
    "/findings",
    "/findings/*",
    "/resource",
    "/changes",
    "/exemptions",
    "/exemptions/*",
    "/people",
    "/exports",
)
_SEGMENT = r"[^/\x00-\x1f\x7f]{1,256}"
_DOTS = frozenset({".", ".."})


def _pattern_of(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\*", _SEGMENT))


_API_PATTERNS = tuple((_pattern_of(path), methods) for path, methods in API.items())
_PAGE_PATTERNS = tuple(map(_pattern_of, PAGES))


def methods_of(path: str) -> frozenset[str]:
    """Return what may be done at a decoded path of the API; empty where there is no such path."""
    if _DOTS.intersection(path.split("/")):
        return frozenset()
    found = (methods for pattern, methods in _API_PATTERNS if pattern.fullmatch(path))
    return frozenset().union(*found)


def is_page(path: str) -> bool:
    """Tell whether a decoded path is one of the console's pages."""
    return any(pattern.fullmatch(path) for pattern in _PAGE_PATTERNS)


def encoded(path: str) -> str:
    """Return a decoded path as it is sent: what looks like a separator in a segment is not one."""
    return "/".join(quote(segment, safe="") for segment in path.split("/"))
