"""AWS::ECR::Repository: who may pull from a private repository, push to it, or delete from it.

Public repositories are another service (``ecr-public``) and public by design; the registry's own
policy, which replication uses, is another resource.
"""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._plain import rfc3339
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    POLICY_SCHEMA,
    derived_openings,
    policy_fact,
    policy_from,
    proposed_policy,
    proposes,
)

TYPE = "AWS::ECR::Repository"
SERVICE = "ecr"

_SOURCE = "ecr.amazonaws.com"
_GONE = "RepositoryNotFoundException"
_NO_POLICY = "RepositoryPolicyNotFoundException"
_PAGE_SIZE = 1000

_NAME = "/properties/RepositoryName"
_POLICY = "/properties/RepositoryPolicyText"

_REPOSITORY = ("requestParameters.repositoryName",)
_REPOSITORY_NAME = re.compile(r"[a-z0-9][a-z0-9._/-]{1,255}", re.ASCII)


def _read_repository(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = _client(aws, ref.account_id, ref.region)
    answer = answer_or_none(client.describe_repositories, _GONE, repositoryNames=[ref.id])
    if answer is None:
        return None
    (repository,) = member(answer, "repositories")
    return _repository_reading(repository)


def _read_policy(aws: Any, ref: ResourceRef) -> FacetReading:
    client = _client(aws, ref.account_id, ref.region)
    answer = answer_or_none(client.get_repository_policy, _NO_POLICY, repositoryName=ref.id)
    policy = None if answer is None else policy_from(member(answer, "policyText"))
    return FacetReading(properties={"RepositoryPolicyText": policy})


def _repository_reading(repository: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={"RepositoryName": member(repository, "repositoryName")},
        # A repository made again under its name has the same ARN.
        unique_id=rfc3339(member(repository, "createdAt")),
    )


def _client(aws: Any, account_id: str, region: str) -> Any:
    return aws.client("ecr", account_id=account_id, region=region)


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return repositories without their policies."""
    client = _client(aws, account_id, region)
    paging = {"nextToken": token} if token else {}
    answer = client.describe_repositories(maxResults=_PAGE_SIZE, **paging)
    found = member(answer, "repositories")
    return page_of(found, lambda row: _item(account_id, region, row), answer.get("nextToken"))


def _item(account_id: str, region: str, repository: Mapping[str, Any]) -> Listed:
    name = member(repository, "repositoryName")
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=name)
    return whole(ref, lambda: _repository_reading(repository))


def _identify(raw: str, record: Record) -> str | None:
    registry = field(parameters_of(record), "registryId")
    is_ours = registry in (None, "", field(record, "recipientAccountId"))
    return raw if is_ours and _REPOSITORY_NAME.fullmatch(raw) else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:ecr:{ref.region}:{ref.account_id}:repository/{ref.id}"


def _route(*actions: str, **how: Any) -> Route:
    return Route(source=_SOURCE, actions=actions, ids=_REPOSITORY, **how)


_ROUTES = (
    _route(
        "CreateRepository",
        writes=(_NAME, _POLICY),
        creates=True,
        propose=proposes(_POLICY, None),
    ),
    _route(
        "SetRepositoryPolicy",
        writes=(_POLICY,),
        propose=proposed_policy(_POLICY, "policyText"),
        derive=derived_openings(SERVICE, "policyText"),
    ),
    _route("DeleteRepositoryPolicy", writes=(_POLICY,), propose=proposes(_POLICY, None)),
    _route("DeleteRepository", deletes=True),
    # What these write is no part of the item: understood where records are read back.
    _route(
        "PutImageScanningConfiguration",
        "PutImageTagMutability",
        "PutLifecyclePolicy",
        delivered=False,
    ),
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service=SERVICE,
    noun="repository",
    schema=closed(
        {
            "properties": closed(
                {"RepositoryName": {"type": "string"}, "RepositoryPolicyText": POLICY_SCHEMA}
            ),
            "observed": closed({}),
        }
    ),
    routes=_ROUTES,
    facets=(
        Facet(
            name="repository",
            calls=("ecr:DescribeRepositories",),
            permissions=("ecr:DescribeRepositories",),
            pointers=(_NAME,),
            read=_read_repository,
            existence=True,
        ),
        Facet(
            name="policy",
            calls=("ecr:GetRepositoryPolicy",),
            permissions=("ecr:GetRepositoryPolicy",),
            pointers=(_POLICY,),
            read=_read_policy,
        ),
    ),
    facts=(policy_fact(_POLICY, SERVICE),),
    list=_list,
    list_calls=("ecr:DescribeRepositories",),
    list_permissions=("ecr:DescribeRepositories",),
    identify=_identify,
    arn=_arn,
    defaults={
        "properties": {"RepositoryName": "example", "RepositoryPolicyText": None},
        "observed": {},
    },
    change_facts=POLICY_CHANGE_FACTS,
)
