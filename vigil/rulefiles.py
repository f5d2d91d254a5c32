"""Reads rule files from folders: YAML in, compiled rules and problems out.

A wrong file never disables the others: what is wrong with it is returned beside the good rules.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema
import jsonschema_rs
from jsonschema.exceptions import ValidationError, relevance

from chalicelib import resources
from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate.compiler import CONDITION_KEYS, compile_rule
from chalicelib.model import ResourceType, Rule, RuleKind
from chalicelib.plugins import discover
from vigil._yaml import Read, read_yaml

RULES = Path(__file__).parents[1] / "rules"
SCHEMA_FILE = RULES / "rule.schema.json"
SUFFIX = ".yaml"
MAX_FILE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A rule with the file it was read from."""

    path: Path
    source: str
    document: Mapping[str, Any]
    read: Read
    rule: Rule

    @property
    def examples(self) -> Sequence[Mapping[str, Any]]:
        """The examples as written."""
        examples: Sequence[Mapping[str, Any]] = self.document["examples"]
        return examples

    def line_of(self, *path: str | int) -> int | None:
        """Return the line of a value in the file."""
        return self.read.line_of(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRules:
    """What some folders hold: the good files, and what is wrong with the others."""

    files: tuple[RuleFile, ...]
    problems: tuple[RuleDocumentError, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The compiled rules, by id."""
        return tuple(file.rule for file in self.files)


@cache
def resource_types() -> tuple[ResourceType, ...]:
    """Return every resource type there is."""
    return discover(resources, "RESOURCE_TYPE", ResourceType)


@cache
def built_in() -> LoadedRules:
    """Return Vigil's own rules, read once: they do not change while a command runs."""
    return load_rules((RULES,), resource_types())


def load_rules(
    paths: Iterable[Path], types: Iterable[ResourceType], *, beside: LoadedRules | None = None
) -> LoadedRules:
    """Read every rule file in some folders (or single files), in order of ids.

    Args:
        paths: Folders and files.
        types: The resource types there are.
        beside: Rules read before, which stay.
    """
    known = tuple(types)
    files = {file.rule.id: file for file in beside.files} if beside else {}
    problems = list(beside.problems) if beside else []
    for path in _files_in(paths):
        try:
            file = load_rule(path, known)
            _check_unique(file, files)
            files[file.rule.id] = file
        except RuleDocumentError as problem:
            problems.append(problem)
    problems.extend(_unexplained(files))
    return LoadedRules(files=tuple(files[i] for i in sorted(files)), problems=tuple(problems))


def load_rule(path: Path, types: Iterable[ResourceType]) -> RuleFile:
    """Read one rule file.

    Raises:
        RuleDocumentError: The file is no valid rule; names file, line and expectation.
    """
    source = _shown(path)
    read = read_yaml(_text_of(path, source), source=source)
    document = read.value
    structure = _structure_errors(document)
    _raise_first((e for e in structure if not _in_condition(e)), read, source)
    if document["id"] != path.stem:
        message = f"id: expected {path.stem!r}, the name of the file"
        raise RuleDocumentError(message, source=source, line=read.line_of(("id",)))
    rule = compile_rule(document, source=source, line_of=read.line_of, types=types)
    _raise_first(structure, read, source)
    return RuleFile(path=path, source=source, document=document, read=read, rule=rule)


def _files_in(paths: Iterable[Path]) -> tuple[Path, ...]:
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise RuleDocumentError("no such file or folder", source=str(path))
        found.update(dict.fromkeys(sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]))
    return tuple(found)


def _text_of(path: Path, source: str) -> str:
    try:
        content = path.read_bytes()
        if len(content) > MAX_FILE_BYTES:
            raise RuleDocumentError(f"larger than {MAX_FILE_BYTES} bytes", source=source)
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleDocumentError("not a readable UTF-8 file", source=source) from error


def _shown(path: Path) -> str:
    here = Path.cwd()
    absolute = path.absolute()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def _check_unique(file: RuleFile, files: Mapping[str, RuleFile]) -> None:
    other = files.get(file.rule.id)
    if other is not None:
        message = f"id: {file.rule.id!r} is taken by {other.source}"
        raise RuleDocumentError(message, source=file.source, line=file.line_of("id"))


def _unexplained(files: Mapping[str, RuleFile]) -> Iterable[RuleDocumentError]:
    for file in files.values():
        for index, rule_id in enumerate(file.rule.explained_by):
            other = files.get(rule_id)
            if other is not None and other.rule.kind is not RuleKind.CONFIGURATION:
                message = f"explained_by: {rule_id!r} is not a configuration rule"
                line = file.line_of("explained_by", index)
                yield RuleDocumentError(message, source=file.source, line=line)


@cache
def document_validator() -> jsonschema.Draft202012Validator:
    """Return the validator of rule documents' outline."""
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


@cache
def _quick_validator() -> jsonschema_rs.Draft202012Validator:
    """Return the same as compiled code, which says no more than yes or no."""
    return jsonschema_rs.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _structure_errors(document: Any) -> list[ValidationError]:
    if _quick_validator().is_valid(document):
        return []
    return sorted(document_validator().iter_errors(document), key=relevance, reverse=True)


def _in_condition(error: ValidationError) -> bool:
    path = list(error.absolute_path)
    return bool(path) and path[0] in CONDITION_KEYS[:3] and len(path) > 1


def _raise_first(errors: Iterable[ValidationError], read: Read, source: str) -> None:
    for error in errors:
        path = tuple(error.absolute_path)
        place = "/".join(map(str, path)) or "rule"
        where = (*path, *_culprits(error)[:1])
        message = f"{place}: {_explained(error)}"
        raise RuleDocumentError(message, source=source, line=read.line_of(where))


def _culprits(error: ValidationError) -> list[str]:
    if error.validator != "additionalProperties" or not isinstance(error.instance, Mapping):
        return []
    return sorted(error.instance.keys() - _schema_of(error).get("properties", {}).keys())


def _explained(error: ValidationError) -> str:
    if unknown := _culprits(error):
        allowed = ", ".join(sorted(_schema_of(error).get("properties", {})))
        return f"unknown key {unknown[0]!r} (allowed: {allowed})"
    if error.validator == "required":
        return f"missing key {_missing(error)!r}"
    if error.validator == "not":
        return str(_schema_of(error).get("description", "refused here"))
    return error.message[:300]


def _missing(error: ValidationError) -> str:
    required: list[str] = _schema_of(error)["required"]
    return next(name for name in required if name not in cast("Mapping[str, Any]", error.instance))


def _schema_of(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}
