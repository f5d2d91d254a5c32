"""Why a finding moved: because somebody changed something, time passed, or the rules are new.

The request's own reason is only a hint: a routine sweep can be the first to see a change whose
event was lost, and a live change's look can be the first under a new rule.
"""

from collections.abc import Iterable

from chalicelib.findings._case import Case
from chalicelib.findings._matching import MISSING, find
from chalicelib.findings.blame import explains
from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import Evaluation, Evidence, Look, Reason
from chalicelib.model.pointer import tokens_of

#: Reasons that say how the look is to be told, whatever it saw.
OVERRULING = frozenset({Reason.FIRST_LOOK, Reason.COMPANION, Reason.PERSON})


def reason_for(case: Case, evaluation: Evaluation, evidence: tuple[Evidence, ...]) -> Reason:
    """Return why a rule's finding moves in this look.

    Args:
        case: The decision at hand.
        evaluation: The verdict that moves it.
        evidence: What the finding rests on, or rested on.
    """
    if case.request.reason in OVERRULING:
        return case.request.reason
    base = case.base
    if base is None:
        return Reason.CHANGE
    same_item = base.fingerprint == case.sighting.fingerprint
    if _same_rule(base, evaluation):
        return Reason.TIME if same_item else Reason.CHANGE
    return Reason.RULE_CHANGE if same_item or _untouched(case, base, evidence) else Reason.CHANGE


def _same_rule(base: Look, evaluation: Evaluation) -> bool:
    if evaluation.rule_id == UNREADABLE_RULE.id:
        return True
    verdict = base.verdicts.get(evaluation.rule_id)
    return verdict is not None and verdict.rule_hash == evaluation.rule_hash


def _untouched(case: Case, base: Look, evidence: tuple[Evidence, ...]) -> bool:
    """Tell whether a new rule's evidence stood before it.

    A new rule also reads what was never described before, which alone makes the fingerprint
    another: neither may page anybody.
    """
    item, touch = case.sighting.item, case.request.touch
    if base.item is None or item is None or (touch and explains(touch, evidence, item)):
        return False
    now, before = item.document(), base.item
    return all(find(before, path) in (MISSING, find(now, path)) for path in _raw_paths(evidence))


def _raw_paths(evidence: Iterable[Evidence]) -> list[tuple[str, ...]]:
    return [tokens_of(p) for e in evidence for p in (e.because or (e.path,))]
