"""The finding about the register: rows of people or exemptions that are not what history says.

Such rows are believed by nobody, so nothing is hidden by them; but somebody wrote them.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.findings._evidence import EVIDENCE_LIMIT
from chalicelib.findings.tampering import TABLE_TYPE, as_it_stands
from chalicelib.model import Commit, Evidence, Fix, Known, Rule, RuleKind, Severity, Subject
from chalicelib.model.pointer import pointer_of

#: Rows named in the message.
SHOWN = 3
ROW_LIMIT_CHARS = 300
REGISTER_RULE = Rule(
    id="vigil-register-altered",
    kind=RuleKind.CONFIGURATION,
    title="Nobody edits Vigil's lists of people and exemptions",
    severity=Severity.CRITICAL,
    resource_type=TABLE_TYPE,
    condition={},
    message="Rows of people or exemptions are not what their history says.",
    risk="Somebody with write access to the table tried to approve for himself, or to be somebody.",
    fix=Fix(
        text="Find out from CloudTrail's data events who wrote to the table. An altered row counts"
        " for nothing; put back what the newest entry of its history says, or delete the row."
    ),
    hash="builtin-1",
)


def register_altered(
    known: Known, subject: Subject, problems: Sequence[str], now: datetime
) -> Commit | None:
    """Return what tells of rows that cannot be believed; None where that is told already."""
    shown = [problem[:ROW_LIMIT_CHARS] for problem in problems[:EVIDENCE_LIMIT]]
    evidence = tuple(
        Evidence(
            path=pointer_of((problem.partition(":")[0],)),
            actual={"Row": problem},
            expected="rows that say what their history says",
        )
        for problem in shown
    )
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    message = "; ".join(shown[:SHOWN]) + more or REGISTER_RULE.message
    return as_it_stands(REGISTER_RULE, known, subject, evidence, message, now)
