"""CloudFormation's intrinsic functions and the few names that both stacks must agree on.

The app stack imports what the data stack exports, so CloudFormation itself refuses to delete the
data while an app uses it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

#: A template, or a part of one.
Json = dict[str, Any]

VERSION = "2010-09-09"
#: A template that the CLI may pass along by itself; a larger one needs a bucket.
LIMIT_BYTES = 51_200
#: The same for one that is read from a bucket.
LIMIT_IN_BUCKET_BYTES = 1_000_000
#: Parameter of the app stack: the name of the data stack.
DATA_STACK = "DataStack"
NO_VALUE: Json = {"Ref": "AWS::NoValue"}


def ref(name: str) -> Json:
    """Return a reference to a resource, a parameter or a pseudo parameter."""
    return {"Ref": name}


def attribute(resource: str, name: str = "Arn") -> Json:
    """Return an attribute of a resource of the same template."""
    return {"Fn::GetAtt": [resource, name]}


def sub(text: str) -> Json:
    """Return a text whose ``${names}`` CloudFormation fills in."""
    return {"Fn::Sub": text}


def only_if(condition: str, value: Any, otherwise: Any = None) -> Json:
    """Return a value that is there only under a condition."""
    return {"Fn::If": [condition, value, NO_VALUE if otherwise is None else otherwise]}


def imported(name: str) -> Json:
    """Return what the data stack exports under a name."""
    return {"Fn::ImportValue": sub(f"${{{DATA_STACK}}}-{name}")}


def exports(values: Mapping[str, Any]) -> Json:
    """Return outputs that other stacks import as ``<stack>-<name>``."""
    return {
        name: {"Value": value, "Export": {"Name": sub(f"${{AWS::StackName}}-{name}")}}
        for name, value in values.items()
    }


def statement(actions: Iterable[str], resource: Any) -> Json:
    """Return an IAM statement that allows actions on a resource or a list of them."""
    return {"Effect": "Allow", "Action": sorted(set(actions)), "Resource": resource}


def policy(statements: Iterable[Json]) -> Json:
    """Return an IAM policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def as_text(document: Json) -> str:
    """Write JSON for people and for diffs."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_deployable(template: Json) -> str:
    """Write a template one resource a line: small, and still a diff of lines."""
    sections = (f"{json.dumps(name)}:{_section(content)}" for name, content in template.items())
    return "{" + ",\n".join(sections) + "}\n"


def _section(content: Any) -> str:
    if not isinstance(content, dict):
        return json.dumps(content, ensure_ascii=False)
    lines = (f"{json.dumps(name)}:{_packed(value)}" for name, value in content.items())
    return "{\n" + ",\n".join(lines) + "}"


def _packed(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
