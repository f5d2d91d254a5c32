"""Does a text that stands in the clear look like a secret, and by which sign.

The text goes in and only the name of the sign comes out: whoever describes a resource keeps
``(name, sign)`` and throws the value away, so that no item, finding or log can leak it. A
reference to a secret is none, nor are the keys that AWS prints in its documentation.
"""

import math
import re
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

#: Longer values are judged by their beginning.
VALUE_LIMIT_CHARS = 16_384


class Detector(StrEnum):
    """The sign by which a value was recognised."""

    CREDENTIAL_NAME = "aws-credential-name"
    ACCESS_KEY_ID = "aws-access-key-id"
    SECRET_KEY_SHAPE = "aws-secret-key-shape"  # noqa: S105 - the name of a sign
    PRIVATE_KEY = "private-key"
    SERVICE_TOKEN = "service-token"  # noqa: S105 - the name of a sign
    URL_PASSWORD = "url-password"  # noqa: S105 - the name of a sign
    SECRET_NAME = "secret-name-and-entropy"  # noqa: S105 - the name of a sign


class UrlCredential(StrEnum):
    """What a URL gives away."""

    PASSWORD = "password"  # noqa: S105 - a kind, no password
    TOKEN = "token"  # noqa: S105 - a kind, no token


#: Security Hub's list for build projects.
_CREDENTIAL_NAMES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})

_REFERENCE = re.compile(r"\$\{[^}]*\}|\$[A-Za-z_]\w*|arn:[\w-]+:.*|\{\{resolve:.*", re.DOTALL)
_EXAMPLE = re.compile(r"[A-Za-z0-9/+]{13,33}EXAMPLE(?:KEY)?")
_ACCESS_KEY_ID = re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_SERVICE_TOKEN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22}|glpat-[\w-]{20}|xox[abprs]-[\w-]{10}"
    r"|sk_live_[A-Za-z0-9]{16}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|ATBB[A-Za-z0-9]{24})"
)
_URL_PASSWORD = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,200}:([^\s/@]{1,200})@", re.IGNORECASE
)
_SECRET_KEY = re.compile(r"[A-Za-z0-9/+]{40}")
_SECRET_NAME = re.compile(
    r"(?:password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|private_?key"
    r"|credentials?)$",
    re.IGNORECASE,
)
# A path, the name of a parameter, an address: where a secret is, not what it is.
_LOCATION = re.compile(r"/\S*|[a-z0-9_.-]+(?:[/:][a-z0-9_.-]+)+|[a-z][a-z0-9+.-]{1,20}://\S*")
_WORDS = frozenset({"disabled", "optional", "required", "undefined"})
_USER_AND_PASSWORD = re.compile(r"([^\s/:@]*:[^\s/@]+)@")
# Also a password with a raw slash, which is no port.
_USER = re.compile(r"([^\s/@]*|[^\s/:@]*:(?!\d{1,5}/)[^\s@]+)@")
_TOKEN_PARAMETER = re.compile(
    r"[?&](?:access_token|private_token|token|password|api_key)=[^&]", re.IGNORECASE
)

# Bits a character. A commit's hash, which is none of them, has four at most.
_SECRET_KEY_ENTROPY = 4.2
_NAMED_ENTROPY = 2.5
_NAMED_LENGTH = 8


def detector_of(name: str, value: str) -> Detector | None:
    """Return the sign by which `value`, which stands under `name`, looks like a secret."""
    text = value.strip()[:VALUE_LIMIT_CHARS]
    if not text or _REFERENCE.fullmatch(text) or _EXAMPLE.fullmatch(text):
        return None
    if name in _CREDENTIAL_NAMES:
        return Detector.CREDENTIAL_NAME
    found = (detector for detector, shows in _SIGNS if shows(text))
    return next(found, Detector.SECRET_NAME if _is_named_secret(name, text) else None)


def url_credential(url: str) -> UrlCredential | None:
    """Return what a source's URL gives away; a user's name alone is no secret."""
    user, _, password = _user_of(url).partition(":")
    if password and not _REFERENCE.fullmatch(password):
        return UrlCredential.PASSWORD
    if _SERVICE_TOKEN.search(user) or _TOKEN_PARAMETER.search(url[:VALUE_LIMIT_CHARS]):
        return UrlCredential.TOKEN
    return None


def without_credentials(url: str) -> str:
    """Return a URL without user and query, the two places where it can hold a secret.

    What breaks the grammar of URLs loses rather more: a slash in a password hides nothing.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    user, at, place = rest.rpartition("@")
    has_user = at and (":" in user or (separator and "/" not in user))
    return f"{scheme}{separator}{re.split('[?#]', place if has_user else rest, maxsplit=1)[0]}"


def entropy(text: str) -> float:
    """Return Shannon's entropy of the characters of `text`, in bits a character."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())


def _user_of(url: str) -> str:
    """Return what stands before the host's ``@``; empty for ``git@host:path``, a mere address."""
    scheme, separator, rest = url.partition("://")
    found = (_USER if separator else _USER_AND_PASSWORD).match(rest if separator else scheme)
    return found[1] if found else ""


def _is_access_key(text: str) -> bool:
    return any(not _EXAMPLE.fullmatch(key) for key in _ACCESS_KEY_ID.findall(text))


def _has_url_password(text: str) -> bool:
    return any(not _REFERENCE.fullmatch(password) for password in _URL_PASSWORD.findall(text))


def _is_secret_key(text: str) -> bool:
    mixed = any(c.isupper() for c in text) and any(c.islower() for c in text)
    return bool(_SECRET_KEY.fullmatch(text)) and mixed and entropy(text) >= _SECRET_KEY_ENTROPY


def _is_named_secret(name: str, text: str) -> bool:
    if not _SECRET_NAME.search(name) or text in _WORDS or _LOCATION.fullmatch(text):
        return False
    return len(text) >= _NAMED_LENGTH and entropy(text) >= _NAMED_ENTROPY


_SIGNS: tuple[tuple[Detector, Callable[[str], bool]], ...] = (
    (Detector.ACCESS_KEY_ID, _is_access_key),
    (Detector.PRIVATE_KEY, lambda text: bool(_PRIVATE_KEY.search(text))),
    (Detector.SERVICE_TOKEN, lambda text: bool(_SERVICE_TOKEN.search(text))),
    (Detector.URL_PASSWORD, _has_url_password),
    (Detector.SECRET_KEY_SHAPE, _is_secret_key),
)
