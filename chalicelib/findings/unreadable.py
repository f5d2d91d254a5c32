"""The finding about the auditor itself: something that was readable, or should be, is not.

Without it, denying one read would silence every rule that needs it. It is judged like any other
rule, only that its evidence is the gaps and its severity the worst of the rules they hide. What a
Region has never offered hides nothing: nobody can grant it, and there is nothing in it to read.
"""

from collections.abc import Mapping

from chalicelib.model import (
    Compliance,
    Evaluation,
    Evidence,
    Fix,
    Gap,
    Rule,
    RuleKind,
    Severity,
    Verdict,
)

#: A pair that no look ever decided counts as unreadable from this many undecided looks on.
PATIENCE_LOOKS = 2
GAPS_SHOWN = 20
MESSAGE_LIMIT_CHARS = 500

UNREADABLE_RULE = Rule(
    id="vigil-resource-unreadable",
    kind=RuleKind.CONFIGURATION,
    title="Vigil can read what its rules need",
    severity=Severity.MEDIUM,
    resource_type=None,
    condition={},
    message="Rules cannot be judged because AWS refused to answer.",
    risk="Whatever the hidden rules would object to stays unseen as long as this lasts.",
    fix=Fix(text="Let the role of Vigil make the calls named here, and remove denies against it."),
    hash="builtin-2",
)


def judge(evaluations: tuple[Evaluation, ...], verdicts: Mapping[str, Verdict]) -> Evaluation:
    """Judge readability.

    Args:
        evaluations: What the rules said in this look.
        verdicts: The verdicts after this look, by rule.
    """
    undecided = [
        e
        for e in evaluations
        if e.compliance is Compliance.INSUFFICIENT_DATA
        and (verdicts[e.rule_id].decided or not _is_never_offered(e.gaps))
    ]
    hidden = [e for e in undecided if _counts(verdicts[e.rule_id])]
    if hidden:
        return _unreadable(hidden)
    patient = Compliance.INSUFFICIENT_DATA if undecided else Compliance.COMPLIANT
    return _evaluation(patient, UNREADABLE_RULE.severity)


def _counts(verdict: Verdict) -> bool:
    return verdict.decided or verdict.undecided_looks >= PATIENCE_LOOKS


def _is_never_offered(gaps: tuple[Gap, ...]) -> bool:
    """Tell whether all that is missing is what the Region, or the account in it, does not have."""
    return bool(gaps) and all(gap.is_not_offered for gap in gaps)


def _unreadable(hidden: list[Evaluation]) -> Evaluation:
    gaps = tuple(dict.fromkeys(gap for e in hidden for gap in e.gaps))[:GAPS_SHOWN]
    evidence = tuple(_evidence_of(gap) for gap in gaps)
    return _evaluation(
        Compliance.NON_COMPLIANT,
        max((e.severity for e in hidden), key=lambda severity: severity.rank),
        message=_message(len(hidden), gaps),
        evidence=evidence or (Evidence(path="", actual=None, expected="a complete description"),),
    )


def _evidence_of(gap: Gap) -> Evidence:
    answer = {
        "Call": gap.call,
        "Error": gap.error,
        "Principal": gap.principal,
        "Reason": gap.reason.value,
    }
    return Evidence(path=gap.pointer, actual=answer, expected="an answer from AWS")


def _message(rules: int, gaps: tuple[Gap, ...]) -> str:
    answers = dict.fromkeys(
        f"{gap.call} answered {gap.error}" + (f" to {gap.principal}" if gap.principal else "")
        for gap in gaps
    )
    count = "1 rule cannot" if rules == 1 else f"{rules} rules cannot"
    return f"{count} be judged: {'; '.join(answers) or 'incomplete'}"[:MESSAGE_LIMIT_CHARS]


def _evaluation(
    compliance: Compliance,
    severity: Severity,
    *,
    message: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> Evaluation:
    return Evaluation(
        rule_id=UNREADABLE_RULE.id,
        rule_hash=UNREADABLE_RULE.hash,
        compliance=compliance,
        severity=severity,
        message=message,
        evidence=evidence,
    )
