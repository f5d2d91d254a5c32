"""The demo: everything it promises is seen, and it says so when something is not."""

import io
import re
from collections.abc import Iterator

import pytest
from rich.console import Console

from tests.e2e.command import complaints, run_vigil
from vigil.demo.runner import play_all, staged
from vigil.demo.scenes import SCENES, Scene, tag_bucket
from vigil.demo.stage import Stage


def do_nothing(_: Stage) -> None:
    """Act out a scene in which nothing happens."""


#: What a demo that goes wrong looks like; each is over quickly.
MISSED = {
    "a message that never comes": Scene(
        title="nothing", act=do_nothing, expects=(("never told",),), seconds=0.1
    ),
    "a message that comes without a phrase": Scene(
        title="a tag", act=tag_bucket, expects=(("demo-invoices", "CRITICAL"),), seconds=0.1
    ),
}
SEEN = Scene(title="a tag, again", act=tag_bucket, quiet=True)


def test_the_demo_shows_every_scene_and_ends_with_zero() -> None:
    ended = run_vigil("demo", "--exit")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{len(SCENES)} of {len(SCENES)} scenes as expected" in ended.stdout
    assert ended.stdout.count("  ✓ ") == len(SCENES)
    assert "✗" not in ended.stdout
    for scene in SCENES:
        assert scene.title in ended.stdout.replace("\n", " ").replace("  ", " ")
    assert "Nobody makes changes as the root user" not in ended.stdout
    assert complaints(ended.stdout) == []
    assert ended.stderr == ""
    assert max(map(len, ended.stdout.splitlines())) <= 100


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged(0) as made:
        yield made


@pytest.mark.parametrize("missed", MISSED.values(), ids=MISSED)
def test_a_story_with_one_missed_scene_is_not_fine(missed: Scene, stage: Stage) -> None:
    told = io.StringIO()

    fine = play_all(stage, Console(file=told, width=80), [SEEN, missed])

    assert not fine
    assert "1 of 2 scenes as expected" in told.getvalue()
    assert re.search(r"✗ expected a message with .+", told.getvalue())


def fail(event: object, context: object) -> None:
    raise ZeroDivisionError(f"{event} {context}"[:7])


def run_failing_function(stage: Stage) -> None:
    """Let a function crash that tells nobody anything."""
    assert stage.vigil
    stage.vigil.bus.add_function("failing", fail)
    stage.vigil.bus.add_schedule("failing")
    stage.vigil.run_schedule("failing")


def test_a_function_that_raised_is_named_and_spoils_the_story(stage: Stage) -> None:
    told = io.StringIO()
    scene = Scene(title="a crash", act=run_failing_function, quiet=True)

    fine = play_all(stage, Console(file=told, width=80), [scene])

    assert not fine
    assert "1 of 1 scenes as expected" in told.getvalue()
    assert "failing failed: ZeroDivisionError" in told.getvalue()
