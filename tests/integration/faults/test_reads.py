"""Every call that describes a resource, with everything that can become of it.

A fault may hide a verdict. It never turns one, never makes a resource seem absent, and is named
in a gap with its reason.
"""

import functools
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from chalicelib import resources
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.evaluate.engine import judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import (
    Compliance,
    ConfigurationItem,
    GapReason,
    Page,
    ResourceRef,
    ResourceType,
    SweepRequest,
)
from chalicelib.model.pointer import pointer_of
from chalicelib.plugins import discover
from chalicelib.resources import _frame
from tests.integration.faults import violating
from tests.integration.faults.wire import Fault, WireAws, broken, cut, error, http, recording
from tests.integration.resources.recorded_aws import ACCOUNT, AUDITOR, NOON, StoppedClock
from tests.integration.resources.samples import CREATORS
from vigil.rulefiles import built_in, resource_types

#: Types whose samples hold answers that moto has not, so that nothing of them was on a wire; a
#: denial of each of their calls is tried in ``resources/test_generic.py``.
NEVER_ON_A_WIRE = {
    "AWS::IAM::ManagedPolicy",
    "AWS::KMS::Key",
    "AWS::Lambda::Url",
    "Observed::Account::Global",
    "Observed::Account::Region",
    "Observed::EC2::Snapshot",
    "Observed::Glacier::Vault",
}
SAMPLES = {**CREATORS, **violating.CREATORS}
KINDS = {kind.type: kind for kind in discover(resources, "RESOURCE_TYPE", ResourceType)}
TYPES = {name: kind for name, kind in KINDS.items() if name not in NEVER_ON_A_WIRE}
READS = [
    pytest.param(kind.type, call, id=f"{kind.type} {call}")
    for kind in TYPES.values()
    for call in sorted({call for facet in kind.facets for call in facet.calls})
]
LISTINGS = [
    pytest.param(kind.type, call, id=f"{kind.type} {call}")
    for kind in TYPES.values()
    for call in kind.list_calls
]
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
URL = "https://aws.invalid"
BY_SCP = (
    f"User: {AUDITOR} is not authorized to perform: x on resource: y with an explicit deny in a"
    " service control policy"
)

THROTTLED = frozenset({GapReason.THROTTLED})
UNAVAILABLE = frozenset({GapReason.UNAVAILABLE})
DENIED = frozenset({GapReason.DENIED})
UNSUPPORTED = frozenset({GapReason.UNSUPPORTED})
#: botocore calls what S3 answers in a form of its own "internal error", and so will be asked again.
MALFORMED = frozenset({GapReason.MALFORMED, GapReason.UNAVAILABLE})

FAULTS: dict[str, tuple[Fault, frozenset[GapReason]]] = {
    "throttled": (error("Throttling"), THROTTLED),
    "throttled by ec2": (error("RequestLimitExceeded", 503), THROTTLED),
    "throttled by s3": (error("SlowDown", 503), THROTTLED),
    "request timed out": (error("RequestTimeout"), UNAVAILABLE),
    "internal error": (error("InternalError", 500), UNAVAILABLE),
    "service unavailable": (error("ServiceUnavailable", 503), UNAVAILABLE),
    "500 without a body": (http(500), UNAVAILABLE),
    "500 with a page": (http(500, PAGE), UNAVAILABLE),
    "502 with a page": (http(502, PAGE), UNAVAILABLE),
    "503 with text": (http(503, b"upstream connect error"), MALFORMED),
    "read timed out": (broken(ReadTimeoutError(endpoint_url=URL)), UNAVAILABLE),
    "connect timed out": (broken(ConnectTimeoutError(endpoint_url=URL)), UNAVAILABLE),
    "connection reset": (broken(ConnectionClosedError(endpoint_url=URL)), UNAVAILABLE),
    "body broke off": (broken(ResponseStreamingError(error="eof")), UNAVAILABLE),
    "no endpoint": (broken(EndpointConnectionError(endpoint_url=URL)), UNAVAILABLE),
    "clock skewed": (error("RequestTimeTooSkewed", 403), UNAVAILABLE),
    "request expired": (error("RequestExpired"), UNAVAILABLE),
    "denied": (error("AccessDenied", 403, BY_SCP), DENIED),
    "denied by kms": (error("KMS.AccessDeniedException"), DENIED),
    "token expired": (error("ExpiredTokenException"), DENIED),
    "region without our keys": (error("AuthFailure", 401), DENIED),
    "region unknown to sts": (error("InvalidClientTokenId", 403), DENIED),
    "region not opted in": (error("OptInRequired", 403), UNSUPPORTED),
    "region disabled": (error("RegionDisabledException", 403), UNSUPPORTED),
    "200 with a page": (http(200, PAGE), MALFORMED),
    "200 with text": (http(200, b"upstream connect error"), MALFORMED),
    "200 without a body": (http(200), MALFORMED),
    "200 with an empty object": (http(200, b"{}"), MALFORMED),
    "200 with a list": (http(200, b"[]"), MALFORMED),
    "200 with null": (http(200, b"null"), MALFORMED),
    "body cut off": (cut, MALFORMED | UNSUPPORTED),
}
SILENCES = (
    "read timed out",
    "connect timed out",
    "connection reset",
    "body broke off",
    "no endpoint",
)
#: One of each kind and protocol quirk, for the first call that describes a type.
ALWAYS = (
    "throttled",
    "500 with a page",
    "read timed out",
    "clock skewed",
    "denied",
    "region not opted in",
    "200 with a page",
    "200 without a body",
    "200 with a list",
    "body cut off",
)
#: For all others: what becomes of an answer is settled by the client, whatever the call; what a
#: type makes of the error, or of an answer without anything in it, is its own.
EVERYWHERE = ("denied", "200 without a body", "200 with a list")


def _always(type_name: Any, call: Any) -> tuple[str, ...]:
    """Return the faults that the default run tries on a call; the long run tries them all.

    The shares rotate over the types: each fault meets a third of them.
    """
    if call != TYPES[type_name].facets[0].calls[0]:
        return EVERYWHERE
    turn = sorted(TYPES).index(type_name)
    share = (fault for place, fault in enumerate(ALWAYS) if (place + turn) % 3 == 0)
    return (*EVERYWHERE, *share)


FAULTY_READS = [
    pytest.param(
        *read.values,
        fault,
        id=f"{read.id}-{fault}",
        marks=() if fault in _always(*read.values) else pytest.mark.slow,
    )
    for read in READS
    for fault in FAULTS
]
#: Faults that a listing answers for by coming back; all others need a person.
PASSING = THROTTLED | UNAVAILABLE
LISTING_FAULTS = ("throttled", "denied", "body cut off")
SLOW_LISTING_FAULTS = ("502 with a page", "read timed out")
REPEATING = ("iam:ListAttachedRolePolicies", "iam:ListRolePolicies")


@dataclass(frozen=True)
class Scene:
    """A resource that rules object to, and how it is seen without any fault."""

    aws: WireAws
    kind: ResourceType
    ref: ResourceRef
    whole: ConfigurationItem

    def look(self, **faults: Fault) -> ConfigurationItem | None:
        """Describe it while calls go wrong."""
        self.aws.faults = faults
        return _frame.describe(self.aws, self.kind, self.ref, everything(self.kind), StoppedClock())

    def page(self, **faults: Fault) -> Page:
        """List its type while calls go wrong."""
        self.aws.faults = faults
        request = SweepRequest(account_id=ACCOUNT, region=self.ref.region, type=self.kind.type)
        return _frame.page(self.aws, self.kind, request, everything(self.kind), StoppedClock())


@functools.cache
def scene(type_name: str) -> Scene:
    """Record a resource once; every test looks at it again."""
    kind = KINDS[type_name]
    with recording() as aws:
        ref = SAMPLES[type_name](aws)
        whole = _frame.describe(aws, kind, ref, everything(kind), StoppedClock())
        request = SweepRequest(account_id=ACCOUNT, region=ref.region, type=type_name)
        _frame.page(aws, kind, request, everything(kind), StoppedClock())
    assert whole is not None
    assert not whole.gaps
    return Scene(aws, kind, ref, whole)


@functools.cache
def rulebook() -> Rulebook:
    """Compile the rules as they are delivered."""
    return Rulebook.of(built_in().rules, resource_types())


def everything(kind: ResourceType) -> frozenset[str]:
    facts = {pointer_of(("derived", fact.name)) for fact in kind.facts}
    return frozenset(facts | {pointer for facet in kind.facets for pointer in facet.pointers})


def verdicts(item: ConfigurationItem) -> dict[str, Compliance]:
    return {e.rule_id: e.compliance for e in judge_item(item, rulebook(), now=NOON)}


def turned(scene: Scene, item: ConfigurationItem) -> dict[str, tuple[Compliance, Compliance]]:
    """Return the verdicts that differ without being "insufficient data"."""
    before, after = verdicts(scene.whole), verdicts(item)
    return {
        rule: (verdict, after[rule])
        for rule, verdict in before.items()
        if after[rule] not in (verdict, Compliance.INSUFFICIENT_DATA)
    }


def calls_beside(kind: ResourceType, call: str, fault: str) -> set[str]:
    """Return the calls that a fault may be noted of.

    A connection that breaks does not say which of a facet's calls it was; where a service says
    nothing at all, its other facets are not asked.
    """
    service = call.partition(":")[0]
    beside = [facet for facet in kind.facets if call in facet.calls]
    if fault in SILENCES:
        beside = [f for f in kind.facets if f.calls[0].startswith(f"{service}:")]
    return {other for facet in beside for other in facet.calls}


@pytest.mark.parametrize("type_name", violating.CREATORS)
def test_every_sample_breaks_a_rule(type_name: str) -> None:
    assert Compliance.NON_COMPLIANT in verdicts(scene(type_name).whole).values()


@pytest.mark.parametrize(("type_name", "call", "fault"), FAULTY_READS)
def test_a_fault_of_one_read_hides_verdicts_and_turns_none(
    type_name: str, call: str, fault: str
) -> None:
    what, reasons = FAULTS[fault]
    given = scene(type_name)

    item = given.look(**{call: what})

    assert item is not None
    assert item.gaps
    assert {gap.reason for gap in item.gaps} <= reasons
    assert {gap.call for gap in item.gaps} <= calls_beside(given.kind, call, fault)
    assert turned(given, item) == {}


def test_a_service_that_says_nothing_is_asked_once_a_look_and_others_all_the_same() -> None:
    given = scene("AWS::S3::Bucket")
    given.aws.calls.clear()

    item = given.look(**{"s3:GetBucketAcl": FAULTS["read timed out"][0]})

    assert given.aws.calls == ["s3:GetBucketAcl", "s3control:GetPublicAccessBlock"]
    assert item is not None
    assert {gap.error for gap in item.gaps} == {"ReadTimeoutError"}


@pytest.mark.parametrize(("type_name", "call"), READS)
def test_a_denial_names_who_was_refused_though_an_organisation_refused(
    type_name: str, call: str
) -> None:
    item = scene(type_name).look(**{call: FAULTS["denied"][0]})

    assert item is not None
    assert {gap.principal for gap in item.gaps} == {AUDITOR}


@pytest.mark.parametrize(
    "fault",
    [*LISTING_FAULTS, *(pytest.param(f, marks=pytest.mark.slow) for f in SLOW_LISTING_FAULTS)],
)
@pytest.mark.parametrize(("type_name", "call"), LISTINGS)
def test_a_fault_of_a_listing_is_an_error_or_a_gap_and_never_an_empty_population(
    type_name: str, call: str, fault: str
) -> None:
    what, reasons = FAULTS[fault]
    given = scene(type_name)
    raised = None

    try:
        page = given.page(**{call: what})
    except (PermanentError, RetryableError) as found:
        raised = found

    if raised is not None:
        assert isinstance(raised, RetryableError) or not reasons <= PASSING
    else:
        own = next(item for item in page.items if item.ref.id == given.ref.id)
        assert own.gaps
        assert {gap.reason for gap in own.gaps} <= reasons


@pytest.mark.parametrize("call", REPEATING)
def test_a_paged_read_that_repeats_its_token_ends_as_a_gap(call: str) -> None:
    given = scene("AWS::IAM::Role")

    def repeat(good: bytes) -> bytes:
        more = b"<IsTruncated>true</IsTruncated><Marker>again</Marker>"
        return good.replace(b"<IsTruncated>false</IsTruncated>", more)

    for key, good in list(given.aws.answers.items()):
        given.aws.answers.setdefault((key[0], key[1], key[2] + b"&Marker=again"), good)
    item = given.look(
        **{call: lambda good: type(good)(good.status, {}, repeat(good.body), good.protocol)}
    )

    assert item is not None
    assert {(gap.reason, gap.error) for gap in item.gaps} == {
        (GapReason.UNAVAILABLE, "PaginationError")
    }
