"""An interrupted scan goes on where it stopped, and never mixes two scans."""

from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.model import Page
from tests.unit.scan.eyes import HERE, REGIONS, TASKS, Population, eyes, thing
from vigil.scan.journal import Done, Journal, JournalError
from vigil.scan.running import Finished, scanned

QUESTION = {"account": "111122223333", "rules": "abc"}


def population() -> Population:
    return Population(pages={(r, None): Page(items=(thing("a", r, Public=True),)) for r in REGIONS})


def finished(path: Path, upto: int) -> list[Done]:
    """Scan, and stop after some tasks as a killed process would."""
    journal = Journal.opened(path, QUESTION)

    def keep(finished: Finished) -> None:
        journal.write(finished.done)

    kept = [one.done for one in scanned(TASKS[:upto], HERE, eyes(population()), 1, ended=keep)]
    journal.close()
    return kept


def test_what_is_done_is_not_looked_at_again_and_comes_back_the_same(tmp_path: Path) -> None:
    before = finished(tmp_path / "journal", 2)
    again = population()

    with closing(Journal.opened(tmp_path / "journal", QUESTION)) as journal:
        found = list(scanned(TASKS, HERE, eyes(again), 3, earlier=journal.read))

    assert sorted(again.asked) == [f"{region} first" for region in REGIONS[2:]]
    assert [one.done for one in found[:2]] == before
    assert [one.task for one in found] == list(TASKS)


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_line_that_was_cut_off_is_looked_at_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal"
    before = finished(path, 2)
    path.write_bytes(path.read_bytes()[:-cut])

    with closing(Journal.opened(path, QUESTION)) as journal:
        assert journal.read(TASKS[0].name) == before[0]
        assert journal.read(TASKS[1].name) is None
        journal.write(before[1])

    with closing(Journal.opened(path, QUESTION)) as journal:
        assert journal.read(TASKS[1].name) == before[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b'{"journal":"vigil scan 1","account":"999","rules":"abc"}\n',
            "another scan .other account",
        ),
        (b"account,region\n", "not another file"),
        (b"[]\n", "not another file"),
    ],
    ids=["another account", "no journal", "no object"],
)
def test_another_file_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)

    with pytest.raises(JournalError, match=said):
        Journal.opened(path, QUESTION)

    assert path.read_bytes() == content


def test_a_journal_in_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be written"):
        Journal.opened(tmp_path / "no" / "journal", QUESTION)


def test_nobody_else_may_read_what_is_wrong_with_an_account(tmp_path: Path) -> None:
    Journal.opened(tmp_path / "journal", QUESTION).close()

    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600
