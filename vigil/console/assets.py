"""The files of the page, compressed once; and the headers that keep the page harmless.

The folder is read when the server starts: what is not in it then is not served, whatever a path
says.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).with_name("static")
SHELL = "/index.html"
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)
_CSP: Mapping[str, str] = MappingProxyType(
    {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'none'",
        # No policy may turn a text into markup or a script: such an assignment throws.
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
)
#: On every answer.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _CSP.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file of the page."""

    media_type: str
    body: bytes
    gzipped: bytes
    etag: str


def assets_in(folder: Path = FOLDER) -> Mapping[str, Asset]:
    """Read the page's files; path below the server's root → file."""
    files = (file for file in sorted(folder.rglob("*")) if file.suffix in _TYPES)
    return {f"/{file.relative_to(folder).as_posix()}": _asset_from(file) for file in files}


def gzipped(body: bytes) -> bytes:
    """Compress; the same bytes give the same bytes."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def _asset_from(file: Path) -> Asset:
    body = file.read_bytes()
    return Asset(
        media_type=_TYPES[file.suffix],
        body=body,
        gzipped=gzipped(body),
        etag=hashlib.sha256(body).hexdigest()[:32],
    )
