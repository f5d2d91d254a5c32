"""The layer in front of moto that knows what AWS answers where moto has no answer, or a wrong one.

It is the same for every client: a scan, another scanner and a person's CLI are told the same. Calls
of services without such answers pass at the cost of one look-up.
"""

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from botocore.validate import ParamValidator
from moto.core.serialize import SerializationContext, get_serializer_class

from vigil.local._asked import Asked, Memory, Refused, Reply, Told
from vigil.local._call import Answer, Call
from vigil.local._decoding import Operation, operation_of, parsed_answer, parsed_input
from vigil.local._identity import account_of, identity_of
from vigil.local._locked_moto import LockedMoto
from vigil.local._refusals import error_answer
from vigil.local._untouched_answers import ANSWERS

#: What a call is signed for → botocore's name of the service, where the two differ.
_SIGNED_FOR = {"access-analyzer": "accessanalyzer", "elasticmapreduce": "emr"}
_SENSELESS = Refused(code="ValidationException", message="The input is not what this call takes.")
#: What an input of an unexpected kind provokes in moto's parsers.
_ODD = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
_VALIDATOR = ParamValidator()
_SERVICES = frozenset(service for service, _ in ANSWERS)


class Untouched:
    """A layer around moto that answers a few calls in its place."""

    def __init__(self, inner: LockedMoto) -> None:
        self._inner = inner
        self._memory: Memory = {}

    def __call__(self, call: Call) -> Answer:
        """Answer one call."""
        operation = self._operation(call)
        if operation is None or call.credential is None:
            return self._inner(call)
        given = _given(call, operation)
        if given is None:
            return _written(_SENSELESS, operation)
        answer = ANSWERS[operation.service, operation.name]
        return _written(answer(self._asked(call, operation, given)), operation)

    def service_of(self, call: Call) -> str:
        """Return botocore's name of the service a call is for, also of one that moto lacks."""
        return _service_here(call) or self._inner.service_of(call)

    def _operation(self, call: Call) -> Operation | None:
        service, named = _service_here(call), call.action()
        if service is None or (named and (service, named) not in ANSWERS):
            return None
        operation = operation_of(call, service)
        return operation if operation and (service, operation.name) in ANSWERS else None

    def _asked(self, call: Call, operation: Operation, given: Mapping[str, Any]) -> Asked:
        key = call.credential.access_key if call.credential else ""
        region = call.credential.region if call.credential else ""
        return Asked(
            account=account_of(key),
            region=region,
            caller=str(identity_of(key, region)["arn"]),
            given=given,
            memory=self._memory,
            moto=partial(self._reply, call, operation),
        )

    def _reply(self, call: Call, operation: Operation) -> Reply:
        answer = self._inner(call)
        return Reply(answer=answer, said=parsed_answer(answer, operation))


def _service_here(call: Call) -> str | None:
    """Return the service of a call that may have an answer here."""
    signed_for = call.credential.signing_name if call.credential else ""
    service = _SIGNED_FOR.get(signed_for, signed_for)
    return service if service in _SERVICES else None


def _given(call: Call, operation: Operation) -> Mapping[str, Any] | None:
    """Return the input; None where it is not what the operation takes."""
    shape = operation.model.input_shape
    try:
        given = parsed_input(call, operation)
    except _ODD:
        return None
    return given if shape is None or not _VALIDATOR.validate(given, shape).has_errors() else None


def _written(told: Told, operation: Operation) -> Answer:
    if isinstance(told, Answer):
        return told
    if isinstance(told, Refused):
        return error_answer(operation.protocol, told.code, told.message, told.status)
    return _serialized(told, operation)


def _serialized(output: Mapping[str, Any], operation: Operation) -> Answer:
    kind = get_serializer_class(operation.service, operation.protocol)
    request_id = str(uuid.uuid4())
    said = {name: value for name, value in output.items() if name != "ResponseMetadata"}
    written = kind(operation.model, SerializationContext(request_id)).serialize(said)
    body = written["body"]
    return Answer(
        status=written["status_code"],
        headers=(*written["headers"].items(), ("x-amzn-RequestId", request_id)),
        body=body.encode() if isinstance(body, str) else body,
    )
