"""What an item calls a property is what CloudFormation calls it, as deep as we name anything.

The schemas are those of CloudFormation's registry, as cfn-lint brings them along.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from chalicelib.evaluate import _declared
from chalicelib.evaluate._declared import Schema, Schemas, inlined
from chalicelib.model import ResourceType
from chalicelib.model.pointer import EACH, pointer_of, tokens_of
from vigil.rulefiles import resource_types

SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
VERSIONS = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text("utf-8"))
TYPES = [kind for kind in resource_types() if kind.type.startswith("AWS::")]

#: (type, name) that CloudFormation does not have, and why we do.
OURS = {
    ("AWS::EC2::SecurityGroup", f"/SecurityGroupEgress/*/{name}"): (
        "both directions have one shape, so that one fact reads both; CloudFormation says"
        " Destination… instead of Source… where traffic leaves"
    )
    for name in (
        "SourcePrefixListId",
        "SourceSecurityGroupId",
        "SourceSecurityGroupOwnerId",
    )
}

each_type = pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.type)


def published(kind: ResourceType) -> Schema:
    """Return CloudFormation's own schema of a type."""
    return json.loads((SCHEMAS / "resources" / f"{VERSIONS[kind.type]}.json").read_text("utf-8"))


def unknown_names(ours: Schema, theirs: Schema, root: Schema) -> Iterator[str]:
    """Yield the pointers of names that `ours` has and `theirs` has not."""
    yield from _unknown((ours,), _resolved(theirs, root), root, ())


def _unknown(ours: Schemas, theirs: Schemas, root: Schema, path: tuple[str, ...]) -> Iterator[str]:
    if not any("properties" in schema or "items" in schema for schema in theirs):
        return  # any object, or a document as text
    for name in _declared.names(ours):
        known = _named(theirs, name, root)
        if known is None:
            yield pointer_of((*path, name))
        else:
            yield from _unknown(_declared.child(ours, name), known, root, (*path, name))
    if elements := _declared.elements(ours):
        found = [e for schema in theirs for e in _resolved(schema.get("items", {}), root)]
        yield from _unknown(elements, tuple(found), root, (*path, EACH))


def _named(schemas: Schemas, name: str, root: Schema) -> Schemas | None:
    found = [schema["properties"][name] for schema in schemas if name in _properties(schema)]
    if not found and any("patternProperties" in schema for schema in schemas):
        return ()
    return tuple(one for schema in found for one in _resolved(schema, root)) if found else None


def _properties(schema: Schema) -> Mapping[str, Any]:
    return schema.get("properties", {})


def _resolved(schema: Schema, root: Schema) -> Schemas:
    """Return a schema and those it combines, references followed."""
    while "$ref" in schema:
        target: Any = root
        for token in tokens_of(schema["$ref"].removeprefix("#")):
            target = target[token]
        schema = target
    inner = [one for keyword in _declared.COMBINATORS for one in schema.get(keyword, ())]
    return (schema, *(flat for one in inner for flat in _resolved(one, root)))


@each_type
def test_every_property_has_the_name_that_cloudformation_gives_it(kind: ResourceType) -> None:
    root = published(kind)
    ours = inlined(kind.schema)["properties"]["properties"]

    unknown = {(kind.type, pointer) for pointer in unknown_names(ours, root, root)}

    assert unknown == {place for place in OURS if place[0] == kind.type}


def test_every_type_that_claims_to_be_of_cloudformation_is() -> None:
    assert {kind.type for kind in TYPES} <= VERSIONS.keys()


@pytest.mark.parametrize(
    ("ours", "unknown"),
    [
        ({"Name": {}}, []),
        ({"Nam": {}}, ["/Nam"]),
        ({"Inner": {"properties": {"Depth": {}}}}, []),
        ({"Inner": {"properties": {"Dept": {}}}}, ["/Inner/Dept"]),
        ({"List": {"items": {"properties": {"Dept": {}}}}}, ["/List/*/Dept"]),
        ({"List": {"anyOf": [{"items": {"properties": {"Dept": {}}}}]}}, ["/List/*/Dept"]),
        ({"Document": {"properties": {"Anything": {}}}}, []),
    ],
)
def test_a_name_that_cloudformation_has_not_is_found(
    ours: dict[str, Any], unknown: list[str]
) -> None:
    inner = {"type": "object", "properties": {"Depth": {"type": "integer"}}}
    theirs = {
        "definitions": {"Inner": inner},
        "properties": {
            "Name": {"type": "string"},
            "Inner": {"$ref": "#/definitions/Inner"},
            "List": {"type": "array", "items": {"oneOf": [{"$ref": "#/definitions/Inner"}]}},
            "Document": {"type": ["object", "string"]},
        },
    }

    assert list(unknown_names({"properties": ours}, theirs, theirs)) == unknown
