"""Holds an event against a compiled OCSF schema: what is required, typed, enumerated, allowed.

Deprecated attributes count as unknown: nothing new is written with them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

FULL = Path(__file__).parents[4] / "shared" / "schemas"
REDUCED = Path(__file__).with_name("ocsf")
VERSIONS = ("1.8.0", "1.9.0-dev")
#: What our events are made of; the schema has a hundred objects more.
_REACHED = (
    "account actor analytic api assessment attestation check cloud compliance evidences "
    "finding_info fingerprint http_request key_value_object metadata network_endpoint prev_event "
    "product remediation resource_details service session user"
)
_KEPT = ("is_array", "type", "enum", "requirement", "profile", "@deprecated")
_NUMBERS = ("integer_t", "long_t", "timestamp_t")
#: An object that the part kept here lacks: nothing in it is known.
_UNREACHED: Mapping[str, Any] = {"attributes": {}}


def compiled(version: str) -> dict[str, Any]:
    """Return a compiled schema: whole where this machine has it, else the part of it kept here."""
    path = FULL / f"ocsf-{version}-findings.json"
    return msgspec.json.decode(path.read_bytes()) if path.exists() else kept(version)


def kept(version: str) -> dict[str, Any]:
    """Return the part of a compiled schema that is kept here."""
    return msgspec.json.decode((REDUCED / f"{version}.json").read_bytes())


def reduced(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a schema that our events can reach."""
    reached = set(_REACHED.split()) & schema["objects"].keys()
    return {
        "changed": "only what the events of Vigil can reach",
        **{name: schema[name] for name in ("commit", "licence", "types", "version")},
        "classes": {name: _lean(kind) for name, kind in schema["classes"].items()},
        "objects": {name: _lean(schema["objects"][name]) for name in sorted(reached)},
    }


def _lean(kind: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        name: {key: attribute[key] for key in _KEPT if key in attribute}
        for name, attribute in kind["attributes"].items()
    }
    return {**kind, "attributes": attributes}


def problems(event: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Return everything in which an event of class 2003 or 2004 contradicts its schema."""
    classes = {found["uid"]: found for found in schema["classes"].values()}
    profiles = event["metadata"].get("profiles", ())
    found = classes[event["class_uid"]]
    unknown = [f"profile {name}" for name in profiles if name not in found["profiles"]]
    return [*unknown, *_of_object(event, found, schema, frozenset(profiles), "")]


def _of_object(
    value: Any,
    kind: Mapping[str, Any],
    schema: Mapping[str, Any],
    profiles: frozenset[str],
    at: str,
) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{at}: no object"
        return
    known = {
        name: attribute
        for name, attribute in kind["attributes"].items()
        if attribute.get("profile") in {None, *profiles} and "@deprecated" not in attribute
    }
    yield from (f"{at}/{name}: unknown" for name in value.keys() - known.keys())
    for name, attribute in known.items():
        if name not in value:
            if attribute["requirement"] == "required":
                yield f"{at}/{name}: required"
            continue
        yield from _of_attribute(value[name], attribute, schema, profiles, f"{at}/{name}")
    yield from _of_constraints(value, kind.get("constraints", {}), at)


def _of_constraints(
    value: Mapping[str, Any], constraints: Mapping[str, list[str]], at: str
) -> Iterator[str]:
    for name, choices in constraints.items():
        present = sum(choice in value for choice in choices)
        if (name == "at_least_one" and present == 0) or (name == "just_one" and present != 1):
            yield f"{at}: {name} of {choices}"


def _of_attribute(
    value: Any,
    attribute: Mapping[str, Any],
    schema: Mapping[str, Any],
    profiles: frozenset[str],
    at: str,
) -> Iterator[str]:
    if attribute.get("is_array"):
        if not isinstance(value, list):
            yield f"{at}: no array"
            return
        one = {**attribute, "is_array": False}
        for index, member in enumerate(value):
            yield from _of_attribute(member, one, schema, profiles, f"{at}/{index}")
        return
    if "enum" in attribute and str(value) not in attribute["enum"]:
        yield f"{at}: {value!r} is not in the enumeration"
    if attribute["type"] in schema["types"]:
        yield from _of_type(value, attribute["type"], schema["types"], at)
    elif attribute["type"] != "object":
        kind = schema["objects"].get(attribute["type"], _UNREACHED)
        yield from _of_object(value, kind, schema, profiles, at)
    elif not isinstance(value, Mapping):
        yield f"{at}: no object"


def _of_type(value: Any, name: str, types: Mapping[str, Any], at: str) -> Iterator[str]:
    if name == "json_t":
        return
    rules = types[name]
    base = rules.get("type", name)
    if not _is_of(value, base):
        yield f"{at}: {value!r} is no {name}"
        return
    if "regex" in rules and not re.search(rules["regex"], value):
        yield f"{at}: {value!r} does not look like {name}"
    if "max_len" in rules and len(value) > rules["max_len"]:
        yield f"{at}: longer than {rules['max_len']}"
    if "range" in rules and not rules["range"][0] <= value <= rules["range"][1]:
        yield f"{at}: out of range"


def _is_of(value: Any, base: str) -> bool:
    if base == "boolean_t":
        return isinstance(value, bool)
    if base in _NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool)
    if base == "float_t":
        return isinstance(value, float | int)
    return isinstance(value, str)
