"""Observed::Account::Region: what an account has switched on in one Region.

Its id is the Region's name and it has no ARN. It always exists: an opted-out Region refuses every
call, which leaves gaps.
"""

from typing import Any

from chalicelib.model import Page, ResourceRef, ResourceType
from chalicelib.resources._account_analyzers import ANALYZERS
from chalicelib.resources._account_config import CONFIG
from chalicelib.resources._account_ebs import EBS_ENCRYPTION
from chalicelib.resources._account_emr import EMR_BLOCK
from chalicelib.resources._account_glue import GLUE_CATALOG
from chalicelib.resources._account_guardduty import DETECTOR
from chalicelib.resources._account_macie import MACIE
from chalicelib.resources._account_securityhub import SECURITY_HUB
from chalicelib.resources._account_ssm import SSM_SHARING
from chalicelib.resources._declared import closed
from chalicelib.resources._parts import joined

TYPE = "Observed::Account::Region"

_WHOLE = joined(
    (
        EBS_ENCRYPTION,
        EMR_BLOCK,
        GLUE_CATALOG,
        DETECTOR,
        ANALYZERS,
        MACIE,
        CONFIG,
        SECURITY_HUB,
        SSM_SHARING,
    )
)


def _list(_aws: Any, account_id: str, region: str, _token: str | None) -> Page:
    return Page(refs=(ResourceRef(account_id=account_id, region=region, type=TYPE, id=region),))


RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="account",
    noun="Region",
    schema=closed({"properties": closed({}), "observed": closed(_WHOLE.shapes)}),
    routes=_WHOLE.routes,
    companions=_WHOLE.companions,
    facets=_WHOLE.facets,
    facts=_WHOLE.facts,
    list=_list,
    list_calls=(),
    list_permissions=(),
    defaults={"properties": {}, "observed": _WHOLE.defaults},
    change_facts=_WHOLE.change_facts,
    volatile=_WHOLE.volatile,
)
