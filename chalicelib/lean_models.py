"""botocore's descriptions of the services, read into half the memory and half the time.

botocore keeps what it reads as ordered dictionaries and with every sentence of documentation. A
scan needs forty services; of EC2's alone that is 24 MB.
"""

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.session
import msgspec

_SERVICE = "service-2"
_PROSE = "documentation"
#: Ending of a file's name → how its bytes become JSON.
_UNPACKED: Mapping[str, Callable[[bytes], bytes]] = {".json": bytes, ".json.gz": gzip.decompress}


class LeanFiles(botocore.loaders.JSONFileLoader):
    """Reads files for `botocore.loaders.Loader`."""

    def load_file(self, file_path: str) -> Any:
        """Return what a file holds, None where there is none."""
        for ending, unpacked in _UNPACKED.items():
            file = Path(file_path + ending)
            if file.is_file():
                read = msgspec.json.decode(unpacked(file.read_bytes()))
                return without_prose(read) if file_path.endswith(_SERVICE) else read
        return None


def without_prose(model: dict[str, Any]) -> dict[str, Any]:
    """Empty the sentences in a service's description, in place; return it.

    botocore asks some of them by name, so none may be absent. A member that is called like that
    is no sentence but an object, and stays.
    """
    waiting: list[Any] = [model]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get(_PROSE), str):
                part[_PROSE] = ""
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return model


def read_leanly(session: botocore.session.Session) -> None:
    """Let a session read its descriptions this way from now on."""
    loader = botocore.loaders.create_loader(session.get_config_variable("data_path"))
    loader.file_loader = LeanFiles()
    session.register_component("data_loader", loader)
