"""Puts together the rules that a command judges by: built-in, the person's own, and settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chalicelib.errors import RuleDocumentError
from chalicelib.model import ResourceType
from chalicelib.model.ruleset import Ruleset
from vigil._yaml import Read
from vigil.library.document import read_document
from vigil.library.tuning import Tuner
from vigil.rulefiles import RuleFile, built_in, load_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Everything a person's rules are made of."""

    files: tuple[RuleFile, ...]
    ruleset: Ruleset


def library(
    types: tuple[ResourceType, ...],
    folders: Sequence[Path] = (),
    settings: Path | None = None,
) -> Library:
    """Read the built-in rules, those of some folders, and what the settings say of them.

    Args:
        types: The resource types there are.
        folders: Folders or files with rules of the person's own.
        settings: The settings file, or None.

    Raises:
        RuleDocumentError: Something is wrong with any of them: nobody should be judged by half.
    """
    read = read_document(settings) if settings else None
    named = _own_rules(settings, read) if settings and read else ()
    loaded = load_rules((*named, *folders), types, beside=built_in())
    for problem in loaded.problems:
        raise problem
    if settings is None or read is None:
        return Library(files=loaded.files, ruleset=Ruleset(rules=loaded.rules))
    files = {file.rule.id: file for file in loaded.files}
    tuner = Tuner(source=settings, read=read, files=files, types=types)
    return Library(files=loaded.files, ruleset=tuner.ruleset())


def _own_rules(path: Path, read: Read) -> tuple[Path, ...]:
    folders = tuple(path.parent / name for name in read.value.get("own_rules", ()))
    for index, folder in enumerate(folders):
        if not folder.exists():
            line = read.line_of(("own_rules", index))
            raise RuleDocumentError(f"no such folder: {folder}", source=str(path), line=line)
    return folders
