"""What is generated and committed is what the code says now; run `vigil generate` if not."""

from pathlib import Path

import pytest

from vigil.package.catalogue import Catalogue
from vigil.package.generated import generated_files, stale_files, write_files
from vigil.package.plan import FUNCTIONS
from vigil.reference.markdown import MADE
from vigil.reference.settings import variables

CATALOGUE = Catalogue.read()
POLICY = Path(".chalice/policy-evaluate.json")
RULES = Path("docs/reference/rules.md")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_files(CATALOGUE, tmp_path)
    return tmp_path


def test_the_committed_files_are_up_to_date() -> None:
    assert [str(path) for path in stale_files(CATALOGUE)] == []


def test_writing_twice_changes_nothing_the_second_time(tmp_path: Path) -> None:
    first, second = write_files(CATALOGUE, tmp_path), write_files(CATALOGUE, tmp_path)

    assert set(first) == generated_files(CATALOGUE).keys()
    assert second == ()


def test_a_file_that_was_edited_is_stale_until_it_is_written_again(written: Path) -> None:
    (written / POLICY).write_text("{}", encoding="utf-8")

    before = stale_files(CATALOGUE, written)
    changed = write_files(CATALOGUE, written)

    assert before == changed == (POLICY,)
    assert stale_files(CATALOGUE, written) == ()


def test_a_file_that_is_missing_is_stale(written: Path) -> None:
    (written / RULES).unlink()

    assert stale_files(CATALOGUE, written) == (RULES,)


def test_the_policy_of_a_function_that_is_gone_goes_too_and_nothing_else(written: Path) -> None:
    mine = written / ".chalice" / "notes.json"
    mine.touch()
    gone = written / ".chalice" / "policy-gone.json"
    gone.touch()

    write_files(CATALOGUE, written)

    assert not gone.exists()
    assert mine.exists()


def test_the_page_of_a_rule_that_is_gone_is_stale_and_goes(written: Path) -> None:
    gone, mine = (written / f"docs/reference/rules/{name}.md" for name in ("gone", "mine"))
    gone.write_text(f"{MADE}\n# Gone\n", encoding="utf-8")
    mine.write_bytes(b"\xff my own notes")
    framework = written / "docs/reference/frameworks/gone.md"
    framework.write_text(f"{MADE}\n# Gone\n", encoding="utf-8")

    before = stale_files(CATALOGUE, written)
    changed = write_files(CATALOGUE, written)

    assert before == changed == tuple(p.relative_to(written) for p in (framework, gone))
    assert not gone.exists()
    assert not framework.exists()
    assert mine.exists()


def test_the_page_of_a_rule_that_changed_is_stale(written: Path) -> None:
    page = Path("docs/reference/rules/ec2-sg-no-public-ssh.md")
    (written / page).write_text(f"{MADE}\n# Another\n", encoding="utf-8")

    assert stale_files(CATALOGUE, written) == (page,)


def test_every_rule_function_event_and_setting_is_in_the_reference() -> None:
    pages = {path.name: text for path, text in generated_files(CATALOGUE).items()}

    assert all(f"`{rule.id}`" in pages["rules.md"] for rule in CATALOGUE.rules)
    assert all(f"## {plan.deployed_name}\n" in pages["permissions.md"] for plan in FUNCTIONS)
    assert all(f"## {kind.type}\n" in pages["resource-types.md"] for kind in CATALOGUE.types)
    assert "`s3:PutBucketPolicy`" in pages["events.md"]
    for name in variables():
        row = next(line for line in pages["settings.md"].splitlines() if f"`{name}`" in line)
        assert row.split("|")[3].strip(), f"{name} is not explained"
