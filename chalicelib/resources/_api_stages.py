"""Names of API stages: REST (v1) and HTTP or WebSocket (v2) APIs share event source and calls.

A stage's name says nothing without its API, so the id is ``<api>|<stage>``: CloudFormation's
primary identifier. Requests for REST APIs say ``restApiId``, all others ``apiId``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.model import ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._said import asked

SOURCE = "apigateway.amazonaws.com"
GONE = "NotFoundException"
TAGS = "/properties/Tags"

_API = re.compile(r"[a-z0-9]{1,64}")
_STAGE = re.compile(r"\$default|[A-Za-z0-9_-]{1,128}", re.ASCII)

Proposal = Callable[[Record], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What is called differently for REST APIs and the others.

    Attributes:
        parameter: Request parameter that names the API.
        path: How its ARNs begin after the Region: ``restapis``, ``apis``.
        wrapper: Prefix of the parameter that wraps the body: ``createStageInput``; empty: none.
    """

    parameter: str
    path: str
    wrapper: str = ""

    def identify(self, raw: str, record: Record) -> str | None:
        """Return the id of the stage that a record names by stage name or ARN."""
        found = re.fullmatch(rf"arn:[^:]+:apigateway:[^:]*::/{self.path}/([^/]+)/stages/(.+)", raw)
        api, stage = found.groups() if found else (asked(record, self.parameter), raw)
        named = isinstance(api, str) and _API.fullmatch(api) and _STAGE.fullmatch(stage)
        return f"{api}|{stage}" if named else None

    def arn(self, ref: ResourceRef) -> str:
        """Return the ARN, which names no account."""
        api, stage = parts_of(ref)
        return f"arn:{ref.partition}:apigateway:{ref.region}::/{self.path}/{api}/stages/{stage}"

    def created(self, *writes: str, propose: Proposal | None = None) -> Route:
        """Return the route of ``CreateStage``."""
        wrapped = (f"requestParameters.{self.wrapper}.stageName",) if self.wrapper else ()
        ids = (*wrapped, "requestParameters.stageName", "responseElements.stageName")
        return Route(
            source=SOURCE,
            actions=("CreateStage",),
            ids=ids,
            writes=(*writes, TAGS),
            creates=True,
            propose=propose,
        )

    def on_stage(self, action: str, *writes: str, **how: Any) -> Route:
        """Return the route of a call that names a stage."""
        ids = ("requestParameters.stageName",)
        return Route(source=SOURCE, actions=(action,), ids=ids, writes=writes, **how)

    def tagging(self) -> tuple[Route, ...]:
        """Return the routes of tagging, which names ARNs."""
        ids = ("requestParameters.resourceArn",)
        return (
            Route(source=SOURCE, actions=("TagResource",), ids=ids, writes=(TAGS,)),
            Route(
                source=SOURCE,
                actions=("UntagResource",),
                ids=ids,
                writes=(TAGS,),
                propose=lambda _record: {TAGS: []},
            ),
        )


def parts_of(ref: ResourceRef) -> tuple[str, str]:
    """Return API id and stage name."""
    api, _, stage = ref.id.partition("|")
    return api, stage
