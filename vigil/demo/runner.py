"""Plays the scenes, shows each one's messages as they arrive, and says whether all were told."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from vigil.demo.scenes import SCENES, Scene
from vigil.demo.stage import Stage, prepared, wait_for
from vigil.local._slack_html import Shown
from vigil.local.deployment import deployed
from vigil.local.moto_server import EmbeddedAws
from vigil.local.slack_text import text_of

#: A scene is over this long after it began, whatever is still missing.
SCENE_SECONDS = 15.0
QUIET_SECONDS = 10.0
SETTINGS = {"VIGIL_SLACK_SPACING_SECONDS": "0", "VIGIL_SLACK_BURST_SECONDS": "5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A scene and how it went.

    Attributes:
        seconds: From the end of the act until the last expected message stood in Slack.
    """

    scene: Scene
    as_expected: bool
    seconds: float


@contextmanager
def staged(port: int) -> Iterator[Stage]:
    """Start the embedded AWS, prepare the account and deploy Vigil into it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vigil-demo-")))
        aws = stack.enter_context(EmbeddedAws(port))
        stage = prepared(aws)
        stage.vigil = stack.enter_context(deployed(aws, folder, SETTINGS))
        yield stage


def play_all(stage: Stage, console: Console) -> list[Played]:
    """Play every scene in order."""
    return [_play(scene, stage, console) for scene in SCENES]


def _play(scene: Scene, stage: Stage, console: Console) -> Played:
    console.print(Text(f"\n▶ {scene.title}", style="bold"))
    before = {message.ts: message for message in stage.messages()}
    scene.act(stage)
    acted = time.monotonic()
    if scene.quiet:
        settled = stage.vigil is not None and stage.vigil.idle(QUIET_SECONDS)
        fine = settled and not _news(stage, before)
    else:
        fine = wait_for(lambda: _is_told(scene, _news(stage, before)), SCENE_SECONDS)
    seconds = time.monotonic() - acted
    if stage.vigil:
        stage.vigil.idle(QUIET_SECONDS)
    _show(scene, _news(stage, before), console)
    _verdict(scene, console, fine=fine, seconds=seconds)
    return Played(scene=scene, as_expected=fine, seconds=seconds)


def _news(stage: Stage, before: dict[str, Shown]) -> list[Shown]:
    """Return what is new in Slack; an edit of an older message is shown by its thread's reply."""
    return [message for message in stage.messages() if message.ts not in before]


def _is_told(scene: Scene, news: list[Shown]) -> bool:
    texts = [text_of(message.payload) for message in news]
    return all(
        any(all(phrase in text for phrase in phrases) for text in texts)
        for phrases in scene.expects
    )


def _show(scene: Scene, news: list[Shown], console: Console) -> None:
    for message in news:
        where = "Slack, in the thread" if message.thread_ts else "Slack"
        console.print(Panel(Text(text_of(message.payload)), title=where, title_align="left"))
    if not news and scene.quiet:
        console.print(Text("  (nothing was told)", style="dim"))


def _verdict(scene: Scene, console: Console, *, fine: bool, seconds: float) -> None:
    if fine and scene.quiet:
        console.print(Text("  ✓ judged, and quiet", style="green"))
    elif fine:
        console.print(Text(f"  ✓ told {seconds:.2f} s after it was done", style="green"))
    else:
        missing = "; ".join(" + ".join(phrases) for phrases in scene.expects)
        expected = f"a message with {missing}" if missing else "silence"
        console.print(Text(f"  ✗ expected {expected}", style="bold red"))
