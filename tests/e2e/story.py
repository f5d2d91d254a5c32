"""A deployed Vigil that a test drives by the tools people use, and what it tells and knows.

Nothing is patched or called past the wires: events, queues, streams and schedules run as deployed.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from chalicelib.aws import Clients
from chalicelib.findings._items import entry_from
from chalicelib.findings._tables import HISTORY
from chalicelib.findings.history import Entry
from chalicelib.findings.items import S3Items
from chalicelib.findings.store import table_definitions
from vigil.demo.runner import SETTINGS
from vigil.demo.stage import wait_for
from vigil.local._principals import client_for, user_environment
from vigil.local._slack_html import Shown
from vigil.local.deployment import deployed
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws
from vigil.local.slack_text import text_of

REGION = "us-east-1"
USER = "alice"
#: The product promises two seconds; a busy machine gets ten times that before a test fails.
PROMISED_SECONDS = 2
PATIENCE_SECONDS = PROMISED_SECONDS * 10
#: A first sweep looks at every type of the library; nothing is promised of how long it takes.
SETTLED_SECONDS = 120
FINDINGS_TABLE = str(table_definitions()[0]["TableName"])
#: A rule of the user's own, on attached policies: no packaged rule reads them.
OWN_RULES = Path(__file__).parent / "rules"
#: Where providers lie unpacked: Terraform's own places, and one to name.
_PLUGIN_FOLDERS = (
    os.environ.get("VIGIL_TERRAFORM_PLUGINS", ""),
    str(Path.home() / ".terraform.d/plugins"),
    "/usr/local/share/terraform/plugins",
)
_PROVIDER = "registry.terraform.io/hashicorp/aws"


@dataclass
class Story:
    """An account, its user, and Vigil deployed into it."""

    aws: EmbeddedAws
    vigil: LocalVigil
    user: Mapping[str, str]
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a client that acts as the user."""
        if service not in self.clients:
            session = boto3.session.Session(
                self.user["AWS_ACCESS_KEY_ID"], self.user["AWS_SECRET_ACCESS_KEY"], None, REGION
            )
            build: Any = session.client
            self.clients[service] = build(service, endpoint_url=self.aws.url)
            if service == "s3control":
                # botocore would prefix the host with the account id, as AWS wants it.
                local = Clients(endpoint_url=self.aws.url, session=_at(session, self.aws.url))
                self.clients[service] = local.client(service)
        return self.clients[service]

    def settle(self) -> None:
        """Wait until nothing moves any more."""
        assert self.vigil.idle(SETTLED_SECONDS)

    def told(self, *phrases: str, thread: str | None = None) -> Shown:
        """Wait for a message that holds all phrases and return it.

        Args:
            phrases: All of them must be in it.
            thread: Only replies below this message; None: only messages that are no replies.
        """
        found: list[Shown] = []

        def is_there() -> bool:
            found[:] = [
                m
                for m in self.vigil.slack.messages
                if all(phrase in text_of(m.payload) for phrase in phrases) and m.thread_ts == thread
            ]
            return bool(found)

        assert wait_for(is_there, PATIENCE_SECONDS), [
            text_of(m.payload) for m in self.vigil.slack.messages
        ]
        return found[-1]

    def looks(self) -> dict[str, int]:
        """Return resource id → how many looks were accepted."""
        return {
            item["pk"]["S"].split("#", 3)[3]: int(json.loads(item["document"]["S"])["rev"])
            for item in self._items()
            if item["sk"]["S"] == "look"
        }

    def undecided(self) -> set[tuple[str, str]]:
        """Return (resource id, rule) of every pair that the last look could not decide."""
        return {
            (item["pk"]["S"].split("#", 3)[3], rule_id)
            for item in self._items()
            if item["sk"]["S"] == "look"
            for rule_id, verdict in json.loads(item["document"]["S"])["verdicts"].items()
            if verdict["compliance"] == "INSUFFICIENT_DATA"
        }

    def open_findings(self, rule_id: str) -> set[str]:
        """Return the ids of the resources a rule objects to now."""
        return {
            item["pk"]["S"].split("#", 3)[3]
            for item in self._items()
            if item["sk"]["S"] == f"finding#{rule_id}"
            and json.loads(item["document"]["S"])["status"] == "OPEN"
        }

    def history(self, resource_id: str) -> list[Entry]:
        """Return the history of every resource of this id."""
        pages = self._tables().get_paginator("scan").paginate(TableName=HISTORY)
        entries = [entry_from(item) for page in pages for item in page["Items"]]
        return [entry for entry in entries if entry.pk.split("#", 3)[3] == resource_id]

    def items(self) -> S3Items:
        """Return the configurations that were kept."""
        bucket = self.vigil.environment["VIGIL_EVIDENCE_BUCKET"]
        return S3Items(lambda: client_for(self.aws.url, "s3"), bucket)

    def let_a_day_pass(self) -> None:
        """Bring every due time forward by a day: no clock of the deployed functions can be set."""
        for item in self._items():
            if "due_at" not in item:
                continue
            due = datetime.fromisoformat(item["due_at"]["S"]) - timedelta(days=1)
            moved = due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            self._tables().update_item(
                TableName=FINDINGS_TABLE,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET due_at = :due",
                ExpressionAttributeValues={":due": {"S": moved}},
            )

    def _items(self) -> list[dict[str, Any]]:
        pages = self._tables().get_paginator("scan").paginate(TableName=FINDINGS_TABLE)
        return [item for page in pages for item in page["Items"]]

    def _tables(self) -> Any:
        return client_for(self.vigil.environment["AWS_ENDPOINT_URL_DYNAMODB"], "dynamodb")


@contextmanager
def a_story() -> Iterator[Story]:
    """Deploy Vigil into a fresh account."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        aws = stack.enter_context(EmbeddedAws(require_trail=False, managed_policies=False))
        user = user_environment(aws.url, USER)
        vigil = deployed(aws, folder, SETTINGS, rules=(OWN_RULES,))
        yield Story(aws, stack.enter_context(vigil), user)


@dataclass(frozen=True)
class Tool:
    """A way to set and remove a bucket's policy.

    Attributes:
        signature: How its user agent begins.
        set_policy: Sets the policy in the file, or removes it where there is none; the folder is
            the tool's own between calls.
    """

    signature: str
    set_policy: Callable[[Story, str, Path, str | None], None]


def tools() -> dict[str, Tool]:
    """Return the tools of this machine; boto3 is always among them."""
    found = {"boto3": Tool("Boto3/", _with_boto3)}
    if shutil.which("aws"):
        found["aws-cli"] = Tool("aws-cli/", _with_cli)
    if shutil.which("terraform") and _plugins():
        found["terraform"] = Tool("Terraform", _with_terraform)
    return found


def _with_boto3(story: Story, bucket: str, _: Path, policy: str | None) -> None:
    if policy is None:
        story.client("s3").delete_bucket_policy(Bucket=bucket)
    else:
        story.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


def _with_cli(story: Story, bucket: str, folder: Path, policy: str | None) -> None:
    if policy is None:
        _run(story, folder, "aws", "s3api", "delete-bucket-policy", "--bucket", bucket)
    else:
        given = ("--bucket", bucket, "--policy", policy)
        _run(story, folder, "aws", "s3api", "put-bucket-policy", *given)


def _with_terraform(story: Story, bucket: str, folder: Path, policy: str | None) -> None:
    (folder / "main.tf").write_text(_TERRAFORM)
    (folder / "terraform.tfvars.json").write_text(json.dumps({"bucket": bucket, "policy": policy}))
    if not (folder / ".terraform").exists():
        _run(story, folder, "terraform", "init", f"-plugin-dir={_plugins()}")
    _run(story, folder, "terraform", "apply", "-auto-approve")


_TERRAFORM = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}
variable "bucket" { type = string }
variable "policy" {
  type     = string
  nullable = true
}
resource "aws_s3_bucket_policy" "it" {
  count  = var.policy == null ? 0 : 1
  bucket = var.bucket
  policy = var.policy
}
"""


def _run(story: Story, folder: Path, *command: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        **story.user,
    }
    ended = subprocess.run(  # noqa: S603 - our own arguments, no shell
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _plugins() -> str | None:
    return next((f for f in _PLUGIN_FOLDERS if f and (Path(f) / _PROVIDER).is_dir()), None)


def _at(session: boto3.session.Session, url: str) -> boto3.session.Session:
    class Local(boto3.session.Session):
        def client(self, *args: Any, **kwargs: Any) -> Any:
            build: Any = session.client
            return build(*args, **{**kwargs, "endpoint_url": url})

    return Local(region_name=REGION)
