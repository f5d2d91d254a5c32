"""What every test run begins with: the cases Hypothesis tries, and where compiled modules lie.

Hypothesis tries the same cases in every default run; `make test-slow` looks for new ones.
"""

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.console import browser

#: Dozens of tests start commands and functions as processes of their own. Where the environment
#: forbids Python to keep what it compiled, each of them would compile everything again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parents[1] / "build" / "pycache"))
sys.dont_write_bytecode = False
sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"]

settings.register_profile("same", derandomize=True)
settings.register_profile("new", settings.get_profile("default"))
settings.load_profile("same")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives until the end: thousands of tests, every model.

    It would walk through all of it again and again; what tests make is still collected.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so when the console's pages could not be tested."""
    if browser.found() is None:
        told = "no Chromium was found: the console's pages were not tested"
        terminalreporter.write_line(
            f"{told} (set VIGIL_CHROMIUM, or see scripts/setup-chromium.sh)"
        )
