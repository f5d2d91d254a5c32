"""History entries as bytes: what is hashed, chained, sealed and verified.

A body is written once and never serialised again: whoever verifies it hashes the stored bytes,
because another version of this code may write the same entry differently.
"""

import hashlib
from dataclasses import dataclass, replace

import msgspec

from chalicelib.model import Finding, Transition, TransitionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A history entry as stored.

    Attributes:
        body: Canonical JSON of the transition.
        prev: Hash of the finding's previous entry; None for its first, and for detections.
    """

    pk: str
    sk: str
    kind: TransitionKind
    seq: int
    prev: str | None
    body: bytes


def body_of(transition: Transition) -> bytes:
    """Write a transition as canonical JSON: keys sorted, UTF-8, no blanks."""
    return msgspec.json.encode(transition, order="sorted")


def transition_from(body: bytes) -> Transition:
    """Read a transition back."""
    return msgspec.json.decode(body, type=Transition)


def hash_of(body: bytes) -> str:
    """Return the SHA-256 of an entry's body, hexadecimal: the next entry's ``prev``."""
    return hashlib.sha256(body).hexdigest()


def chained(finding: Finding, body: bytes) -> Finding:
    """Return the finding with the entry that tells of its last transition as its head."""
    return replace(finding, head=hash_of(body))
