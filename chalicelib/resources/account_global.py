"""Observed::Account::Global: what an account is as a whole, apart from any Region.

The account is no CloudFormation resource and has no ARN: its id is the account id, its Region
``global``. It always exists, so no facet proves its absence.
"""

from typing import Any

from chalicelib.facts.object_events import OBJECT_READ_TRAILS, OBJECT_WRITE_TRAILS
from chalicelib.facts.trails import MANAGEMENT_EVENT_TRAILS
from chalicelib.model import Page, ResourceRef, ResourceType
from chalicelib.resources._account_alarms import METRIC_ALARMS
from chalicelib.resources._account_block import ACCOUNT_BLOCK
from chalicelib.resources._account_contacts import CONTACTS
from chalicelib.resources._account_events import account_named
from chalicelib.resources._account_federation import FEDERATION
from chalicelib.resources._account_organization import ORGANIZATION
from chalicelib.resources._account_passwords import PASSWORDS
from chalicelib.resources._account_policies import ATTACHED_POLICIES
from chalicelib.resources._account_report import CREDENTIAL_REPORT, ROOT_LAST_USE
from chalicelib.resources._account_root import ROOT_CREDENTIALS
from chalicelib.resources._declared import closed
from chalicelib.resources._parts import Part, joined
from chalicelib.resources._trail_events import TRAIL_ROUTES
from chalicelib.resources._trails import TRAILS_FACET, TRAILS_SHAPE

TYPE = "Observed::Account::Global"

TRAILS = Part(
    shapes={"Trails": TRAILS_SHAPE},
    defaults={"Trails": {}},
    facets=(TRAILS_FACET,),
    facts=(MANAGEMENT_EVENT_TRAILS, OBJECT_READ_TRAILS, OBJECT_WRITE_TRAILS),
    routes=TRAIL_ROUTES,
)

_WHOLE = joined(
    (
        CREDENTIAL_REPORT,
        ROOT_CREDENTIALS,
        CONTACTS,
        PASSWORDS,
        ATTACHED_POLICIES,
        FEDERATION,
        ORGANIZATION,
        ACCOUNT_BLOCK,
        TRAILS,
        METRIC_ALARMS,
        ROOT_LAST_USE,
    )
)


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
    identify=account_named,
    defaults={"properties": {}, "observed": _WHOLE.defaults},
    change_facts=_WHOLE.change_facts,
    volatile=_WHOLE.volatile,
)
