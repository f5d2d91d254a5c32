"""The page of settings: the app stack's parameters, and the variables that the functions read."""

import inspect
import re
from collections.abc import Iterator

from chalicelib.settings import Settings
from vigil.package.cloudformation import Json
from vigil.package.parameters import PARAMETERS, SOURCES
from vigil.reference import markdown
from vigil.reference.markdown import code, table

_ATTRIBUTE = re.compile(r"^(\w+): (.+)$")
_PREFIX = "VIGIL_"
_LEAD = "Parameters of the app stack, and the variables that the functions read."


def settings_page() -> str:
    """Return the page."""
    return markdown.page("Settings", _LEAD, _body())


def variables() -> tuple[str, ...]:
    """Return the names of Vigil's own variables, as the settings themselves ask for them."""
    asked = _Asked()
    Settings.from_env(asked)
    return tuple(sorted(name for name in asked if name.startswith(_PREFIX)))


def _body() -> Iterator[str]:
    rows = ((code(name), _default(p), p["Description"]) for name, p in PARAMETERS.items())
    yield from markdown.section("Parameters", table(("parameter", "default", "meaning"), rows))
    meanings = _meanings()
    read = (
        (code(name), "yes" if name in SOURCES else "no: the default holds", meanings[name])
        for name in variables()
    )
    yield from markdown.section(
        "Variables", table(("variable", "set by the stack", "meaning"), read)
    )


class _Asked(dict[str, str]):
    """An environment in which everything required is set; remembers what it was asked for."""

    def get(self, key: str, default: object = None) -> str:
        del default
        self[key] = "1"
        return self[key]


def _default(parameter: Json) -> str:
    if "Default" not in parameter:
        return "required"
    return code(parameter["Default"]) or "empty"


def _meanings() -> dict[str, str]:
    """Return what the settings' own class says of each, by its variable."""
    found: dict[str, str] = {}
    name = ""
    for line in map(str.strip, inspect.cleandoc(Settings.__doc__ or "").splitlines()):
        if match := _ATTRIBUTE.match(line):
            name = f"{_PREFIX}{match[1].upper()}"
            found[name] = match[2].replace("``", "`")
        elif name:
            found[name] = f"{found[name]} {line}".strip().replace("``", "`")
    return found
