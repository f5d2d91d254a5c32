"""`vigil rules deploy` as a person runs it, on moto: what it puts where, and what it refuses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from chalicelib.deployed import OBJECT_KEY, POINTER_KEY
from chalicelib.evaluate.bundle import ruleset_from
from chalicelib.findings._tables import WORK, table_definitions
from chalicelib.model.ruleset import narrowed
from vigil.cli import main
from vigil.cli._deploy import beyond
from vigil.package.catalogue import Catalogue
from vigil.rulefiles import RULES

REGION = "us-east-1"
BUCKET = "vigil-rules"
STACK = {
    "Resources": {
        "Rules": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": BUCKET,
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        }
    },
    "Outputs": {"RulesBucket": {"Value": BUCKET}, "WorkTable": {"Value": WORK}},
}
SSH = "ec2-sg-no-public-ssh"


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # reason: the service name is data


@pytest.fixture
def account() -> Iterator[None]:
    with mock_aws():
        stack = json.dumps(STACK)
        client("cloudformation").create_stack(StackName="vigil-data", TemplateBody=stack)
        # moto's CloudFormation leaves the template's versioning out.
        versioned = {"Status": "Enabled"}
        client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioned)
        work = next(d for d in table_definitions() if d["TableName"] == WORK)
        client("dynamodb").create_table(**work)
        yield


def deploy(*arguments: str) -> Result:
    runner = CliRunner(mix_stderr=False)
    return runner.invoke(main, ["rules", "deploy", *arguments], env={"AWS_REGION": REGION})


def pointed_at() -> Any:
    return client("dynamodb").get_item(TableName=WORK, Key=dict(POINTER_KEY)).get("Item")


def settings(folder: Path, *lines: str) -> str:
    path = folder / "settings.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


@pytest.mark.usefixtures("account")
def test_the_bundle_that_is_pointed_at_is_what_was_set(tmp_path: Path) -> None:
    result = deploy("--settings", settings(tmp_path, "rules:", f"  {SSH}: {{enabled: false}}"))

    assert result.exit_code == 0, result.stderr
    version = pointed_at()["version"]["S"]
    body = client("s3").get_object(Bucket=BUCKET, Key=OBJECT_KEY, VersionId=version)["Body"]
    ids = {rule.id for rule in ruleset_from(body.read()).rules}
    assert SSH not in ids
    assert f"{len(ids)} rules" in result.stdout
    assert version in result.stdout


@pytest.mark.usefixtures("account")
def test_a_rule_whose_examples_fail_is_not_deployed(tmp_path: Path) -> None:
    text = (RULES / "ec2" / f"{SSH}.yaml").read_text(encoding="utf-8")
    broken = text.replace(f"id: {SSH}", "id: ec2-sg-mine").replace("maximum: 22", "maximum: 21")
    (tmp_path / "ec2-sg-mine.yaml").write_text(broken, encoding="utf-8")

    result = deploy("--rules", str(tmp_path))

    assert result.exit_code == 2
    assert "its examples fail" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert pointed_at() is None


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stack", "nowhere"], "the stack nowhere could not be asked"),
        (["--bucket", BUCKET], "--bucket and --work-table go together"),
        (["--bucket", "no-such-bucket", "--work-table", WORK], "NoSuchBucket"),
    ],
    ids=["no stack", "half a place", "no bucket"],
)
def test_what_stands_in_the_way_is_one_line(arguments: list[str], said: str) -> None:
    result = deploy(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert pointed_at() is None


def test_rules_that_need_more_than_the_stack_has_are_told() -> None:
    whole = Catalogue.read()
    kinds = {rule.id: rule.resource_type for rule in whole.rules}
    few = narrowed(whole.ruleset, {name for name in kinds if kinds[name] != "AWS::IAM::User"})

    more, how = beyond(Catalogue.of(few, whole.types), whole)

    assert "iam:ListMFADevices" in more
    assert "vigil package --rules" in how
    assert list(beyond(whole, Catalogue.of(few, whole.types))) == []
