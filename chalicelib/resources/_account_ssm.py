"""Whether a Region lets SSM documents be shared with the public.

What a newcomer gets wrong: the setting says whether sharing is allowed, so the safe value is
``Disable``; a setting that nobody touched is ``Enable``, and resetting it opens it.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._account_safeguards import SAFEGUARDS_LOST, losses, unsaid
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part
from chalicelib.resources._payload import field, parameters_of

_NAME = "SsmDocumentPublicSharing"
_POINTER = f"/observed/{_NAME}"
_SETTING = "/ssm/documents/console/public-sharing-permission"
_CALL = "ssm:GetServiceSetting"


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("ssm", account_id=ref.account_id, region=ref.region)
    setting = member(client.get_service_setting(SettingId=_SETTING), "ServiceSetting")
    return FacetReading(observed={_NAME: member(setting, "SettingValue")})


def _propose(record: Record) -> Mapping[str, Any]:
    """Say what the setting became; nothing for another of SSM's settings."""
    given = parameters_of(record)
    # An id may be given as an ARN, which ends in it.
    if not str(field(given, "settingId")).endswith(_SETTING):
        return unsaid(_POINTER)
    reset = record.get("eventName") == "ResetServiceSetting"
    return {_POINTER: "Enable" if reset else field(given, "settingValue")}


def _lost(record: Record) -> Mapping[str, Any]:
    return losses("ssm-public-sharing-block", lost=_propose(record).get(_POINTER) == "Enable")


SSM_SHARING = Part(
    shapes={_NAME: {"enum": ["Enable", "Disable"]}},
    defaults={_NAME: "Enable"},
    facets=(
        Facet(
            name="ssm_sharing",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    routes=(
        Route(
            source="ssm.amazonaws.com",
            actions=("UpdateServiceSetting", "ResetServiceSetting"),
            ids=("awsRegion",),
            writes=(_POINTER,),
            propose=_propose,
            derive=_lost,
        ),
    ),
    change_facts=SAFEGUARDS_LOST,
)
