"""``vigil.yaml``: what it changes, where, and what it says of mistakes."""

from pathlib import Path

import pytest

from chalicelib.errors import RuleDocumentError
from chalicelib.model import Rule, Severity
from vigil.library.loading import Library, library
from vigil.rulefiles import resource_types

TYPES = resource_types()
STALE = "iam-role-not-stale"
SSH = "ec2-sg-no-public-ssh"
DEFAULT_CLOSED = "ec2-sg-default-closed"
OURS, OTHERS = "111122223333", "444455556666"


def read(folder: Path, *lines: str) -> Library:
    path = folder / "vigil.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return library(TYPES, settings=path)


def ids(rules: tuple[Rule, ...]) -> set[str]:
    return {rule.id for rule in rules}


def one(rules: tuple[Rule, ...], rule_id: str) -> Rule:
    return next(rule for rule in rules if rule.id == rule_id)


def test_without_settings_every_rule_is_as_it_was_written() -> None:
    found = library(TYPES)

    assert [rule.hash for rule in found.ruleset.rules] == [file.rule.hash for file in found.files]
    assert found.ruleset.owner_in(OURS) is None


def test_a_rule_is_switched_off(tmp_path: Path) -> None:
    whole = library(TYPES).ruleset.rules

    rules = read(tmp_path, "rules:", f"  {SSH}: {{enabled: false}}").ruleset.rules

    assert ids(whole) - ids(rules) == {SSH}


def test_a_severity_that_is_set_holds_whatever_the_rule_thinks(tmp_path: Path) -> None:
    rules = read(tmp_path, "rules:", f"  {DEFAULT_CLOSED}: {{severity: critical}}").ruleset.rules

    tuned = one(rules, DEFAULT_CLOSED)
    assert tuned.severity is Severity.CRITICAL
    assert tuned.severity_when == ()
    assert tuned.hash != one(library(TYPES).ruleset.rules, DEFAULT_CLOSED).hash


def test_a_parameter_changes_the_condition_and_the_hash(tmp_path: Path) -> None:
    plain = one(library(TYPES).ruleset.rules, STALE)
    name = next(iter(plain.parameters))

    tuned = one(
        read(tmp_path, "rules:", f"  {STALE}: {{parameters: {{{name}: 12}}}}").ruleset.rules, STALE
    )

    assert tuned.parameters[name] == 12
    assert tuned.time_bounds != plain.time_bounds
    assert tuned.hash != plain.hash


def test_overrides_hold_in_their_accounts_and_regions_and_later_ones_win(tmp_path: Path) -> None:
    ruleset = read(
        tmp_path,
        "rules:",
        f"  {SSH}: {{severity: medium}}",
        "overrides:",
        f"  - accounts: [{OURS}]",
        f"    rules: {{{SSH}: {{enabled: false}}}}",
        "  - regions: [eu-west-1]",
        f"    rules: {{{SSH}: {{enabled: true, severity: low}}, {STALE}: {{enabled: false}}}}",
    ).ruleset

    assert one(ruleset.rules_in(OTHERS, "us-east-1"), SSH).severity is Severity.MEDIUM
    assert SSH not in ids(ruleset.rules_in(OURS, "us-east-1"))
    assert one(ruleset.rules_in(OURS, "eu-west-1"), SSH).severity is Severity.LOW
    assert STALE not in ids(ruleset.rules_in(OTHERS, "eu-west-1"))
    assert STALE in ids(ruleset.rules_in(OURS, "global"))


def test_an_override_keeps_what_it_does_not_say(tmp_path: Path) -> None:
    name = next(iter(one(library(TYPES).ruleset.rules, STALE).parameters))

    ruleset = read(
        tmp_path,
        "rules:",
        f"  {STALE}: {{parameters: {{{name}: 12}}}}",
        "overrides:",
        f'  - accounts: ["{OURS}"]',
        f"    rules: {{{STALE}: {{severity: high}}}}",
    ).ruleset

    here = one(ruleset.rules_in(OURS, "global"), STALE)
    assert (here.severity, here.parameters[name]) == (Severity.HIGH, 12)


def test_owners_go_by_account(tmp_path: Path) -> None:
    ruleset = read(
        tmp_path, "owners:", "  default: platform", f"  accounts: {{{OURS}: payments}}"
    ).ruleset

    assert ruleset.owner_in(OURS) == "payments"
    assert ruleset.owner_in(OTHERS) == "platform"


def test_own_rules_are_found_beside_the_file(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    built_in = next(file for file in library(TYPES).files if file.rule.id == SSH)
    text = built_in.path.read_text(encoding="utf-8").replace(f"id: {SSH}", "id: ec2-sg-mine")
    (own / "ec2-sg-mine.yaml").write_text(text, encoding="utf-8")

    found = read(tmp_path, "own_rules: [mine]", "rules: {ec2-sg-mine: {severity: low}}")

    assert one(found.ruleset.rules, "ec2-sg-mine").severity is Severity.LOW
    assert SSH in ids(found.ruleset.rules)


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        (["rules:", "  ec2-sg-no-public-shh: {enabled: false}"], 2, "did you mean 'ec2-sg-no-pub"),
        (["rules:", f"  {SSH}:", "    severity: severe"], 3, "'severe' is not one of"),
        (["rules:", f"  {SSH}:", "    colour: red"], 2, "colour.*known: enabled, parameters, sev"),
        (["rules:", f"  {STALE}:", "    parameters: {dais: 3}"], 3, "has no parameter 'dais'"),
        (["rules:", f"  {STALE}:", "    enabled: off"], 3, "'off' is not of type 'boolean'"),
        (["rulez: {}"], 1, "rulez"),
        (["own_rules: [nowhere]"], 1, "no such folder"),
        (["overrides:", "  - rules: {a-b: {enabled: true}}"], 2, "accounts|not valid"),
        (["overrides:", "  - accounts: ['12']", "    rules: {a-b: {enabled: true}}"], 2, "12"),
        (["owners: {accounts: {abc: x}}"], 1, "abc"),
        (["rules: [", "x"], 2, "not YAML"),
        ([""], 1, "empty"),
    ],
    ids=lambda value: None if isinstance(value, int) else str(value)[:40],
)
def test_a_mistake_is_one_line_that_names_file_line_and_expectation(
    tmp_path: Path, lines: list[str], line: int, said: str
) -> None:
    with pytest.raises(RuleDocumentError, match=f"(?s)vigil.yaml:{line}: .*{said}"):
        read(tmp_path, *lines)


def test_a_parameter_of_another_kind_is_refused(tmp_path: Path) -> None:
    name = next(iter(one(library(TYPES).ruleset.rules, STALE).parameters))

    with pytest.raises(RuleDocumentError, match="expected a number such as 90, not 'soon'"):
        read(tmp_path, "rules:", f"  {STALE}: {{parameters: {{{name}: soon}}}}")


def test_an_exemptions_longest_time_and_its_reminder_are_set(tmp_path: Path) -> None:
    plain = library(TYPES).ruleset.exemptions

    ruleset = read(tmp_path, "exemptions: {max_days: 30}").ruleset

    assert (plain.max_days, plain.remind_days) == (90, 14)
    assert (ruleset.exemptions.max_days, ruleset.exemptions.remind_days) == (30, 14)


@pytest.mark.parametrize("wrong", ["{max_days: 0}", "{max_days: 5000}", "{forever: true}", "{}"])
def test_an_exemption_without_an_end_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(RuleDocumentError):
        read(tmp_path, f"exemptions: {wrong}")
