"""Plays the scenes, shows each one's messages as they arrive, and says whether all were told.

A scene's time runs until its last expected message stands in Slack; what else it leads to, like the
confirming look, is awaited after that, so that no scene hears another one's messages.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from chalicelib.facts.legible import legible
from vigil.demo.scenes import SCENES, Scene
from vigil.demo.screen import show
from vigil.demo.stage import Stage, prepared, wait_for
from vigil.local._slack_html import Shown
from vigil.local.deployment import deployed
from vigil.local.moto_server import EmbeddedAws
from vigil.local.slack_text import text_of

QUIET_SECONDS = 10.0
SETTINGS = {
    # AWS needs half a minute to settle, the local one nothing: one look a second later will do.
    "VIGIL_CONFIRM_SECONDS": "1",
    "VIGIL_SLACK_SPACING_SECONDS": "0",
    # The story has more messages in a minute than an account should: no digests.
    "VIGIL_SLACK_BURST_SECONDS": "0",
}


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


def play_all(stage: Stage, console: Console, scenes: Sequence[Scene] = SCENES) -> bool:
    """Play scenes in order; tell whether all of it was seen and nothing crashed."""
    started = time.monotonic()
    played = [_play(scene, stage, console) for scene in scenes]
    fine = sum(one.as_expected for one in played)
    seconds = time.monotonic() - started
    told = f"\n{fine} of {len(played)} scenes as expected in {seconds:.0f} s"
    console.print(Text(told, style="bold"))
    crashes = list(stage.vigil.bus.failures) if stage.vigil else []
    for crash in crashes:
        what = f"{crash.function} failed: {type(crash.error).__name__}: {crash.error}"
        console.print(Text(legible(what), style="red"))
    return fine == len(played) and not crashes


def _play(scene: Scene, stage: Stage, console: Console) -> Played:
    console.print(Text(f"\n▶ {scene.title}", style="bold"))
    before = {message.ts for message in stage.messages()}
    scene.act(stage)
    acted = time.monotonic()
    if scene.quiet:
        fine = _settled(stage) and not _news(stage, before)
    else:
        fine = wait_for(lambda: _is_told(scene, _news(stage, before)), scene.seconds)
    seconds = time.monotonic() - acted
    _settled(stage)
    _show(_news(stage, before), console)
    _verdict(scene, console, fine=fine, seconds=seconds)
    return Played(scene=scene, as_expected=fine, seconds=seconds)


def _settled(stage: Stage) -> bool:
    return stage.vigil is not None and stage.vigil.idle(QUIET_SECONDS)


def _news(stage: Stage, before: set[str]) -> list[Shown]:
    """Return what is new in Slack; an edit of an older message is shown by its thread's reply."""
    return [message for message in stage.messages() if message.ts not in before]


def _is_told(scene: Scene, news: list[Shown]) -> bool:
    texts = [text_of(message.payload) for message in news]
    return all(
        any(all(phrase in text for phrase in phrases) for text in texts)
        for phrases in scene.expects
    )


def _show(news: list[Shown], console: Console) -> None:
    for message in news:
        show(message, console)
    if not news:
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
