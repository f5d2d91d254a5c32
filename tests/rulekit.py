"""A small resource type and builders for rules about it; overrides say what a test is about."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.evaluate.compiler import compile_rule
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import (
    ConfigurationItem,
    Fact,
    Gap,
    GapReason,
    Page,
    ResourceRef,
    ResourceType,
    Rule,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "111122223333"

OPENING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["Protocol", "FromPort", "ToPort", "Sources", "Because"],
    "properties": {
        "Protocol": {"enum": ["tcp", "udp", "all"]},
        "FromPort": {"type": "integer"},
        "ToPort": {"type": "integer"},
        "Sources": {"type": "array", "items": {"type": "string"}},
        "Because": {"type": "array", "items": {"type": "string"}},
    },
}
PROPERTIES = {
    "Name": {"type": "string"},
    "Public": {"type": "boolean"},
    "Size": {"type": ["integer", "null"]},
    "Created": {"type": ["string", "null"]},
    "Tags": {"$ref": "#/$defs/texts"},
    "Keys": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["Id", "Created"],
            "properties": {"Id": {"type": "string"}, "Created": {"type": "string"}},
        },
    },
    "Policy": {"type": "object"},
}
OBSERVED = {"Attached": {"type": ["integer", "null"]}}


def _section(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": dict(properties),
    }


def _openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    return [opening(22, 22)] if item.properties["Public"] else []


THING = ResourceType(
    type="Test::Unit::Thing",
    service="unit",
    noun="thing",
    schema={
        **_section({"properties": _section(PROPERTIES), "observed": _section(OBSERVED)}),
        "$defs": {"texts": {"type": "array", "items": {"type": "string"}}},
    },
    routes=(),
    facets=(),
    facts=(
        Fact(
            name="Openings",
            inputs=("/properties/Public",),
            compute=_openings,
            schema={"type": "array", "items": OPENING},
            partial=True,
        ),
        Fact(
            name="IsBad",
            inputs=("/properties/Public",),
            compute=lambda item: bool(item.properties["Public"]),
            schema={"type": "boolean"},
        ),
    ),
    list=lambda *_: Page(),
    list_calls=(),
    list_permissions=(),
    arn=lambda ref: f"arn:aws:unit:::{ref.id}",
    defaults={
        "properties": {
            "Name": "a",
            "Public": False,
            "Size": 1,
            "Created": "2025-12-31T00:00:00Z",
            "Tags": [],
            "Keys": [],
            "Policy": {},
        },
        "observed": {"Attached": 1},
    },
    change_facts={"Openings": {"type": "array", "items": OPENING}},
)


def opening(first: int, last: int, **overrides: Any) -> dict[str, Any]:
    """Return a row of the fact ``Openings``."""
    return {
        "Protocol": "tcp",
        "FromPort": first,
        "ToPort": last,
        "Sources": ["0.0.0.0/0"],
        "Because": ["/properties/Public"],
        **overrides,
    }


def document(**overrides: Any) -> dict[str, Any]:
    """Return a rule document; None leaves a key out."""
    whole = {
        "id": "thing-not-public",
        "title": "Things are not public",
        "severity": "high",
        "resource": THING.type,
        "compliant_when": {"properties": {"Public": {"const": False}}},
        "message": "{id} is public",
        "risk": "Everybody can read it.",
        "fix": {"text": "Make it private."},
        "examples": [],
        **overrides,
    }
    return {key: value for key, value in whole.items() if value is not None}


def change_document(**overrides: Any) -> dict[str, Any]:
    """Return the document of a change rule."""
    change = {
        "id": "thing-made-public",
        "compliant_when": None,
        "change": [{"source": "unit.amazonaws.com", "names": ["MakePublic"]}],
        "harmless_when": {"actor": {"type": {"const": "AWSService"}}},
        "message": "{actor.name} made {id} public",
    }
    return document(**{**change, **overrides})


def rule(written: Mapping[str, Any], **parameters: Any) -> Rule:
    """Compile a document."""
    return compile_rule(
        written, source="t.yaml", line_of=lambda _: 1, types=[THING], parameters=parameters
    )


def book(*documents: Mapping[str, Any]) -> Rulebook:
    """Return a rulebook of some documents."""
    return Rulebook.of([rule(written) for written in documents], [THING])


def item(*gaps: str, derived: Mapping[str, Any] | None = None, **values: Any) -> ConfigurationItem:
    """Return an item; names are properties, ``Attached`` is observed; `gaps` are pointers."""
    attached = {"Attached": values.pop("Attached", 1)}
    return ConfigurationItem(
        ref=ResourceRef(account_id=ACCOUNT, region="us-east-1", type=THING.type, id="one"),
        properties={**THING.defaults["properties"], **values},
        observed=attached,
        derived={"Openings": [], "IsBad": False, **(derived or {})},
        gaps=tuple(gap(pointer) for pointer in gaps),
        started_at=NOW,
        ended_at=NOW,
    )


def gap(pointer: str) -> Gap:
    """Return a gap of a denied call."""
    return Gap(
        pointer=pointer, reason=GapReason.DENIED, call="unit:DescribeThing", error="AccessDenied"
    )
