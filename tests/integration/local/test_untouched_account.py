"""A scan of an embedded account that nobody has touched finds an answer to everything it asks."""

import json

import pytest
from click.testing import CliRunner

from vigil.cli import main
from vigil.local._principals import user_environment
from vigil.local.moto_server import EmbeddedAws

REGION = "us-east-1"


@pytest.mark.slow
def test_nothing_stays_undecided_in_an_account_that_nobody_has_touched() -> None:
    with EmbeddedAws(require_trail=False) as aws:
        environment = {**user_environment(aws.url, "alice"), "AWS_EC2_METADATA_DISABLED": "true"}

        ended = CliRunner(mix_stderr=False).invoke(
            main, ["scan", "--region", REGION, "--format", "jsonl"], env=environment
        )

    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.exit_code == 0, ended.stderr
    assert rows
    assert [row for row in rows if row["gaps"]] == []
    assert "0 INSUFFICIENT_DATA" in ended.stderr
    assert not aws.crashes
