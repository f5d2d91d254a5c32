"""`vigil scan` as a person runs it, on moto: what it prints, and how it ends."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from chalicelib.aws import Clients
from vigil.cli import main
from vigil.scan.account import CountedClients, regions_of

REGION = "eu-west-1"
KEYS = (
    *("rule_id", "severity", "compliance", "resource_type", "resource_id", "resource_arn"),
    *("account_id", "region", "message", "evidence", "gaps", "evaluated_at"),
)
PUBLIC_READ = "s3-bucket-no-public-read"


def scan(*arguments: str, **environment: str) -> Result:
    runner = CliRunner(mix_stderr=False)
    return runner.invoke(main, ["scan", *arguments], env={"AWS_REGION": REGION, **environment})


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # reason: the service name is data


def make_bucket(name: str, *, public: bool) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if public:
        # A Statement that is an object, not a list: IAM takes both.
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{name}/*",
        }
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": statement}))


@pytest.fixture
def account() -> Iterator[None]:
    with mock_aws():
        make_bucket("open", public=True)
        make_bucket("shut", public=False)
        yield


@pytest.mark.usefixtures("account")
def test_a_line_has_the_keys_that_others_rely_on() -> None:
    result = scan("--service", "s3", "--region", REGION, "--format", "jsonl")

    found = [row for row in rows(result) if row["rule_id"] == PUBLIC_READ]
    assert [row["resource_id"] for row in found] == ["open"]
    assert tuple(found[0]) == KEYS
    assert found[0]["resource_arn"] == "arn:aws:s3:::open"
    assert found[0]["region"] == REGION
    assert found[0]["compliance"] == "NON_COMPLIANT"
    assert set(found[0]["evidence"][0]) == {"path", "actual", "expected"}
    assert result.exit_code == 0


@pytest.mark.usefixtures("account")
def test_all_prints_what_is_compliant_too_in_one_order() -> None:
    first, again = (scan("--rule", PUBLIC_READ, "--region", REGION, "--all") for _ in range(2))

    verdicts = {row["resource_id"]: row["compliance"] for row in rows(first)}
    assert verdicts == {"open": "NON_COMPLIANT", "shut": "COMPLIANT"}
    order = [(row["resource_id"], row["rule_id"]) for row in rows(first)]
    assert order == [(row["resource_id"], row["rule_id"]) for row in rows(again)]


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--rule", PUBLIC_READ], 0),
        (["--rule", PUBLIC_READ, "--fail-on", "critical"], 1),
        (["--rule", "s3-bucket-tls-required", "--fail-on", "critical"], 0),
        (["--rule", "no-such-rule"], 2),
        (["--service", "s4"], 2),
        (["--region", "mars-north-1"], 2),
        (["--resume", "/no/such/folder/journal"], 2),
        (["--output", "/no/such/folder/out"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_how_it_ends(arguments: list[str], code: int) -> None:
    regions = [] if "--region" in arguments else ["--region", REGION]

    result = scan(*regions, *arguments)

    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    if code > 1:
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.usefixtures("account")
def test_a_table_leads_with_the_worst_and_says_how_much_was_looked_at() -> None:
    result = scan("--service", "s3", "--region", REGION, "--format", "table")

    lines = result.stdout.splitlines()
    assert lines[0].startswith("CRITICAL")
    assert PUBLIC_READ in lines[0]
    assert "Bucket open can be read by anyone" in result.stdout
    assert "2 resources of" in result.stderr


@pytest.mark.usefixtures("account")
def test_a_sheet_has_a_heading_and_a_row_per_line() -> None:
    result = scan("--rule", PUBLIC_READ, "--region", REGION, "--format", "csv")

    sheet = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["resource_id"] for row in sheet] == ["open"]
    assert tuple(sheet[0]) == KEYS


def test_every_region_that_is_switched_on_is_looked_at() -> None:
    with mock_aws():
        regions = regions_of(CountedClients(Clients()), ())
        enabled = client("ec2").describe_regions()["Regions"]

    assert set(regions) == {region["RegionName"] for region in enabled}


@pytest.mark.usefixtures("account")
def test_a_scan_goes_on_from_its_journal(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    ask = ("--rule", PUBLIC_READ, "--region", REGION, "--resume", journal)
    first = scan(*ask)
    client("s3").delete_bucket_policy(Bucket="open")

    again = scan(*ask)
    other = scan("--rule", PUBLIC_READ, "--region", "eu-west-2", "--resume", journal)

    assert again.stdout == first.stdout
    assert other.exit_code == 2
    assert "journal of another scan" in other.stderr


def test_without_credentials_it_could_not_look() -> None:
    nobody = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    result = scan("--region", REGION, **nobody)

    assert result.exit_code == 3
    assert "Unable to locate credentials" in result.stderr
    assert result.stdout == ""


def may(*actions: str) -> dict[str, str]:
    """Return the environment of a user who may do nothing but these."""
    iam = client("iam")
    iam.create_user(UserName="auditor")
    policy = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    iam.put_user_policy(
        UserName="auditor",
        PolicyName="look",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [policy]}),
    )
    key = iam.create_access_key(UserName="auditor")["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


@pytest.mark.usefixtures("account")
def test_what_is_denied_is_a_gap_and_the_rest_is_judged() -> None:
    environment = may("sts:*", "ec2:*")

    @set_initial_no_auth_action_count(0)
    def as_auditor() -> Result:
        services = ("--service", "s3", "--service", "ec2")
        return scan(*services, "--region", REGION, "--fail-on", "low", **environment)

    result = as_auditor()

    found = rows(result)
    buckets = [row for row in found if row["resource_type"] == "AWS::S3::Bucket"]
    groups = [row for row in found if row["resource_type"] == "AWS::EC2::SecurityGroup"]
    assert {row["compliance"] for row in buckets} == {"INSUFFICIENT_DATA"}
    assert {row["resource_id"] for row in buckets} == {REGION}
    assert {row["gaps"][0]["reason"] for row in buckets} == {"denied"}
    assert "NON_COMPLIANT" in {row["compliance"] for row in groups}
    assert f"{REGION}: s3:ListBuckets: denied (AccessDenied)" in result.stderr
    assert result.exit_code == 3
