"""Observed::Account::Global: what an account is as a whole, apart from any Region.

The account is no CloudFormation resource and has no ARN: its id is the account id, its Region
``global``. It always exists, so no facet proves its absence.
"""

from typing import Any

from chalicelib.facts.trails import MANAGEMENT_EVENT_TRAILS
from chalicelib.model import Page, ResourceRef, ResourceType
from chalicelib.resources._account_block import ACCOUNT_BLOCK
from chalicelib.resources._declared import closed
from chalicelib.resources._parts import Part, joined
from chalicelib.resources._trail_events import TRAIL_ROUTES
from chalicelib.resources._trails import TRAILS_FACET, TRAILS_SHAPE

TYPE = "Observed::Account::Global"

TRAILS = Part(
    shapes={"Trails": TRAILS_SHAPE},
    defaults={"Trails": {}},
    facets=(TRAILS_FACET,),
    facts=(MANAGEMENT_EVENT_TRAILS,),
    routes=TRAIL_ROUTES,
)

_WHOLE = joined((ACCOUNT_BLOCK, TRAILS))


def _list(_aws: Any, account_id: str, _region: str, _token: str | None) -> Page:
    ref = ResourceRef(account_id=account_id, region="global", type=TYPE, id=account_id)
    return Page(refs=(ref,))


RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="account",
    noun="account",
    is_global=True,
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
