"""AWS::CodeBuild::Project: where a build gets its source, and what it is told in variables.

CodeBuild hands out clear-text values and URLs with passwords to whoever may describe a project.
None of them gets past this module: a variable becomes name, type and the sign of a secret, a URL
loses its user and query.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.facts.secrets import (
    Detector,
    UrlCredential,
    detector_of,
    url_credential,
    without_credentials,
)
from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._plain import text
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::CodeBuild::Project"
SOURCE = "codebuild.amazonaws.com"

VARIABLES = "/observed/EnvironmentVariables"
CREDENTIALS = "/observed/SourceCredentials"
TAGS = "/properties/Tags"
SOURCES = ("/properties/Source", "/properties/SecondarySources")

#: What CodeBuild calls a project's main source in builds that have several.
_MAIN_SOURCE = "main"
#: A variable without a type is one in clear text.
_CLEAR = "PLAINTEXT"
_LIMIT_CHARS = 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,254}")

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_SOURCE_SHAPE = {"Type": _TEXT, "Location": _TEXT_OR_NULL}
_VARIABLE_SHAPE = {
    "Name": _TEXT,
    "Type": _TEXT,
    "Detector": {"enum": [*(detector.value for detector in Detector), None]},
}
_CREDENTIAL_SHAPE = {
    "Source": _TEXT,
    "Kind": {"enum": [kind.value for kind in UrlCredential]},
}


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("codebuild", account_id=ref.account_id, region=ref.region)
    projects = member(client.batch_get_projects(names=[ref.id]), "projects")
    return _reading(projects[0]) if projects else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return whole projects, up to 100 per page: as many as both calls take."""
    client = aws.client("codebuild", account_id=account_id, region=region)
    named = client.list_projects(**({"nextToken": token} if token else {}))
    names = member(named, "projects")
    legible = [name for name in names if isinstance(name, str) and name]
    found = member(client.batch_get_projects(names=legible), "projects") if legible else ()
    odd = (name for name in names if name not in legible)
    return page_of(
        (*found, *odd), lambda project: _item(account_id, region, project), named.get("nextToken")
    )


def _item(account_id: str, region: str, project: Mapping[str, Any]) -> Listed:
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=project["name"])
    return whole(ref, lambda: _reading(project))


def _reading(project: Mapping[str, Any]) -> FacetReading:
    source = member(project, "source")
    others = project.get("secondarySources") or []
    variables = member(project, "environment").get("environmentVariables")
    return FacetReading(
        properties={
            "Name": member(project, "name"),
            "Source": _source(source),
            "SecondarySources": [{**_source(one), "SourceIdentifier": _id(one)} for one in others],
            "Tags": tags_from(project.get("tags")),
        },
        observed={
            "EnvironmentVariables": _variables(variables),
            "SourceCredentials": _credentials(source, others),
        },
    )


def _source(source: Any) -> dict[str, Any]:
    location = _text(field(source, "location"))
    kept = without_credentials(location)[:_LIMIT_CHARS] if location else None
    return {"Type": _text(field(source, "type")), "Location": kept}


def _id(source: Any) -> str:
    return _text(field(source, "sourceIdentifier"))[:_LIMIT_CHARS]


def _variables(variables: Any) -> list[dict[str, Any]]:
    given = variables if isinstance(variables, list) else []
    return [_variable(each) for each in given if isinstance(each, Mapping)]


def _variable(variable: Mapping[str, Any]) -> dict[str, Any]:
    name = _text(field(variable, "name"))
    kind = _text(field(variable, "type")) or _CLEAR
    # Of the other types the value is the name of a parameter or a secret.
    sign = detector_of(name, _text(field(variable, "value"))) if kind == _CLEAR else None
    return {
        "Name": name[:_LIMIT_CHARS],
        "Type": kind[:_LIMIT_CHARS],
        "Detector": sign and sign.value,
    }


def _credentials(source: Any, others: Iterable[Any]) -> list[dict[str, Any]]:
    named = [(_MAIN_SOURCE, source), *((_id(other), other) for other in others)]
    found = ((name, url_credential(_text(field(one, "location")))) for name, one in named)
    return [{"Source": name, "Kind": kind.value} for name, kind in found if kind]


def _text(value: Any) -> str:
    return text(value) if isinstance(value, str) else ""


def _proposed(record: Record) -> dict[str, Any]:
    # A part that an update does not name stays as it is: the call proposes nothing of it.
    parameters = parameters_of(record)
    others = field(parameters, "secondarySources")
    return {
        VARIABLES: _variables(field(field(parameters, "environment"), "environmentVariables")),
        CREDENTIALS: _credentials(
            field(parameters, "source"), others if isinstance(others, list) else ()
        ),
    }


def _identify(raw: str, _record: Record) -> str | None:
    name = raw.rpartition(":project/")[2]
    return name if _NAME.fullmatch(name) else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:codebuild:{ref.region}:{ref.account_id}:project/{ref.id}"


_NAMES = ("requestParameters.name",)
_POINTERS = ("/properties/Name", *SOURCES, TAGS, VARIABLES, CREDENTIALS)
_WRITES = (*SOURCES, TAGS, VARIABLES, CREDENTIALS)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="codebuild",
    noun="build project",
    schema=closed(
        {
            "properties": closed(
                {
                    "Name": _TEXT,
                    "Source": closed(_SOURCE_SHAPE),
                    "SecondarySources": {
                        "type": "array",
                        "items": closed({**_SOURCE_SHAPE, "SourceIdentifier": _TEXT}),
                    },
                    "Tags": TAGS_SHAPE,
                }
            ),
            "observed": closed(
                {
                    "EnvironmentVariables": {"type": "array", "items": closed(_VARIABLE_SHAPE)},
                    "SourceCredentials": {"type": "array", "items": closed(_CREDENTIAL_SHAPE)},
                }
            ),
        }
    ),
    routes=(
        Route(
            source=SOURCE,
            actions=("CreateProject",),
            ids=_NAMES,
            writes=_WRITES,
            creates=True,
            propose=_proposed,
        ),
        Route(
            source=SOURCE,
            actions=("UpdateProject",),
            ids=_NAMES,
            writes=_WRITES,
            propose=_proposed,
        ),
        Route(
            source=SOURCE,
            actions=("UpdateProjectVisibility",),
            ids=("requestParameters.projectArn",),
        ),
        Route(source=SOURCE, actions=("DeleteProject",), ids=_NAMES, deletes=True),
    ),
    facets=(
        Facet(
            name="project",
            calls=("codebuild:BatchGetProjects",),
            permissions=("codebuild:BatchGetProjects",),
            pointers=_POINTERS,
            read=_read,
            existence=True,
        ),
    ),
    list=_list,
    list_calls=("codebuild:ListProjects", "codebuild:BatchGetProjects"),
    list_permissions=("codebuild:ListProjects", "codebuild:BatchGetProjects"),
    identify=_identify,
    arn=_arn,
    defaults={
        "properties": {
            "Name": "build",
            "Source": {"Type": "GITHUB", "Location": "https://github.com/example/app.git"},
            "SecondarySources": [],
            "Tags": [],
        },
        "observed": {"EnvironmentVariables": [], "SourceCredentials": []},
    },
)
