"""Opens the console in a browser without showing its token to other users of this machine.

A command line can be read by everybody (`ps`), so the browser is given a file that only its owner
can read, which leads on to the address.
"""

import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path


@contextmanager
def in_browser(url: str, opens: Callable[[str], bool] = webbrowser.open) -> Iterator[bool]:
    """Open an address; the file that leads there exists as long as the `with` block.

    Yields:
        False where no browser was found.
    """
    with tempfile.TemporaryDirectory(prefix="vigil-console-") as folder:
        file = Path(folder) / "open.html"
        file.touch(mode=0o600)
        address = escape(url, quote=True)
        file.write_text(
            f'<!doctype html><meta charset="utf-8"><title>Vigil</title>'
            f'<meta http-equiv="refresh" content="0;url={address}">'
            f'<a href="{address}">Open the console</a>',
            encoding="utf-8",
        )
        yield opens(file.as_uri())
