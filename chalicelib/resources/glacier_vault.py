"""Observed::Glacier::Vault: who may fetch, change or delete the archives of a vault.

Glacier answers a vault without an access policy and a vault that is not there with the same code:
only DescribeVault tells which.
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
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    POLICY_SCHEMA,
    derived_openings,
    policy_fact,
    policy_from,
    proposed_policy,
    proposes,
)

TYPE = "Observed::Glacier::Vault"
SERVICE = "glacier"
#: Glacier's word for the account of the caller.
OWN_ACCOUNT = "-"

_SOURCE = "glacier.amazonaws.com"
_ABSENT = "ResourceNotFoundException"

_NAME = "/observed/VaultName"
_POLICY = "/observed/Policy"

_VAULT = ("requestParameters.vaultName",)
_VAULT_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}", re.ASCII)


def _read_vault(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = _client(aws, ref.account_id, ref.region)
    answer = answer_or_none(client.describe_vault, _ABSENT, accountId=OWN_ACCOUNT, vaultName=ref.id)
    return None if answer is None else _vault_reading(answer)


def _read_policy(aws: Any, ref: ResourceRef) -> FacetReading:
    client = _client(aws, ref.account_id, ref.region)
    answer = answer_or_none(
        client.get_vault_access_policy, _ABSENT, accountId=OWN_ACCOUNT, vaultName=ref.id
    )
    policy = None if answer is None else policy_from(member(member(answer, "policy"), "Policy"))
    return FacetReading(observed={"Policy": policy})


def _vault_reading(vault: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        observed={"VaultName": member(vault, "VaultName")},
        # A vault made again under its name has the same ARN.
        unique_id=member(vault, "CreationDate"),
    )


def _client(aws: Any, account_id: str, region: str) -> Any:
    return aws.client("glacier", account_id=account_id, region=region)


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return vaults without their policies, ten a page, which is Glacier's limit."""
    paging = {"marker": token} if token else {}
    answer = _client(aws, account_id, region).list_vaults(accountId=OWN_ACCOUNT, **paging)
    found = member(answer, "VaultList")
    return page_of(found, lambda vault: _item(account_id, region, vault), answer.get("Marker"))


def _item(account_id: str, region: str, vault: Mapping[str, Any]) -> Listed:
    name = member(vault, "VaultName")
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=name)
    return whole(ref, lambda: _vault_reading(vault))


def _identify(raw: str, record: Record) -> str | None:
    owner = field(parameters_of(record), "accountId")
    is_ours = owner in (None, OWN_ACCOUNT, field(record, "recipientAccountId"))
    return raw if is_ours and _VAULT_NAME.fullmatch(raw) else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:glacier:{ref.region}:{ref.account_id}:vaults/{ref.id}"


def _route(action: str, **how: Any) -> Route:
    return Route(source=_SOURCE, actions=(action,), ids=_VAULT, **how)


_ROUTES = (
    _route("CreateVault", writes=(_NAME, _POLICY), creates=True, propose=proposes(_POLICY, None)),
    _route(
        "SetVaultAccessPolicy",
        writes=(_POLICY,),
        propose=proposed_policy(_POLICY, "policy", "policy"),
        derive=derived_openings(SERVICE, "policy", "policy"),
    ),
    _route("DeleteVaultAccessPolicy", writes=(_POLICY,), propose=proposes(_POLICY, None)),
    _route("DeleteVault", deletes=True),
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service=SERVICE,
    noun="vault",
    schema=closed(
        {
            "properties": closed({}),
            "observed": closed({"VaultName": {"type": "string"}, "Policy": POLICY_SCHEMA}),
        }
    ),
    routes=_ROUTES,
    facets=(
        Facet(
            name="vault",
            calls=("glacier:DescribeVault",),
            permissions=("glacier:DescribeVault",),
            pointers=(_NAME,),
            read=_read_vault,
            existence=True,
        ),
        Facet(
            name="policy",
            calls=("glacier:GetVaultAccessPolicy",),
            permissions=("glacier:GetVaultAccessPolicy",),
            pointers=(_POLICY,),
            read=_read_policy,
        ),
    ),
    facts=(policy_fact(_POLICY, SERVICE),),
    list=_list,
    list_calls=("glacier:ListVaults",),
    list_permissions=("glacier:ListVaults",),
    identify=_identify,
    arn=_arn,
    defaults={"properties": {}, "observed": {"VaultName": "example", "Policy": None}},
    change_facts=POLICY_CHANGE_FACTS,
)
