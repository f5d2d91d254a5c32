"""While Lambda loads a function: build all of it at once, and let the garbage collector wait.

Loading makes some hundred thousand objects that live as long as the process. The collector would
walk through all of them, a tenth of the loading time, and again in the middle of invocations.
"""

import gc
from collections.abc import Callable

from chalicelib.settings import is_in_lambda


def begin() -> None:
    """Stop collecting, before anything large is imported; outside Lambda do nothing."""
    if is_in_lambda():
        gc.disable()


def finish(build: Callable[[], object]) -> None:
    """Build what every invocation needs, then collect again, but only what is made from now on.

    Loading has a whole CPU, whatever the function's memory buys it later, and a setting that is
    missing shows before a message is taken. Outside Lambda nothing is built.
    """
    if is_in_lambda():
        build()
        gc.freeze()
        gc.enable()
