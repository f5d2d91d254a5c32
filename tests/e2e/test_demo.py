"""The demo: everything it promises is seen, and it says so when something is not."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.e2e.command import complaints, run_vigil
from vigil.demo.runner import play_all
from vigil.demo.scenes import SCENES, Scene
from vigil.demo.stage import Stage
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws


def do_nothing(_: Stage) -> None:
    """Act out a scene in which nothing happens."""


def post(stage: Stage) -> None:
    """Act out a scene that one message tells of."""
    body = json.dumps({"text": "CRITICAL · something of demo-reports"}).encode()
    request = Request(f"{stage.aws.url}/slack/webhook", body, {"Content-Type": "application/json"})  # noqa: S310 - our own URL
    build_opener(ProxyHandler({})).open(request, timeout=10).close()


def fail(event: object, context: object) -> None:
    raise ZeroDivisionError(f"{event} {context}"[:7])


def run_failing_function(stage: Stage) -> None:
    """Act out a scene in which a function crashes and nobody is told."""
    assert stage.vigil
    stage.vigil.bus.add_function("failing", fail)
    stage.vigil.bus.add_schedule("failing")
    stage.vigil.run_schedule("failing")


TOLD = Scene(title="told", act=post, expects=(("CRITICAL", "demo-reports"),))
QUIET = Scene(title="quiet", act=do_nothing, quiet=True)
#: What goes wrong → the scene it is seen in; each is over quickly.
MISSED = {
    "a message that never comes": replace(TOLD, act=do_nothing, seconds=0.1),
    "a message that lacks a phrase": replace(
        TOLD, expects=(("CRITICAL", "resolved"),), seconds=0.1
    ),
    "phrases spread over two messages": replace(TOLD, expects=(("CRITICAL",), ("x",)), seconds=0.1),
    "a message that nobody should get": replace(QUIET, act=post),
}


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage on which only Slack works: what is told is up to the scene."""
    with EmbeddedAws(require_trail=False, managed_policies=False) as aws:
        vigil = LocalVigil(aws, {}, [])
        aws.add_page("/slack", vigil.slack)
        yield Stage(aws=aws, admin={}, vigil=vigil)


def cannot_be_judged(text: str) -> list[str]:
    """Return the lines that say so."""
    return [line for line in text.splitlines() if "cannot be judged" in line]


def test_the_demo_shows_every_scene_proves_it_and_ends_with_zero(tmp_path: Path) -> None:
    ended = run_vigil("demo", "--exit", "--pack", str(tmp_path / "demo.zip"))

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{len(SCENES)} of {len(SCENES)} scenes as expected" in ended.stdout
    assert ended.stdout.count("  ✓ ") == len(SCENES) + 1
    assert "✓ the pack verifies" in ended.stdout
    assert "✗" not in ended.stdout
    for scene in SCENES:
        assert scene.title in ended.stdout.replace("\n", " ").replace("  ", " ")
    assert "Nobody makes changes as the root user" not in ended.stdout
    # What the scene denies; in all else the embedded AWS answers as an untouched account does.
    (denied,) = cannot_be_judged(ended.stdout)
    assert "s3:GetBucketAcl answered" in denied
    assert complaints(ended.stdout) == []
    assert re.fullmatch(r"key fingerprint: [0-9a-f]{64}\n", ended.stderr)
    with zipfile.ZipFile(tmp_path / "demo.zip") as pack:
        assert len(pack.read("findings.jsonl").splitlines()) > len(SCENES)
    assert max(map(cell_len, ended.stdout.splitlines())) <= 100


def played(stage: Stage, *scenes: Scene) -> tuple[bool, str]:
    console = Console(file=io.StringIO(), width=80)
    fine = play_all(stage, console, scenes)
    assert isinstance(console.file, io.StringIO)
    return fine, console.file.getvalue()


def test_a_story_that_was_seen_is_fine(stage: Stage) -> None:
    fine, text = played(stage, TOLD, QUIET)

    assert fine
    assert "2 of 2 scenes as expected" in text


@pytest.mark.parametrize("missed", MISSED.values(), ids=MISSED)
def test_a_story_with_one_missed_scene_is_not_fine(missed: Scene, stage: Stage) -> None:
    fine, text = played(stage, TOLD, missed, QUIET)

    assert not fine
    assert "2 of 3 scenes as expected" in text
    assert text.count("✗ expected ") == 1


def test_a_function_that_raised_is_named_and_spoils_the_story(stage: Stage) -> None:
    fine, text = played(stage, replace(QUIET, act=run_failing_function))

    assert not fine
    assert "1 of 1 scenes as expected" in text
    assert "failing failed: ZeroDivisionError" in text
