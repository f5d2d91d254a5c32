"""People who act on findings in tests, and findings to act on."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.model import Act, Finding, Identity, IdentityKind, Known, Status
from tests.unit.findings.deciding import decided, known_after
from tests.unit.findings.given import at, closed, opened, opening

ANN = Identity(kind=IdentityKind.IAM_USER, id="AIDAANN", name="ann", person="ann")
BOB = Identity(kind=IdentityKind.SLACK, id="T1/U1", name="bob")
NOON = at(60)


def act(note: str | None = None, by: Identity = ANN) -> Act:
    return Act(by=by, note=note)


def standing(**overrides: Any) -> Finding:
    """An open finding, as the lifecycle makes it."""
    (finding,) = known_after(decided(Known(), opened(0), opening())).findings
    return replace(finding, **overrides)


def settled(**overrides: Any) -> Finding:
    """A finding that was resolved."""
    known = known_after(decided(Known(), opened(0), opening()))
    (finding,) = known_after(decided(known, closed(10))).findings
    assert finding.status is Status.RESOLVED
    return replace(finding, **overrides)


def later(finding: Finding, seconds: float = 1) -> datetime:
    return at((finding.changed_at - at(0)).total_seconds() + seconds)
