"""Rule files: YAML without surprises, errors with file and line, one bad file at a time."""

from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import RuleDocumentError
from tests.rulekit import THING
from vigil._yaml import LOADERS, Read, read_yaml
from vigil.rulefiles import RULES, LoadedRules, load_rules

GOOD = """\
id: thing-not-public
title: Things are not public
severity: high
resource: Test::Unit::Thing
compliant_when:
  properties:
    Public: {const: false}
message: "{id} is public"
risk: Everybody can read what is in it.
fix: {text: Make it private.}
examples:
  - {name: private, expect: COMPLIANT}
  - {name: public, expect: NON_COMPLIANT, configuration: {Public: true}}
"""


def load(folder: Path, **files: str) -> LoadedRules:
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.yaml").write_text(text, encoding="utf-8")
    return load_rules([folder], [THING])


def test_a_good_file_becomes_a_rule(tmp_path: Path) -> None:
    loaded = load(tmp_path, thing_not_public=GOOD)

    assert [rule.id for rule in loaded.rules] == ["thing-not-public"]
    assert loaded.problems == ()


WRONG = {
    "unknown key": ("title:", "titel:", ":2: rule: unknown key 'titel' (allowed: applies_when"),
    "missing key": ("risk: Everybody can read what is in it.\n", "", "missing key 'risk'"),
    "unknown severity": ("severity: high", "severity: hgih", ":3: severity: 'hgih' is not one of"),
    "unknown keyword": (
        "{const: false}",
        "{conts: false}",
        ":7: compliant_when/properties/Public/conts: unknown keyword 'conts' (allowed: allOf,",
    ),
    "unknown name": ("Public: {c", "Pubic: {c", ":7: compliant_when/properties/Pubic: unknown"),
    "unknown type": ("::Thing", "::Thin", ":4: resource: unknown resource type"),
    "another id": ("id: thing-not", "id: things-not", ":1: id: expected 'thing-not-public'"),
    "condition of the other kind": (
        "message:",
        "harmless_when: {}\nmessage:",
        "only change rules have it",
    ),
    "unknown verdict": ("expect: COMPLIANT", "expect: FINE", ":12: examples/0/expect: 'FINE'"),
    "unknown key in an example": ("name: private,", "nam: private,", ":12: examples/0"),
    "message with a brace": ("{id} is", "{id is", ":8: message: a brace that belongs to"),
    "condition is no object": ("{const: false}", "false", ":7: compliant_when/properties/Public"),
    "section is no object": ("    Public: {const: false}", "    - a", "compliant_when/properties"),
    "duplicate key": ("severity: high", "severity: high\nseverity: low", ":4: duplicate key"),
    "not YAML": ("title: Things", "title: [Things", "not YAML"),
    "a tag": ("title: Things", "title: !!python/name:os.system Things", ":2: refused tag"),
    "a merge key": ("message:", "<<: {a: b}\nmessage:", "merge keys are refused"),
}


@pytest.mark.parametrize(("old", "new", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_named_with_its_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    loaded = load(tmp_path, thing_not_public=GOOD.replace(old, new, 1))

    (problem,) = loaded.problems
    assert loaded.files == ()
    assert "thing-not-public.yaml" in str(problem)
    assert said in str(problem)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "just text", "1", "\x00", "a: &a [*a]", "- " * 1_500, "{" * 300, "[" * 200_000],
    ids=["empty", "list", "text", "number", "NUL", "itself", "deep list", "deep map", "deeper"],
)
def test_a_file_that_is_no_rule_is_a_problem_and_not_a_crash(text: str, tmp_path: Path) -> None:
    loaded = load(tmp_path, thing_not_public=text)

    assert len(loaded.problems) == 1


def test_text_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    layers = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]

    loaded = load(tmp_path, thing_not_public="\n".join(["l0: &l0 [a]", *layers]))

    assert "too large or too deep" in str(loaded.problems[0])


def test_a_wrong_file_leaves_the_others_alone(tmp_path: Path) -> None:
    loaded = load(tmp_path, thing_not_public=GOOD, thing_bad="id: [")

    assert [rule.id for rule in loaded.rules] == ["thing-not-public"]
    assert len(loaded.problems) == 1


def test_an_id_can_be_taken_once(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    load(tmp_path / "other", thing_not_public=GOOD)

    loaded = load(tmp_path, thing_not_public=GOOD)

    assert len(loaded.rules) == 1
    assert "is taken by" in str(loaded.problems[0])


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleDocumentError, match="no such file or folder"):
        load_rules([tmp_path / "none"], [THING])


def test_a_file_that_is_not_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "thing-not-public.yaml").write_bytes(b"\xff\xfe\x00")

    assert "UTF-8" in str(load_rules([tmp_path], [THING]).problems[0])


ONE_OF_EACH_SERVICE = [
    min(folder.glob("*.yaml")) for folder in sorted(RULES.iterdir()) if folder.is_dir()
]


@pytest.mark.parametrize("path", ONE_OF_EACH_SERVICE, ids=lambda path: path.stem)
def test_every_loader_reads_the_same_values_from_the_same_lines(path: Path) -> None:
    read = [read_with(loader, path.read_text("utf-8")) for loader in LOADERS]

    assert all((one.value, one.lines) == (read[0].value, read[0].lines) for one in read)


@pytest.mark.parametrize("text", ["a: [", "a: [\n", "a: 'b\n\n", "a: b: c", "a: \ud800"])
def test_every_loader_places_a_mistake_inside_the_text(text: str) -> None:
    for loader in LOADERS:
        with pytest.raises(RuleDocumentError, match="not YAML") as refusal:
            read_with(loader, text)

        assert (refusal.value.line or 1) <= text.count("\n") + 1


def read_with(loader: Any, text: str) -> Read:
    return read_yaml(text, source="t.yaml", loader=loader)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[(word, word) for word in ("no", "on", "yes", "off", "y", "True", "NULL", "nan", ".inf")],
        ("010", "010"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("1e3", "1e3"),
        ("0x10", "0x10"),
        ("111122223333", 111122223333),
        ("-1", -1),
        ("1.5", 1.5),
        ("true", True),
        ("~", None),
        ("null", None),
        ("", None),
        ('"true"', "true"),
    ],
)
def test_plain_scalars_mean_what_yaml_1_2_says(written: str, meant: Any) -> None:
    value = read_yaml(f"key: {written}", source="t").value["key"]

    assert value == meant
    assert type(value) is type(meant)
