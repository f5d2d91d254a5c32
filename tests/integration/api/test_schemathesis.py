"""Whatever is asked, the API answers as its document says: no defect, no undocumented answer."""

import itertools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from hypothesis import HealthCheck, assume, given, settings
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from chalicelib.api._openapi import document
from chalicelib.api.openapi import endpoints
from chalicelib.aws import SystemClock
from tests.integration.api.conftest import Api
from tests.unit.findings.given import RULE_ID
from vigil.client import ApiClient
from vigil.local._principals import HOME_REGION

#: Every request here is signed; what becomes of others is told elsewhere.
UNSECURED = {**document(endpoints()), "security": []}
SCHEMA = schemathesis.openapi.from_dict(UNSECURED)
OPERATIONS = {
    f"{found.method.upper()} {found.path}": found
    for found in (result.ok() for result in SCHEMA.get_all_operations())
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
FEW, MANY = 6, 200
URI_TOO_LONG = 414
TIMEOUT_SECONDS = 20

#: What takes nothing can be asked in no wrong way.
TAKING = [name for name, found in OPERATIONS.items() if found.body or list(found.iter_parameters())]
each_operation = pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, GenerationMode.POSITIVE) for name in OPERATIONS),
        *((name, GenerationMode.NEGATIVE) for name in TAKING),
    ],
    ids=lambda value: value if isinstance(value, str) else value.value,
)


class Signed(AuthBase):
    """Signs requests as a caller of the API does."""

    def __init__(self, client: ApiClient) -> None:
        self._credentials = client.session.get_credentials().get_frozen_credentials()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign one."""
        signed = AWSRequest(method=request.method, url=request.url, data=request.body)
        SigV4Auth(self._credentials, "execute-api", HOME_REGION).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


@pytest.fixture(scope="module")
def there(api: Api) -> Mapping[str, str]:
    """Part of a path → something that is there."""
    scope = {"rule_id": RULE_ID, "resource": "front-*"}
    until = (SystemClock().now() + timedelta(days=9)).isoformat()
    asked = {"scope": scope, "reason": "torn down soon", "expires_at": until}
    window = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    person = {"id": "alice", "name": "Alice", "identities": ["slack:T0001/U0001"]}
    return {
        "finding_id": api.done("GET", "/findings")["items"][0]["finding_id"],
        "rule_id": api.done("GET", "/rules")["items"][0]["id"],
        "exemption_id": api.done("POST", "/exemptions", asked)["id"],
        "person_id": api.done("POST", "/people", person)["id"],
        "export_id": api.done("POST", "/exports", {"format": "csv", **window})["id"],
    }


def explore(
    api: Api, name: str, mode: GenerationMode, examples: int, there: Mapping[str, str]
) -> None:
    """Call an operation with generated requests and check each answer."""
    signed = Signed(api.people["alice"])
    known = {part: value for part, value in there.items() if f"{{{part}}}" in name}
    numbers = itertools.count()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    def answers_as_documented(case: Any) -> None:
        if mode is GenerationMode.POSITIVE and next(numbers) % 2:
            case.path_parameters |= known
        answer = case.call(base_url=api.url, auth=signed, timeout=TIMEOUT_SECONDS)
        # So long a line no HTTP server reads: this answer is the server's own.
        assume(answer.status_code != URI_TOO_LONG)
        # Too large is as good a refusal as any; schemathesis does not know it.
        case.validate_response(answer, checks=CHECKS[: -1 if answer.status_code == 413 else None])

    answers_as_documented()


@each_operation
def test_every_operation_answers_as_documented(
    api: Api, name: str, mode: GenerationMode, there: Mapping[str, str]
) -> None:
    explore(api, name, mode, FEW, there)


@pytest.mark.slow
@each_operation
def test_every_operation_answers_many_requests_as_documented(
    api: Api, name: str, mode: GenerationMode, there: Mapping[str, str]
) -> None:
    explore(api, name, mode, MANY, there)
