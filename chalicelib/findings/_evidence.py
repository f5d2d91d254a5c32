"""Evidence as a set: what makes two places the same place.

Not the path: indices shift when an unrelated element goes. The same value failing the same
expectation is the same hole, wherever it stands in its list.
"""

from dataclasses import replace

import msgspec

from chalicelib.model import Evidence

#: Places kept per finding; with 2 KB each the finding stays far below DynamoDB's 400 KB.
EVIDENCE_LIMIT = 40


def bounded(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Keep a bounded number of places: the same ones in every look, whatever their order."""
    if len(evidence) <= EVIDENCE_LIMIT:
        return evidence
    return tuple(sorted(evidence, key=key)[:EVIDENCE_LIMIT])


def without(evidence: tuple[Evidence, ...], other: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Return the evidence that is not in the other one too."""
    keys = {key(e) for e in other}
    return tuple(e for e in evidence if key(e) not in keys)


def marked(evidence: tuple[Evidence, ...], caused: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Return all of the evidence, with exactly these places marked as the cause's work."""
    keys = {key(e) for e in caused}
    return tuple(replace(e, caused=key(e) in keys) for e in evidence)


def key(evidence: Evidence) -> tuple[bytes, str]:
    """Return what identifies a place."""
    return msgspec.json.encode(evidence.actual, order="sorted"), evidence.expected
