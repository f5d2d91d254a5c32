"""Every blueprint of the REST API, in one list for `app.py`."""

from chalicelib.api import (
    changes,
    edge,
    exemptions,
    exports,
    findings,
    health,
    openapi,
    people,
    posture,
    resources,
    rules,
)

BLUEPRINTS = (
    edge.bp,
    findings.bp,
    resources.bp,
    changes.bp,
    rules.bp,
    exemptions.bp,
    people.bp,
    exports.bp,
    posture.bp,
    health.bp,
    openapi.bp,
)
