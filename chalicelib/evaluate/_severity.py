"""Which severity a failing rule has, given what else is known."""

from typing import Any

from chalicelib.evaluate._kleene import Shadow
from chalicelib.evaluate.rulebook import ReadyRule
from chalicelib.model import Severity


def severity_of(
    ready: ReadyRule, document: Any, shadow: Shadow | None
) -> tuple[Severity, str | None]:
    """Return the severity of the first clause that holds, and why; else the rule's own.

    A clause that cannot be decided ends the search: ignorance changes no severity.
    """
    for check, clause in ready.severities:
        held = check.holds(document, shadow)
        if held is None:
            break
        if held:
            return clause.severity, clause.because
    return ready.rule.severity, None
