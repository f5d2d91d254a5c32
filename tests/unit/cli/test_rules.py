"""`vigil rules`: what it prints and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vigil.cli import COMMANDS, main
from vigil.rulefiles import RULES, resource_types

KEYS = {"id", "kind", "title", "severity", "resource_type", "frameworks", "remediation"}
RULE = "cloudtrail-log-file-validation"


def vigil(*arguments: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, list(arguments), prog_name="vigil")


def test_help_names_every_command_without_importing_any() -> None:
    result = vigil("--help")

    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)


@pytest.mark.parametrize("command", ["list", "show", "test", "new"])
def test_every_sub_commands_help_shows_examples(command: str) -> None:
    result = vigil("rules", command, "--help")

    assert result.exit_code == 0
    assert f"vigil rules {command}" in result.output.split("Examples:")[1]


def test_rules_are_listed_one_json_object_a_line() -> None:
    result = vigil("rules", "list", "--format", "jsonl")

    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert all(row.keys() >= KEYS for row in rows)
    assert {row["kind"] for row in rows} == {"configuration", "change"}
    assert len(rows) == len(list(RULES.rglob("*.yaml")))


def test_a_program_gets_json_lines_without_asking() -> None:
    assert vigil("rules", "list").stdout == vigil("rules", "list", "--format", "jsonl").stdout


def test_people_get_a_table() -> None:
    result = vigil("rules", "list", "--format", "table")

    assert result.exit_code == 0
    assert RULE in result.stdout


def test_a_rule_is_shown_in_words() -> None:
    result = vigil("rules", "show", RULE)

    assert result.exit_code == 0
    for word in ("severity:", "risk:", "fix:", "reads:", "examples:", "/properties/"):
        assert word in result.stdout


def test_an_unknown_rule_is_bad_input_in_one_line() -> None:
    result = vigil("rules", "show", "no-such-rule")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "no such rule: 'no-such-rule'" in result.stderr


def test_a_good_rule_ends_with_0() -> None:
    result = vigil("rules", "test", str(RULES / "cloudtrail" / f"{RULE}.yaml"))

    assert (result.exit_code, result.stdout[:2]) == (0, "ok")


def edited(folder: Path, old: str, new: str) -> str:
    text = (RULES / "cloudtrail" / f"{RULE}.yaml").read_text(encoding="utf-8")
    path = folder / f"{RULE}.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def test_a_failing_example_ends_with_1(tmp_path: Path) -> None:
    result = vigil("rules", "test", edited(tmp_path, "{const: true}", "{const: false}"))

    assert result.exit_code == 1
    assert "FAILED" in result.stdout


def test_a_rule_that_is_no_rule_ends_with_2_and_names_file_and_line(tmp_path: Path) -> None:
    path = edited(tmp_path, "{const: true}", "{konst: true}")

    result = vigil("rules", "test", path)

    assert result.exit_code == 2
    assert f"{RULE}.yaml:7: compliant_when/properties/EnableLogFileValidation" in result.stderr


def test_a_wrong_rule_does_not_keep_the_others_from_being_tested(tmp_path: Path) -> None:
    edited(tmp_path, "a", "a")
    (tmp_path / "other-rule.yaml").write_text("id: other-rule", encoding="utf-8")

    result = vigil("rules", "test", str(tmp_path))

    assert result.exit_code == 2
    assert result.stdout.startswith("ok")


@pytest.mark.parametrize("name", ["none", "empty"])
def test_nothing_to_test_is_bad_input(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert vigil("rules", "test", str(tmp_path / name)).exit_code == 2


@pytest.mark.parametrize("resource", [t.type for t in resource_types()])
def test_a_new_rule_of_any_type_passes_its_own_tests(resource: str, tmp_path: Path) -> None:
    written = vigil(
        "rules", "new", "my-first-rule", "--resource", resource, "--folder", str(tmp_path)
    )

    tested = vigil("rules", "test", str(tmp_path))

    assert (written.exit_code, tested.exit_code) == (0, 0), tested.output


@pytest.mark.parametrize(
    ("rule_id", "resource", "said"),
    [
        ("MyRule", "AWS::CloudTrail::Trail", "expected an id such as"),
        ("../my-rule", "AWS::CloudTrail::Trail", "expected an id such as"),
        ("my-rule", "AWS::No::Such", "unknown resource type 'AWS::No::Such'"),
    ],
)
def test_a_new_rule_needs_an_id_and_a_type(
    rule_id: str, resource: str, said: str, tmp_path: Path
) -> None:
    result = vigil("rules", "new", rule_id, "--resource", resource, "--folder", str(tmp_path))

    assert result.exit_code == 2
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_rule_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "my-rule.yaml").write_text("mine", encoding="utf-8")

    result = vigil(
        "rules", "new", "my-rule", "--resource", "AWS::CloudTrail::Trail", "--folder", str(tmp_path)
    )

    assert result.exit_code == 2
    assert (tmp_path / "my-rule.yaml").read_text(encoding="utf-8") == "mine"
