"""`vigil rules`: the library of rules, and the proof that each one works.

``test`` runs the examples of every rule or of the files given; a rule of the user's own is judged
by the same standard as the built-in ones.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from chalicelib.errors import RuleDocumentError
from chalicelib.model import ResourceType, Rule
from vigil.cli import EXIT_BAD_INPUT, EXIT_TO_ACT_ON, is_person
from vigil.cli._deploy import deploy_rules
from vigil.cli._rules_options import rules_options
from vigil.examples import problems_of
from vigil.library.loading import library
from vigil.newrule import RULE_ID, draft_rule
from vigil.rulefiles import RULES, RuleFile, load_rules, resource_types

FOLDER = click.Path(path_type=Path)


@click.group(epilog="Examples:  vigil rules list    vigil rules test my-rules/")
def rules() -> None:
    """List, show, test and write rules."""


rules.add_command(deploy_rules)


@rules.command("list", epilog="Examples:  vigil rules list    vigil rules list --format jsonl")
@rules_options
@click.option("--format", "form", type=click.Choice(["table", "jsonl"]), help="How to print.")
def list_rules(own_rules: tuple[Path, ...], settings: Path | None, form: str | None) -> None:
    """List every rule that is in force."""
    found = library(resource_types(), own_rules, settings)
    _print_as[form or ("table" if is_person() else "jsonl")](found.ruleset.rules)


@rules.command("show", epilog="Examples:  vigil rules show s3-bucket-no-public-read")
@rules_options
@click.argument("rule_id", metavar="ID")
def show_rule(rule_id: str, own_rules: tuple[Path, ...], settings: Path | None) -> None:
    """Show one rule: what it wants, why, and how to fix what it finds."""
    found = library(resource_types(), own_rules, settings)
    for file in found.files:
        if file.rule.id == rule_id:
            tuned = {rule.id: rule for rule in found.ruleset.rules}
            click.echo(_described(file, tuned.get(rule_id)))
            return
    raise RuleDocumentError(f"no such rule: {rule_id!r}; `vigil rules list` names them")


@rules.command("test", epilog="Examples:  vigil rules test    vigil rules test my-rules/my.yaml")
@click.argument("paths", metavar="[PATH]...", type=FOLDER, nargs=-1)
@click.pass_context
def test_rules(ctx: click.Context, paths: tuple[Path, ...]) -> None:
    """Run the examples of every rule, or of the rules in some files and folders."""
    types = resource_types()
    loaded = load_rules(paths or (RULES,), types)
    for wrong in loaded.problems:
        click.echo(str(wrong), err=True)
    if not (loaded.files or loaded.problems):
        raise RuleDocumentError("no rule files (*.yaml) here", source=str(paths[0]))
    failed = _run(loaded.files, types)
    ctx.exit(EXIT_BAD_INPUT if loaded.problems else EXIT_TO_ACT_ON if failed else 0)


@rules.command("new", epilog="Examples:  vigil rules new s3-bucket-x --resource AWS::S3::Bucket")
@click.argument("rule_id", metavar="ID")
@click.option("--resource", required=True, help="CloudFormation type name, e.g. AWS::S3::Bucket.")
@click.option("--folder", type=FOLDER, default=Path(), help="Where to write it; default: here.")
def new_rule(rule_id: str, resource: str, folder: Path) -> None:
    """Write a rule that passes its own tests, to be changed into yours."""
    types = {t.type: t for t in resource_types()}
    if resource not in types:
        raise RuleDocumentError(f"unknown resource type {resource!r} (known: {', '.join(types)})")
    if not RULE_ID.fullmatch(rule_id):
        raise RuleDocumentError(f"expected an id such as s3-bucket-named, not {rule_id!r}")
    path = folder / f"{rule_id}.yaml"
    text = draft_rule(rule_id, types[resource])
    _write_new(path, text)
    click.echo(str(path))


def _run(files: Iterable[RuleFile], types: tuple[ResourceType, ...]) -> bool:
    """Print one line per rule and every problem; tell whether there was one."""
    failed = False
    for file in files:
        problems = problems_of(file, types)
        verdict = "FAILED" if problems else "ok"
        click.echo(f"{verdict:6} {file.rule.id} ({len(file.examples)} examples)")
        for problem in problems:
            click.echo(f"       {problem}")
        failed = failed or bool(problems)
    return failed


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise RuleDocumentError("exists already; choose another id", source=str(path)) from error
    except OSError as error:
        raise RuleDocumentError(f"cannot be written: {error.strerror}", source=str(path)) from error


def _row(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": rule.kind.value,
        "title": rule.title,
        "severity": rule.severity.value,
        "resource_type": rule.resource_type,
        "frameworks": {name: list(ids) for name, ids in rule.frameworks.items()},
        "remediation": rule.fix.remediation,
    }


def _print_jsonl(listed: Sequence[Rule]) -> None:
    for rule in listed:
        click.echo(msgspec.json.encode(_row(rule)).decode())


def _print_table(listed: Sequence[Rule]) -> None:
    table = Table(box=None, header_style="bold")
    # Ids are copied from here: never cut.
    table.add_column("rule", no_wrap=True, overflow="ignore", min_width=_longest_id(listed))
    for heading in ("severity", "judges", "title"):
        table.add_column(heading)
    for rule in listed:
        judges = rule.resource_type or "the account"
        kind = f"changes: {judges}" if rule.matches else judges
        table.add_row(rule.id, rule.severity.value, kind, rule.title)
    Console().print(table)


def _longest_id(listed: Sequence[Rule]) -> int:
    return max((len(rule.id) for rule in listed), default=0)


_print_as: Mapping[str, Callable[[Sequence[Rule]], None]] = {
    "table": _print_table,
    "jsonl": _print_jsonl,
}


def _described(file: RuleFile, in_force: Rule | None) -> str:
    rule = in_force or file.rule
    parts = {
        "enabled": "" if in_force else "no, the settings switch it off",
        "severity": rule.severity.value,
        **{f"  {c.severity.value}": f"because {c.because}" for c in rule.severity_when},
        "judges": rule.resource_type or "the account",
        "changes": ", ".join(f"{source}:{name}" for source, name in rule.matches),
        "reads": ", ".join(rule.pointers),
        "parameters": msgspec.json.encode(rule.parameters).decode() if rule.parameters else "",
        "risk": rule.risk,
        "fix": rule.fix.text,
        "remediation": rule.fix.remediation or "",
        "frameworks": "; ".join(f"{n} {', '.join(ids)}" for n, ids in rule.frameworks.items()),
        "examples": "; ".join(f"{e['name']} → {e['expect']}" for e in file.examples),
        "file": file.source,
        "hash": rule.hash,
    }
    lines = [f"{name + ':':13} {text}" for name, text in parts.items() if text]
    return "\n".join([f"{rule.id}: {rule.title}", "", *lines])
