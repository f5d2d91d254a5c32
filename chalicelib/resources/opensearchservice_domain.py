"""AWS::OpenSearchService::Domain: who can reach a search domain, OpenSearch or Elasticsearch.

The old API (``…ElasticsearchDomain``) and the new one speak of the same domains, and both log as
``es.amazonaws.com``. The new one describes every domain, so there is one type and each domain is
one resource.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from chalicelib.facts.domain_openings import (
    DOMAIN_OPENINGS_SCHEMA,
    NETWORK,
    POLICY,
    domain_openings,
)
from chalicelib.facts.policy import PolicyError
from chalicelib.model import (
    ConfigurationItem,
    Facet,
    FacetReading,
    Fact,
    Gap,
    GapReason,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member, text_member
from chalicelib.resources._listing import Listed, gathered, page_of, whole
from chalicelib.resources._payload import field
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    POLICY_SCHEMA,
    derived_openings,
    policy_from,
    proposed_policy,
)
from chalicelib.resources._said import asked, response_of

TYPE = "AWS::OpenSearchService::Domain"

_SOURCE = "es.amazonaws.com"
_DESCRIBE = "opensearch:DescribeDomain"
#: As many names as DescribeDomains takes.
_NAMES_PER_CALL = 5
_NAME = re.compile(r"(?:arn:[a-z-]+:es:[a-z0-9-]+:\d{12}:domain/)?([a-z][a-z0-9-]{2,27})", re.ASCII)

_TEXTS = {"type": "array", "items": {"type": "string"}}
_VPC = closed({"SubnetIds": _TEXTS, "SecurityGroupIds": _TEXTS})


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("opensearch", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.describe_domain, "ResourceNotFoundException", DomainName=ref.id)
    return _reading(member(answer, "DomainStatus")) if answer is not None else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return every domain of the Region at once: AWS names them all in one answer."""
    del token
    client = aws.client("opensearch", account_id=account_id, region=region)
    named = member(client.list_domain_names(), "DomainNames")
    names = [name for name in gathered(named, _name) if _NAME.fullmatch(name)]
    found = (
        status
        for some in _in_fives(names)
        for status in member(client.describe_domains(DomainNames=some), "DomainStatusList")
    )
    # What was listed without a name cannot be asked for: it is counted as it is.
    odd = [None] * (len(named) - len(names))
    return page_of((*found, *odd), lambda status: _item(account_id, region, status))


def _name(row: Mapping[str, Any]) -> list[str]:
    return [text_member(row, "DomainName")]


def _in_fives(names: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(names)
    while some := list(islice(rest, _NAMES_PER_CALL)):
        yield some


def _item(account_id: str, region: str, status: Mapping[str, Any]) -> Listed:
    name = member(status, "DomainName")
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=name)
    return whole(ref, lambda: _reading(status))


def _reading(status: Mapping[str, Any]) -> FacetReading:
    policy, gaps = _policy(status.get("AccessPolicies"))
    secured = status.get("AdvancedSecurityOptions") or {}
    return FacetReading(
        properties={
            "DomainName": member(status, "DomainName"),
            "EngineVersion": status.get("EngineVersion"),
            "VPCOptions": _vpc(status.get("VPCOptions")),
            "AccessPolicies": policy,
            "AdvancedSecurityOptions": {"Enabled": bool(secured.get("Enabled"))},
        },
        gaps=gaps,
        unique_id=None,
    )


def _vpc(options: Mapping[str, Any] | None) -> dict[str, list[str]] | None:
    """Return where in a VPC a domain is; None for one with a public endpoint."""
    if not options or not options.get("VPCId"):
        return None
    return {name: list(options.get(name, ())) for name in ("SubnetIds", "SecurityGroupIds")}


def _policy(document: Any) -> tuple[dict[str, Any] | None, tuple[Gap, ...]]:
    """Normalise the policy; one that is none is a gap of its own: the network is still known."""
    try:
        return policy_from(document), ()
    except PolicyError as error:
        name, reason = type(error).__name__, GapReason.MALFORMED
        return None, (Gap(pointer=POLICY, reason=reason, call=_DESCRIBE, error=name),)


def _openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    return domain_openings(
        item.properties["AccessPolicies"],
        in_vpc=item.properties["VPCOptions"] is not None,
        account_id=item.ref.account_id,
    )


def _is_in_vpc(item: ConfigurationItem) -> bool:
    """Tell whether no gap can open the domain."""
    return item.properties["VPCOptions"] is not None


def _identify(raw: str, _record: Record) -> str | None:
    found = _NAME.fullmatch(raw)
    return found[1] if found else None


def _opened(record: Record) -> dict[str, Any]:
    """Derive whom the policy lets in, and where the domain is as far as the record says."""
    return {**_policy_openings(record), "DomainNetwork": _network(record)}


def _network(record: Record) -> str | None:
    response = response_of(record)
    config = field(field(response, "domainConfig"), "vPCOptions")
    places = (
        asked(record, "vPCOptions"),
        field(field(response, "domainStatus"), "vPCOptions"),
        field(config, "options"),
    )
    return "vpc" if any(field(place, "subnetIds") for place in places) else None


_policy_openings = derived_openings("es", "accessPolicies")

_ID = ("requestParameters.domainName",)
_WRITTEN = (NETWORK, POLICY, "/properties/AdvancedSecurityOptions")


def _writing(*actions: str, **how: Any) -> Route:
    return Route(
        source=_SOURCE,
        actions=actions,
        ids=_ID,
        propose=proposed_policy(POLICY, "accessPolicies"),
        derive=_opened,
        **how,
    )


_ROUTES = (
    _writing("CreateDomain", "CreateElasticsearchDomain", writes=_WRITTEN, creates=True),
    # A domain stays where it was created, in a VPC or outside.
    _writing("UpdateDomainConfig", "UpdateElasticsearchDomainConfig", writes=_WRITTEN[1:]),
    Route(
        source=_SOURCE,
        actions=("DeleteDomain", "DeleteElasticsearchDomain"),
        ids=_ID,
        deletes=True,
    ),
)

_PROPERTIES = {
    "DomainName": {"type": "string"},
    "EngineVersion": {"type": ["string", "null"]},
    "VPCOptions": {**_VPC, "type": ["object", "null"]},
    "AccessPolicies": POLICY_SCHEMA,
    "AdvancedSecurityOptions": closed({"Enabled": {"type": "boolean"}}),
}

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="es",
    noun="search domain",
    schema=closed({"properties": closed(_PROPERTIES), "observed": closed({})}),
    routes=_ROUTES,
    facets=(
        Facet(
            name="domain",
            calls=(_DESCRIBE,),
            permissions=("es:DescribeDomain",),
            pointers=tuple(f"/properties/{name}" for name in _PROPERTIES),
            read=_read,
            existence=True,
        ),
    ),
    facts=(
        Fact(
            name="DomainOpenings",
            inputs=(NETWORK, POLICY),
            compute=_openings,
            schema=DOMAIN_OPENINGS_SCHEMA,
            partial=True,
            settled=_is_in_vpc,
        ),
    ),
    list=_list,
    list_calls=("opensearch:ListDomainNames", "opensearch:DescribeDomains"),
    list_permissions=("es:ListDomainNames", "es:DescribeDomains"),
    identify=_identify,
    arn=lambda ref: f"arn:{ref.partition}:es:{ref.region}:{ref.account_id}:domain/{ref.id}",
    # Without options a domain has a public endpoint and a policy for nobody.
    defaults={
        "properties": {
            "DomainName": "example",
            "EngineVersion": "OpenSearch_2.19",
            "VPCOptions": None,
            "AccessPolicies": None,
            "AdvancedSecurityOptions": {"Enabled": False},
        },
        "observed": {},
    },
    change_facts={**POLICY_CHANGE_FACTS, "DomainNetwork": {"enum": ["vpc", None]}},
)
