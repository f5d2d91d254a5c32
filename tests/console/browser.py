"""A headless Chromium for the tests of the console's pages.

The one that `make` sets up comes with its libraries and a font, so that pages look the same
everywhere; on other platforms whatever the machine has will do.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
PACKAGED = ROOT / ".venv" / "share" / "chromium" / "chromium"
#: Tests run as root in containers, where Chromium's sandbox cannot be had; pages are our own.
_ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")


def found() -> Path | None:
    """Return the browser to use; None where there is none."""
    named = os.environ.get("VIGIL_CHROMIUM")
    if named:
        return Path(named)
    installed = shutil.which("chromium") or shutil.which("chromium-browser")
    return PACKAGED if PACKAGED.exists() else Path(installed) if installed else None


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - collecting needs it not

    binary = found()
    assert binary
    with tempfile.TemporaryDirectory(prefix="vigil-browser-") as home, sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=binary, args=list(_ARGUMENTS), env=_environment(binary, home)
        )
        yield browser
        browser.close()


def _environment(binary: Path, home: str) -> dict[str, str | float | bool]:
    mine: dict[str, str | float | bool] = {**os.environ, "HOME": home}
    if (fonts := binary.with_name("fonts.conf")).exists():
        mine |= {"LD_LIBRARY_PATH": str(binary.parent / "lib"), "FONTCONFIG_FILE": str(fonts)}
    return mine
