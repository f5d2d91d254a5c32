"""What holds for every rule of the catalogue, whoever wrote it and whatever it is about."""

from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.evaluate import _declared
from chalicelib.evaluate.bundle import bundle_from, rules_from
from chalicelib.model import ResourceType, Rule, RuleKind
from chalicelib.model.pointer import tokens_of
from tests.rulekit import THING, document, rule
from vigil.examples import problems_of
from vigil.rulefiles import RULES, RuleFile, built_in, document_validator, resource_types

TYPES = resource_types()
LOADED = built_in()
FILES = {file.rule.id: file for file in LOADED.files}

each_rule = pytest.mark.parametrize("file", FILES.values(), ids=FILES)


def verdicts_in_disguise(
    rules: tuple[Rule, ...], types: tuple[ResourceType, ...]
) -> Iterator[tuple[str, str]]:
    """Yield (type, fact) of booleans that one rule alone reads: the fact is the verdict."""
    facts = {(t.type, f.name): f for t in types for f in t.facts}
    readers = Counter(
        (rule.resource_type, name)
        for rule in rules
        for name in {tokens_of(p)[1] for p in rule.pointers if p.startswith("/derived/")}
    )
    for key, fact in facts.items():
        if _declared.types((_declared.inlined(fact.schema),)) == {"boolean"} and readers[key] == 1:
            yield key


def test_every_file_is_a_rule() -> None:
    assert [str(problem) for problem in LOADED.problems] == []
    assert len(FILES) == len(list(RULES.rglob("*.yaml")))


@each_rule
def test_every_rule_document_has_the_outline(file: RuleFile) -> None:
    assert list(document_validator().iter_errors(file.document)) == []


def test_the_outline_is_a_schema() -> None:
    validator = document_validator()

    validator.check_schema(validator.schema)


@each_rule
def test_a_rules_id_is_its_file_name_below_its_service(file: RuleFile) -> None:
    assert file.path.stem == file.rule.id
    assert file.rule.id.startswith(file.path.parent.name + "-")


@each_rule
def test_examples_prove_every_verdict_path_and_damage(file: RuleFile) -> None:
    """Verdicts, failing places, engines, mutations: see `vigil.examples`."""
    assert [str(problem) for problem in problems_of(file, TYPES)] == []


@each_rule
def test_what_explains_a_detection_is_a_rule(file: RuleFile) -> None:
    for rule_id in file.rule.explained_by:
        assert FILES[rule_id].rule.kind is RuleKind.CONFIGURATION
        assert FILES[rule_id].rule.resource_type == file.rule.resource_type


def test_no_fact_is_a_verdict_in_disguise() -> None:
    assert list(verdicts_in_disguise(LOADED.rules, TYPES)) == []


def test_a_boolean_fact_that_one_rule_reads_is_found_out() -> None:
    disguised = rule(document(compliant_when={"derived": {"IsBad": {"const": False}}}))

    assert list(verdicts_in_disguise((disguised,), (THING,))) == [(THING.type, "IsBad")]


def test_the_catalogue_survives_being_bundled() -> None:
    assert rules_from(bundle_from(LOADED.rules)) == LOADED.rules
