"""Names that last: of findings, and of detections in the store.

A finding's id outlives episodes, rule versions and recreated resources; it depends on nothing but
the resource's key and the rule's id.
"""

import hashlib

import msgspec

from chalicelib.model import Detection, ResourceRef

ID_CHARS = 32


def finding_id(ref: ResourceRef, rule_id: str) -> str:
    """Return the id of the finding of a rule on a resource."""
    return hashlib.sha256(f"{ref.key}#{rule_id}".encode()).hexdigest()[:ID_CHARS]


def detection_key(detection: Detection) -> str:
    """Return the sort key under which a detection is stored.

    Event ids are reused by edited records and missing in some: what was said is part of the key,
    or the first would swallow all others. A burst is told once, whichever record was too many.
    """
    if detection.burst is not None:
        burst = detection.burst
        stretch = f"{burst.stretch:%Y-%m-%dT%H:%M:%SZ}"
        return f"detection#{detection.rule_id}#{stretch}#{burst.actor}"
    said = msgspec.json.encode((detection.cause, detection.evidence), order="sorted")
    digest = hashlib.sha256(said).hexdigest()[:ID_CHARS]
    return f"detection#{detection.rule_id}#{detection.cause.event_id or '-'}#{digest}"
