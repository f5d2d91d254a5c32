"""AWS::IAM::ServerCertificate: a TLS certificate kept in IAM, from before there was ACM.

Nothing renews it: whoever uploaded it has to replace it.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.role_use import INSTANT
from chalicelib.model import FacetReading, Page, ResourceRef, ResourceType
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._iam_entity import client, facet, found, iam_ref
from chalicelib.resources._iam_events import iam_route
from chalicelib.resources._listing import Listed, page_of, whole

TYPE = "AWS::IAM::ServerCertificate"

NAME = "/properties/ServerCertificateName"
PATH = "/properties/Path"
EXPIRATION = "/observed/Expiration"

_NAME_LIMIT_CHARS = 128

_SHAPE = closed(
    {
        "properties": closed(
            {"ServerCertificateName": {"type": "string"}, "Path": {"type": "string"}}
        ),
        "observed": closed({"Expiration": INSTANT}),
    }
)
_DEFAULTS: Mapping[str, Any] = {
    "properties": {"ServerCertificateName": "shop", "Path": "/"},
    "observed": {"Expiration": "2026-12-31T00:00:00.000Z"},
}


def _certificate_name(raw: str, _: Record) -> str | None:
    return raw if len(raw) <= _NAME_LIMIT_CHARS and not set(raw) & set(":/") else None


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    answer = found(aws, ref, "get_server_certificate", ServerCertificateName=ref.id)
    if answer is None:
        return None
    certificate = member(answer, "ServerCertificate")
    return _reading(member(certificate, "ServerCertificateMetadata"))


def _reading(metadata: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={name: member(metadata, name) for name in ("ServerCertificateName", "Path")},
        observed={"Expiration": member(metadata, "Expiration")},
        unique_id=member(metadata, "ServerCertificateId"),
    )


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return whole certificates, as many per call as IAM gives."""
    position = {"Marker": token} if token else {}
    answer = client(aws, account_id).list_server_certificates(**position)
    found_here = member(answer, "ServerCertificateMetadataList")
    return page_of(
        found_here,
        lambda metadata: _item(account_id, region, metadata),
        answer.get("Marker") if answer.get("IsTruncated") else None,
    )


def _item(account_id: str, region: str, metadata: Mapping[str, Any]) -> Listed:
    name = member(metadata, "ServerCertificateName")
    ref = iam_ref(account_id, region, TYPE, member(metadata, "Arn"), name)
    return whole(ref, lambda: _reading(metadata))


_NAMED = ("requestParameters.serverCertificateName",)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="iam",
    noun="server certificate",
    is_global=True,
    schema=_SHAPE,
    routes=(
        iam_route("UploadServerCertificate", _NAMED, NAME, PATH, EXPIRATION, creates=True),
        iam_route("UpdateServerCertificate", _NAMED, NAME, PATH),
        iam_route(
            "UpdateServerCertificate", ("requestParameters.newServerCertificateName",), NAME, PATH
        ),
        iam_route("DeleteServerCertificate", _NAMED, deletes=True),
    ),
    facets=(
        facet(
            "certificate",
            (NAME, PATH, EXPIRATION),
            _read,
            "iam:GetServerCertificate",
            existence=True,
        ),
    ),
    list=_list,
    list_calls=("iam:ListServerCertificates",),
    list_permissions=("iam:ListServerCertificates",),
    identify=_certificate_name,
    defaults=_DEFAULTS,
)
