"""`vigil local` as a person uses it: the printed keys work, Ctrl-C is clean, findings stay."""

import json
import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import boto3
import pytest

from tests.e2e.command import complaints, serving
from vigil.demo.stage import wait_for
from vigil.local._dynoxide import Dynoxide, find_binary
from vigil.rulefiles import built_in

PATIENCE_SECONDS = 30
BUCKET = "left-open"
OPEN_TO_ALL = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}
#: Kept findings need a database that outlives the process.
KEEPING = ["dynoxide"] if find_binary() else []


def client(exports: dict[str, str], service: str) -> Any:
    build: Any = boto3.session.Session().client
    return build(
        service,
        exports["AWS_REGION"],
        endpoint_url=exports["AWS_ENDPOINT_URL"],
        aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
    )


def slack_page(exports: dict[str, str]) -> str:
    opener = build_opener(ProxyHandler({}))
    with opener.open(f"{exports['AWS_ENDPOINT_URL']}/slack", timeout=PATIENCE_SECONDS) as page:
        return str(page.read().decode())


def all_told(exports: dict[str, str], *texts: str) -> bool:
    return wait_for(
        lambda: all(text in page for page in [slack_page(exports)] for text in texts),
        PATIENCE_SECONDS,
    )


def open_bucket(exports: dict[str, str]) -> None:
    s3 = client(exports, "s3")
    s3.create_bucket(Bucket=BUCKET)
    policy = {"Version": "2012-10-17", "Statement": [OPEN_TO_ALL]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def only_buckets_and_roles(folder: Path) -> str:
    """Write settings that leave little in force: a first sweep lists what rules are about."""
    kept = ("AWS::S3::Bucket", "AWS::IAM::Role")
    off = [rule.id for rule in built_in().rules if rule.resource_type not in kept]
    path = folder / "settings.yaml"
    path.write_text(
        "\n".join(["rules:", *(f"  {rule_id}: {{enabled: false}}" for rule_id in off)]),
        encoding="utf-8",
    )
    return str(path)


def test_the_printed_keys_are_a_users_ctrl_c_is_clean_and_what_was_told_is_not_told_again(
    tmp_path: Path,
) -> None:
    """One story, for each start costs a first sweep; without dynoxide it ends with the first."""
    settings = ("--settings", only_buckets_and_roles(tmp_path))
    with serving("local", "--port", "0", "--data", str(tmp_path), *settings) as served:
        arn = client(served.exports, "sts").get_caller_identity()["Arn"]
        open_bucket(served.exports)
        told = all_told(served.exports, "First sweep", "can be read by anyone", "you by PutBucket")
        page = slack_page(served.exports)
        code, out, err = served.interrupt()

    assert arn.endswith(":user/you")
    assert told
    assert set(re.findall(r"(\S+) by PutBucketPolicy", page)) == {"you"}
    assert (code, out.strip(), err) == (0, "", "")
    assert complaints("\n".join(served.lines)) == []
    if KEEPING:
        assert any(KEEPING[0] in line for line in served.lines)
        _tells_nothing_again(tmp_path, *settings)


def _tells_nothing_again(folder: Path, *settings: str) -> None:
    with serving("local", "--port", "0", "--data", str(folder), *settings) as served:
        client(served.exports, "iam").create_role(
            RoleName="sentinel",
            AssumeRolePolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
                    ],
                }
            ),
        )
        # The stream is in order: once this is told, whatever stood before it was passed over.
        assert all_told(served.exports, "sentinel")
        page = slack_page(served.exports)
        code, _, err = served.interrupt(signal.SIGTERM)

    assert BUCKET not in page
    assert "First sweep" not in page
    assert (code, err) == (0, "")


@pytest.mark.parametrize("_database", KEEPING)
def test_ctrl_c_does_not_reach_the_database_before_the_functions_are_done(_database: str) -> None:
    binary = find_binary()
    assert binary

    with Dynoxide(binary) as database:
        assert database._process
        assert os.getpgid(database._process.pid) != os.getpgid(0)


@pytest.mark.parametrize("_database", KEEPING if shutil.which("setpriv") else [])
def test_a_killed_command_takes_its_database_along(_database: str, tmp_path: Path) -> None:
    with serving("local", "--port", "0", "--data", str(tmp_path)) as served:
        # Two processes never have the file open at once.
        served.interrupt(signal.SIGKILL)

    assert wait_for(lambda: not _users_of(tmp_path / "vigil.db"), PATIENCE_SECONDS)


def _users_of(file: Path) -> list[str]:
    """Return the processes that were started with a file."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.fsencode(file) in command.read_bytes():
                found.append(command.parent.name)
        except OSError:
            continue  # it ended meanwhile
    return found
