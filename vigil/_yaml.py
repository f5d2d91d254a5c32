"""Reads YAML as plain JSON values and remembers the line of everything.

Scalars follow YAML 1.2's core schema, not 1.1: ``no``, ``on``, dates and ``010`` are texts here,
only ``true``, ``false``, ``null``, ``~`` and decimal numbers are not. Duplicate keys, tags, merge
keys and documents that unfold to more than `MAX_NODES` values are refused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import yaml
from yaml.composer import Composer

from chalicelib.errors import RuleDocumentError

Path: TypeAlias = tuple[str | int, ...]

MAX_NODES = 50_000
MAX_DEPTH = 60

_PREFIX = "tag:yaml.org,2002:"
_TEXT = f"{_PREFIX}str"


class _Loader(yaml.SafeLoader):
    """Composes nodes with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - yaml's API


def _resolve(kind: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"{_PREFIX}{kind}", re.compile(pattern), list(first))


_resolve("bool", r"^(?:true|false)$", "tf")
_resolve("int", r"^-?(?:0|[1-9][0-9]{0,17})$", "-0123456789")
_resolve("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", "-0123456789")
_Loader.add_implicit_resolver(f"{_PREFIX}null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])


def _quickest() -> Any:
    """Return libyaml's parser with Python's composer, or Python's own where there is no libyaml.

    libyaml's composer is quicker still, but goes down on the C stack: depth would kill the process.
    """
    if not yaml.__with_libyaml__:
        return _Loader

    class Quick(Composer, yaml.CSafeLoader):
        yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            Composer.__init__(self)

    return Quick


LOADERS = tuple(dict.fromkeys((_quickest(), _Loader)))

_SCALARS: Mapping[str, Callable[[str], Any]] = {
    _TEXT: str,
    f"{_PREFIX}bool": lambda text: text == "true",
    f"{_PREFIX}int": int,
    f"{_PREFIX}float": float,
    f"{_PREFIX}null": lambda _: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A YAML document as plain values.

    Attributes:
        lines: Path → one-based line.
    """

    value: Any
    lines: Mapping[Path, int]

    def line_of(self, path: Path) -> int | None:
        """Return the line of a value, or of the nearest value around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def read_yaml(text: str, *, source: str, loader: Any = LOADERS[0]) -> Read:
    """Read one document; whatever the loader, the values and their lines are the same.

    Raises:
        RuleDocumentError: It is not YAML, or uses what is refused here.
    """
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = _line_of(error, text)
        raise RuleDocumentError(f"not YAML: {error.problem}", source=source, line=line) from error
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError) as error:
        raise RuleDocumentError("not YAML: unreadable characters", source=source) from error
    if node is None:
        raise RuleDocumentError("expected a rule, found an empty file", source=source, line=1)
    reader = _Reader(source=source)
    return Read(value=reader.value(node, ()), lines=reader.lines)


def _line_of(error: yaml.MarkedYAMLError, text: str) -> int | None:
    if error.problem_mark is None:
        return None
    # libyaml sees the end of a text on the line after its last.
    return min(error.problem_mark.line, text.count("\n")) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    source: str
    lines: dict[Path, int] = field(default_factory=dict)

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(self.lines) > MAX_NODES or len(path) > MAX_DEPTH:
            self.refuse(node, "too large or too deep")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, (*path, i)) for i, one in enumerate(node.value)]
        return self.scalar(node)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str) or key == "<<":
                self.refuse(key_node, "keys must be plain texts; merge keys are refused")
            if key in pairs:
                self.refuse(key_node, f"duplicate key {key!r}")
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            pairs[key] = self.value(value_node, (*path, key))
        return pairs

    def scalar(self, node: yaml.Node) -> Any:
        construct = _SCALARS.get(node.tag)
        if construct is None:
            self.refuse(node, f"refused tag {node.tag!r}")
        return construct(node.value)

    def refuse(self, node: yaml.Node, message: str) -> NoReturn:
        line = node.start_mark.line + 1
        raise RuleDocumentError(message, source=self.source, line=line)
