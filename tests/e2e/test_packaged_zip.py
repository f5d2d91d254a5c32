"""The package itself, under AWS's own runtime client: loaded, fed, and heard in Slack."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.lambda_runtime import (
    BOTO3,
    Configuration,
    LambdaFunction,
    Sandbox,
)
from tests.e2e.packaged_vigil import PATIENCE_SECONDS, PERSON, PackagedVigil, packaged_vigil
from tests.e2e.runtime_api import FunctionError
from tests.integration.package.built import package_once
from vigil.client import LOCAL_PATH, ApiClient
from vigil.demo.stage import wait_for
from vigil.local._gateway import Gateway
from vigil.local._principals import HOME_REGION
from vigil.local.faults import Effect, Fault
from vigil.package.build import APP, ZIP
from vigil.package.plan import FUNCTIONS

SITE = Path(boto3.__file__).parents[1]
NAMES = [plan.deployed_name for plan in FUNCTIONS]
QUEUED = {plan.deployed_name for plan in FUNCTIONS if plan.queue}
OPEN, BLOCKED = "s3-bucket-no-public-read", "s3-bucket-public-access-blocked"
#: All that the tests themselves import, and what a function must never have leant on.
FOREIGN = ["vigil", "tests", "moto", "jsonschema", "yaml", "pytest", "hypothesis", "werkzeug"]
TABLES = {
    f"VIGIL_{name}_TABLE": f"vigil-{name.lower()}"
    for name in ("FINDINGS", "HISTORY", "LEDGER", "WORK")
}
SURROUNDINGS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}

Load = Callable[..., None]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def sandbox(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox.of(built / ZIP, tmp_path_factory.mktemp("sandbox"), SITE)


@pytest.fixture(scope="module")
def vigil(
    built: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PackagedVigil]:
    with packaged_vigil(built, sandbox, tmp_path_factory.mktemp("logs")) as deployed:
        yield deployed
        assert not deployed.bus.failures
        assert not deployed.aws.crashes


@pytest.fixture
def load(built: Path, sandbox: Sandbox, tmp_path: Path) -> Load:
    """Load `evaluate` as it is deployed, but for what a test changes; return when it is ready."""
    template = json.loads((built / APP).read_text(encoding="utf-8"))
    deployed = template["Resources"]["Evaluate"]["Properties"]["Handler"]

    def load(
        *, within: Sandbox = sandbox, handler: str = deployed, variables: dict[str, str] = TABLES
    ) -> None:
        configuration = Configuration(name="evaluate", handler=handler, variables=variables)
        with LambdaFunction(within, configuration, tmp_path / "log", SURROUNDINGS) as function:
            function.wait_until_ready()

    return load


def test_a_function_sees_the_package_and_what_lambda_brings_and_nothing_else(
    sandbox: Sandbox,
) -> None:
    seen = json.loads(sandbox.run(PROBE, NAMES=" ".join([*FOREIGN, *BOTO3, "chalicelib"])))

    assert {name for name, place in seen.items() if place is None} == set(FOREIGN)
    assert seen["chalicelib"].startswith(str(sandbox.task))
    assert all(seen[name].startswith(str(sandbox.runtime)) for name in BOTO3 if name != "jmespath")


PROBE = """
import importlib.util, json
specs = {name: importlib.util.find_spec(name) for name in os.environ["NAMES"].split()}
print(json.dumps({name: spec and spec.origin for name, spec in specs.items()}))
"""


def test_the_stack_deploys_these_very_bytes(vigil: PackagedVigil, built: Path) -> None:
    digest = base64.b64encode(sha256((built / ZIP).read_bytes()).digest()).decode()

    functions = vigil.client("lambda").list_functions()["Functions"]

    assert {function["CodeSha256"] for function in functions} == {digest}
    assert vigil.functions.keys() == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_loads_from_the_package_and_asks_for_an_event(
    vigil: PackagedVigil, name: str
) -> None:
    function = vigil.functions[name]

    function.wait_until_ready()

    assert function.log.read_text(encoding="utf-8") == "" or vigil.answers[name]


def test_every_queue_takes_back_what_failed_alone(vigil: PackagedVigil) -> None:
    reporting = {
        name
        for name, feed in vigil.feeds.items()
        if feed.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
    }

    assert reporting == QUEUED
    assert vigil.feeds.keys() == QUEUED | {"announce", "seal"}


def test_a_bucket_that_is_opened_is_told_in_slack(vigil: PackagedVigil) -> None:
    bucket = "quarterly-reports"
    vigil.client_of_person("s3").create_bucket(Bucket=bucket)

    vigil.open_up(bucket)
    text = vigil.told(f"Bucket {bucket} can be read by anyone", f"{PERSON} by PutBucketPolicy")

    assert OPEN in text
    assert [f["status"] for f in findings_on(vigil, bucket, OPEN)] == ["OPEN"]
    entries = [
        i for i in vigil.items("history") if f"#{OPEN}#" in i["sk"]["S"] and is_on(i, bucket)
    ]
    assert min(entries, key=lambda entry: entry["sk"]["S"])["kind"]["S"] == "opened"
    assert ("PutBucketPolicy", "evaluated") in {
        (row["event_name"]["S"], row["disposition"]["S"]) for row in vigil.items("ledger")
    }


def test_the_api_answers_whoever_signs(vigil: PackagedVigil) -> None:
    vigil.aws.add_api(
        LOCAL_PATH, Gateway(lambda event: (vigil.functions["api"].invoke(event), None))
    )
    keys = (vigil.person["AWS_ACCESS_KEY_ID"], vigil.person["AWS_SECRET_ACCESS_KEY"])
    session = boto3.session.Session(*keys, region_name=HOME_REGION)
    client = ApiClient(url=vigil.aws.url + LOCAL_PATH, session=session)

    me, health = client.call("GET", "/me"), client.call("GET", "/health")

    assert me["identity"]["name"] == PERSON
    assert {check["name"]: check["ok"] for check in health["checks"]}["findings"], health
    assert client.call("GET", "/findings", {"status": "open"})["next"] is None


def test_only_the_record_that_failed_goes_back(vigil: PackagedVigil) -> None:
    good, bad = "accepted-bucket", "refused-bucket"
    for bucket in (good, bad):
        vigil.client_of_person("s3").create_bucket(Bucket=bucket)
        assert wait_for(partial(is_unblocked, vigil, bucket), PATIENCE_SECONDS), vigil.complaints()
    # Its confirming look cannot be ordered, so its record is not done.
    refused = Fault(effect=Effect.DENIED, service="sqs", operation="SendMessageBatch", resource=bad)
    vigil.aws.faults.add(refused)

    for bucket in (good, bad):
        vigil.open_up(bucket)
    assert wait_for(
        lambda: all(policy_records(vigil, bucket) for bucket in (good, bad)), PATIENCE_SECONDS
    )
    (done,), (failed,) = policy_records(vigil, good), policy_records(vigil, bad)
    batch = {"Records": [again(done), again(failed)]}
    answer = vigil.functions["evaluate"].invoke(batch)
    vigil.aws.faults.remove(refused)
    answer_at_last = vigil.functions["evaluate"].invoke(batch)

    refused_at_first = failed_ids(vigil)
    assert failed["messageId"] in refused_at_first
    assert done["messageId"] not in refused_at_first
    assert answer == {"batchItemFailures": [{"itemIdentifier": failed["messageId"]}]}
    assert answer_at_last == {"batchItemFailures": []}
    queue = vigil.queue_url(vigil.feeds["evaluate"]["EventSourceArn"])
    assert wait_for(lambda: vigil.counts(queue) == (0, len(failed_ids(vigil))), PATIENCE_SECONDS)


def test_a_sweep_finds_what_stood_there_before(vigil: PackagedVigil) -> None:
    queued = vigil.bus.run_schedule("sweep-start")["queued"]

    assert queued > 0
    role = vigil.client("lambda").get_function_configuration(FunctionName="vigil-app-slack")["Role"]
    name = role.rpartition("/")[2]
    assert wait_for(lambda: any(is_on(i, name) for i in vigil.items("findings")), PATIENCE_SECONDS)
    assert wait_for(lambda: swept(vigil) >= queued, PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("due", {"queued": 0, "exemptions_ended": 0, "reminded": 0}),
        ("reannounce", {"published": 0}),
    ],
)
def test_a_schedule_runs_its_function(
    vigil: PackagedVigil, name: str, answer: dict[str, int]
) -> None:
    assert vigil.bus.run_schedule(name) == answer


def test_a_handler_that_is_not_there_is_named(load: Load) -> None:
    with pytest.raises(FunctionError, match="'evaluated' missing on module") as error:
        load(handler="chalicelib.functions.evaluate.evaluated")

    assert error.value.kind == "Runtime.HandlerNotFound"


@pytest.mark.parametrize("lost", ["msgspec", "jsonschema_rs"])
def test_a_dependency_that_is_not_there_is_named(
    load: Load, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, lost: str
) -> None:
    poorer = sandbox.without(lost, tmp_path_factory.mktemp("poorer"))

    with pytest.raises(FunctionError, match=f"No module named '{lost}'") as error:
        load(within=poorer)

    assert error.value.kind == "Runtime.ImportModuleError"


def test_a_setting_that_is_not_there_is_named_before_any_event_is_taken(load: Load) -> None:
    with pytest.raises(FunctionError, match="VIGIL_LEDGER_TABLE is not set") as error:
        load(variables={k: v for k, v in TABLES.items() if k != "VIGIL_LEDGER_TABLE"})

    assert error.value.kind == "SettingsError"


def test_an_invocation_whose_process_ends_fails_and_says_how(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "mortal.py").write_text("import os\ndef die(event, context): os._exit(event)\n")
    within = Sandbox(python=sandbox.python, task=tmp_path, runtime=sandbox.runtime)
    mortal = Configuration(name="mortal", handler="mortal.die")

    with (
        LambdaFunction(within, mortal, tmp_path / "log") as function,
        pytest.raises(FunctionError, match="ended with 3") as error,
    ):
        function.invoke(3)

    assert error.value.kind == "Runtime.ExitError"


def is_on(item: dict[str, Any], resource: str) -> bool:
    return str(item["pk"]["S"]).endswith(f"#{resource}")


def findings_on(vigil: PackagedVigil, resource: str, rule: str) -> list[dict[str, Any]]:
    return [
        json.loads(item["document"]["S"])
        for item in vigil.items("findings")
        if is_on(item, resource) and item["sk"]["S"] == f"finding#{rule}"
    ]


def is_unblocked(vigil: PackagedVigil, bucket: str) -> bool:
    return bool(findings_on(vigil, bucket, BLOCKED))


def records_of(vigil: PackagedVigil) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the records that `evaluate` was given, and whether it refused them."""
    for event, answer in tuple(vigil.answers["evaluate"]):
        refused = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        yield from ((record, record["messageId"] in refused) for record in event["Records"])


def failed_ids(vigil: PackagedVigil) -> set[str]:
    return {record["messageId"] for record, failed in records_of(vigil) if failed}


def policy_records(vigil: PackagedVigil, bucket: str) -> list[dict[str, Any]]:
    """Return the records that say that a bucket's policy was set."""
    return [
        record
        for record, _ in records_of(vigil)
        if bucket in record["body"] and '"PutBucketPolicy"' in record["body"]
    ]


def swept(vigil: PackagedVigil) -> int:
    """Return how many messages of the sweep queue were worked through."""
    answers = tuple(vigil.answers.get("sweep-work", ()))
    return sum(len(e["Records"]) - len(a["batchItemFailures"]) for e, a in answers)


def again(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as SQS delivers it the second time."""
    return {**record, "attributes": {**record["attributes"], "ApproximateReceiveCount": "2"}}
