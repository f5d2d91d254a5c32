"""One resource: its configuration, its findings, and how both came to be."""

from chalice.app import Blueprint

from chalicelib import serving
from chalicelib.api import _answers as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._presenting import item_ref, maybe, resource_step_of, summary_of
from chalicelib.api._requests import ResourceQuery

bp = Blueprint(__name__)
api = Endpoints(bp)


@api.route("GET", "/resource", query=ResourceQuery, answer=answers.Resource)
def resource(asked: Asked[ResourceQuery, None]) -> answers.Resource:
    """Return a resource as it was last looked at, or as of an instant."""
    service = serving.service()
    seen = service.resources.seen(asked.query.key, asked.query.as_of)
    ref = seen.subject.ref
    return answers.Resource(
        key=ref.key,
        ref=answers.ResourceName(
            account_id=ref.account_id,
            region=ref.region,
            type=ref.type,
            id=ref.id,
            partition=ref.partition,
            unique_id=ref.unique_id,
        ),
        arn=seen.subject.arn,
        item=dict(seen.item) if seen.item is not None else None,
        item_ref=item_ref(seen.item_ref),
        looked_at=maybe(seen.looked_at),
        findings=[summary_of(one) for one in service.listed(seen.findings)],
        timeline=[resource_step_of(one) for one in seen.timeline],
    )
