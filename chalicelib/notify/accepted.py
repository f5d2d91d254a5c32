"""What is told of exemptions and of people: who asked or decided, about what, and until when.

These are messages of their own: no finding stands in them, and nothing brings them up to date.
"""

from collections.abc import Iterator, Mapping

from chalicelib.model import Exemption, Identity, Person, Scope, Transition, TransitionKind
from chalicelib.notify._blocks import Payload, bounded, heading, note, plain
from chalicelib.notify.words import clean, instant

TEXT_LIMIT_CHARS = 1_000
_TITLES: Mapping[TransitionKind, str] = {
    TransitionKind.EXEMPTION_REQUESTED: "Exemption asked for",
    TransitionKind.EXEMPTION_APPROVED: "Exemption approved",
    TransitionKind.EXEMPTION_REFUSED: "Exemption refused",
    TransitionKind.EXEMPTION_REVOKED: "Exemption revoked",
    TransitionKind.EXEMPTION_EXPIRED: "Exemption over",
    TransitionKind.EXEMPTION_ENDING: "Exemption ends soon",
}
#: What whoever reads it may want to do.
_ADVICE: Mapping[TransitionKind, str] = {
    TransitionKind.EXEMPTION_REQUESTED: "Another person has to approve it.",
    TransitionKind.EXEMPTION_ENDING: "Fix it until then, or ask again.",
}
_REPEATED = "repeated: the first delivery may have arrived"


def title_of(transition: Transition) -> str:
    """Say in one line what happened; empty where it is about neither."""
    if transition.exemption is not None:
        about = _scope_text(transition.exemption.scope)
        return clean(f"{_TITLES.get(transition.kind, 'Exemption')}: {about}", 300)
    if transition.person is not None:
        state = _state_of(transition.person)
        return clean(f"Person {state}: {transition.person.name} ({transition.person.id})", 300)
    return ""


def lines_of(transition: Transition) -> list[str]:
    """Say everything about it, line by line."""
    by = f"By: {_name(transition.act.by)}" if transition.act else "By: nobody known"
    lines = [by]
    if transition.act and transition.act.note:
        lines.append(f"Note: {clean(transition.act.note, TEXT_LIMIT_CHARS)}")
    if transition.exemption is not None:
        lines += _about_exemption(transition.exemption)
    if transition.person is not None:
        lines += [f"Identity: {clean(key)}" for key in transition.person.identities]
    return [*lines, *filter(None, [_advice(transition)])]


def payload(transition: Transition, *, repeated: bool = False) -> Payload:
    """Return the message about a move of an exemption or a person."""
    title, record = title_of(transition), transition.exemption or transition.person
    last = clean(f"{record.id if record else ''} revision {transition.seq}")
    marked = f"{last} · {_REPEATED}" if repeated else last
    return bounded(title, [heading(title), plain("\n".join(lines_of(transition))), note(marked)])


def _about_exemption(exemption: Exemption) -> Iterator[str]:
    yield f"About: {_scope_text(exemption.scope)}"
    yield f"Findings: {exemption.matched} when it was asked for"
    yield f"Reason: {clean(exemption.reason, TEXT_LIMIT_CHARS)}"
    yield f"Asked by: {_name(exemption.requested_by)}"
    if exemption.decided_by is not None:
        yield f"Decided by: {_name(exemption.decided_by)}"
    yield f"Until: {instant(exemption.expires_at)}"


def _advice(transition: Transition) -> str:
    if transition.person is not None and _state_of(transition.person) == "enrolled":
        return "Another person has to confirm that these identities are theirs."
    return _ADVICE.get(transition.kind, "")


def _state_of(person: Person) -> str:
    if person.removed:
        return "removed"
    return "confirmed" if person.confirmed else "enrolled"


def _name(identity: Identity) -> str:
    person = f"person {identity.person}" if identity.person else "no known person"
    return clean(f"{identity.name} ({identity.kind.value}, {person})")


def _scope_text(scope: Scope) -> str:
    parts = [
        f"rule {scope.rule_id}",
        f"{scope.resource_type or 'resource'} {scope.resource}",
        f"in account {scope.account}, {scope.region}",
        *(f"tagged {key}={value}" for key, value in sorted(scope.tags.items())[:5]),
    ]
    return clean(" ".join(parts), 400)
