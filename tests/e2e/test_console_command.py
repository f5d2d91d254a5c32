"""`vigil console` as a person starts it."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from urllib.request import ProxyHandler, build_opener

import pytest
from click.testing import CliRunner

from tests.e2e.command import ROOT, VIGIL, complaints
from vigil.cli import EXIT_BAD_INPUT, EXIT_COULD_NOT_LOOK, main
from vigil.local._call import Answer, Call
from vigil.local.moto_server import EmbeddedAws

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}
#: Settings of whoever runs the tests that would matter.
NONE: Mapping[str, None] = dict.fromkeys(
    ("AWS_PROFILE", "AWS_ENDPOINT_URL", "VIGIL_API_URL", "AWS_SESSION_TOKEN")
)
PATIENCE_SECONDS = 60


def me(_: Call) -> Answer:
    """Answer as an API would."""
    return Answer(status=200, headers=(("Content-Type", "application/json"),), body=b"{}")


def test_it_serves_the_page_until_ctrl_c() -> None:
    environment = {n: v for n, v in os.environ.items() if n not in NONE} | KEYS
    with EmbeddedAws(managed_policies=False) as aws:
        aws.add_api("/somewhere", me)
        process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [*VIGIL, "console", "--no-open", "--port", "0", "--api", f"{aws.url}/somewhere"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout
            printed = [next(process.stdout) for _ in range(3)]
            address = re.search(r"http://127\.0\.0\.1:\d+/#session=[\w-]{43}", printed[0])
            assert address
            opener = build_opener(ProxyHandler({}))
            with opener.open(address[0], timeout=PATIENCE_SECONDS) as page:
                served = page.read().decode()
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()

    assert "<title>Vigil</title>" in served
    assert "Ctrl-C ends it." in printed[2]
    assert process.returncode == 0
    assert complaints(errors) == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        pytest.param((), EXIT_BAD_INPUT, "where is the API?", id="no API is named"),
        pytest.param(("--api", "ftp://x"), EXIT_BAD_INPUT, "http(s) URL", id="no URL"),
        pytest.param(
            ("--api", "http://127.0.0.1:1"), EXIT_COULD_NOT_LOOK, "does not answer", id="nobody"
        ),
        pytest.param(("--port", "70000"), EXIT_BAD_INPUT, "70000", id="no port"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(
    arguments: tuple[str, ...], code: int, told: str
) -> None:
    result = CliRunner().invoke(main, ["console", "--no-open", *arguments], env={**NONE, **KEYS})

    assert result.exit_code == code
    assert told in result.output
    assert len(result.output.splitlines()) == 1
