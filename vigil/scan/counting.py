"""What a scan found, in numbers; parts of it are stored with finished tasks and added up."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.model import Compliance, Gap, GapReason, Severity
from vigil.scan.looking import Found


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Unread:
    """One kind of thing that could not be read, somewhere."""

    region: str
    call: str
    error: str
    reason: GapReason
    listing: bool


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of a task, or of a whole scan.

    Attributes:
        failures: NON_COMPLIANT lines by severity.
        unread: How many resources or listings each kind of gap touched.
    """

    resources: int = 0
    verdicts: Counter[Compliance] = field(default_factory=Counter)
    failures: Counter[Severity] = field(default_factory=Counter)
    unread: Counter[Unread] = field(default_factory=Counter)

    @property
    def worst(self) -> Severity | None:
        """The worst severity among failures."""
        return max(self.failures, key=lambda severity: severity.rank, default=None)

    def add(self, found: Found, region: str) -> None:
        """Count a piece of work."""
        self.resources += found.resources
        self.verdicts.update(found.verdicts)
        self.failures.update(
            row.severity for row in found.rows if row.compliance is Compliance.NON_COMPLIANT
        )
        self.unread.update({_kind_of(gap, region) for gap in found.gaps} if found.gaps else ())

    def join(self, others: Iterable["Tally"]) -> None:
        """Add other counts to these."""
        for other in others:
            self.resources += other.resources
            self.verdicts.update(other.verdicts)
            self.failures.update(other.failures)
            self.unread.update(other.unread)

    @property
    def could_not_look(self) -> bool:
        """Tell whether something was denied or failed; a service that is not there is neither."""
        return any(unread.reason is not GapReason.UNSUPPORTED for unread in self.unread)


def _kind_of(gap: Gap, region: str) -> Unread:
    return Unread(
        region=region,
        call=gap.call,
        error=gap.error,
        reason=gap.reason,
        listing=not gap.pointer,
    )
