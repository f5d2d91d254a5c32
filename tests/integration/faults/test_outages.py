"""Reads that go on failing: what stands, the finding about it, and when we look again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from chalicelib.findings.confirming import OUTAGE_RECHECK, STANDING_RECHECK
from chalicelib.findings.lifecycle import reconcile
from chalicelib.model import Compliance, GapReason, Known, Look, Verdict
from tests.integration.faults.given import BUCKET, PUBLIC_READ, kinds, make_buckets, open_bucket
from tests.integration.pipeline.world import World
from tests.unit.findings.given import (
    RULE_ID,
    RULES,
    at,
    denied,
    gap,
    item,
    opening,
)
from vigil.local.faults import Effect, Fault

UNREADABLE = "vigil-resource-unreadable"


def deny(world: World, operation: str, service: str = "s3") -> Fault:
    """Deny Vigil alone a read."""
    fault = Fault(
        effect=Effect.DENIED, service=service, operation=operation, access_key=world.auditor_key
    )
    return world.aws.faults.add(fault)


def decided_before() -> Known:
    verdict = Verdict(compliance=Compliance.COMPLIANT, rule_hash="h1", decided=True)
    look = Look(
        rev=1, started_at=at(-9), ended_at=at(-8), fingerprint="f", verdicts={RULE_ID: verdict}
    )
    return Known(look=look)


@pytest.mark.parametrize(
    ("reason", "after"),
    [
        (GapReason.THROTTLED, OUTAGE_RECHECK),
        (GapReason.UNAVAILABLE, OUTAGE_RECHECK),
        (GapReason.DENIED, STANDING_RECHECK),
        (GapReason.UNSUPPORTED, STANDING_RECHECK),
        (GapReason.MALFORMED, STANDING_RECHECK),
    ],
)
def test_what_only_aws_keeps_from_us_is_looked_at_again_within_the_hour(
    reason: GapReason, after: timedelta
) -> None:
    seen = denied(seen=item({"Open": None}, gaps=(gap(reason=reason),)))

    outcome = reconcile(decided_before(), seen, opening(confirmation=2), RULES, now=at(2))

    assert outcome.commit is not None
    assert outcome.commit.look is not None
    assert outcome.commit.look.due_at == seen.ended_at + after
    assert not outcome.confirm


def test_an_exposure_under_a_denied_read_is_no_finding_and_no_silence_either(
    world: World,
) -> None:
    make_buckets(world, "reports")
    cause = deny(world, "GetBucketPolicy")

    world.deliver(open_bucket(world, "reports"))

    assert kinds(world, PUBLIC_READ) == []
    evidence = world.finding(UNREADABLE, BUCKET, "reports").evidence
    assert {place.actual["Call"] for place in evidence} == {"s3:GetBucketPolicy"}
    world.aws.faults.remove(cause)
    world.client("s3").put_bucket_tagging(Bucket="reports", Tagging={"TagSet": []})
    world.deliver_all()
    assert kinds(world, PUBLIC_READ) == ["opened"]
    assert world.finding(UNREADABLE, BUCKET, "reports").status == "RESOLVED"


def test_a_finding_stands_while_everything_about_its_resource_is_denied(world: World) -> None:
    make_buckets(world, "reports")
    world.deliver(open_bucket(world, "reports"))
    deny(world, "s3", service="s3").operation = None
    deny(world, "s3control", service="s3control").operation = None

    world.client("s3").delete_bucket_policy(Bucket="reports")
    world.deliver_all()

    assert PUBLIC_READ in world.open_findings(BUCKET, "reports")
    assert UNREADABLE in world.open_findings(BUCKET, "reports")


def test_a_resource_that_goes_between_two_reads_is_not_judged_by_half(world: World) -> None:
    make_buckets(world, "reports")
    record = open_bucket(world, "reports")
    observer = world.ports.observer
    s3 = world.client("s3")

    class Vanishing:
        """Deletes the bucket once its ACL, the first facet, was read."""

        def client(self, service: str, **where: str) -> object:
            real = observer.aws.client(service, **where)  # type: ignore[attr-defined] # a dataclass
            return _DeletingAfterAcl(real, s3) if service == "s3" else real

    ports = replace(world.ports, observer=replace(observer, aws=Vanishing()))  # type: ignore[type-var] # a dataclass
    replace(world, ports=ports).deliver(record)

    assert kinds(world, PUBLIC_READ) == []
    assert world.known(BUCKET, "reports").look.absences == 1  # type: ignore[union-attr] # it is there


class _DeletingAfterAcl:
    def __init__(self, real: object, owner: object) -> None:
        self._real, self._owner = real, owner

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def get_bucket_acl(self, **bucket: str) -> object:
        answer = self._real.get_bucket_acl(**bucket)  # type: ignore[attr-defined] # boto3's
        self._owner.delete_bucket_policy(Bucket=bucket["Bucket"])  # type: ignore[attr-defined] # boto3's
        self._owner.delete_bucket(Bucket=bucket["Bucket"])  # type: ignore[attr-defined] # boto3's
        return answer


def test_a_denied_ledger_keeps_the_message_and_what_it_would_have_written(world: World) -> None:
    make_buckets(world, "reports")
    record = open_bucket(world, "reports")
    deny(world, "TransactWriteItems", service="dynamodb")

    with pytest.raises(ClientError, match="AccessDenied"):
        world.deliver(record)

    assert kinds(world, PUBLIC_READ) == []
