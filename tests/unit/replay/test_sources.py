"""Folders as S3 lays trails out; what cannot be fetched is told and stops nothing."""

import os
from pathlib import Path

import pytest

from vigil.replay.sources import Gap, NotThereError, Source, check, is_log, sources_at

LAID_OUT = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/01"


def named(folder: Path, *names: str) -> list[str]:
    found = sources_at([str(folder / name) for name in names], no_client, folder)
    return [one.name.removeprefix(f"{folder}/") for one in found]


def no_client() -> object:
    raise AssertionError("nothing here lies in S3")


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_folder_is_walked_in_order_and_digests_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        f"{LAID_OUT}/b.json.gz",
        f"{LAID_OUT}/a.json.gz",
        f"{LAID_OUT}/notes.txt",
        LAID_OUT.replace("/CloudTrail/", "/CloudTrail-Digest/") + "/d.json.gz",
        LAID_OUT.replace("/CloudTrail/", "/CloudTrail-Insight/") + "/i.json.gz",
        "more/lines.jsonl",
    )

    assert named(tmp_path, ".") == [
        f"{LAID_OUT}/a.json.gz",
        f"{LAID_OUT}/b.json.gz",
        "more/lines.jsonl",
    ]


def test_a_named_file_may_have_any_name_and_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "export.txt")

    assert named(tmp_path, "export.txt", "./export.txt") == ["export.txt"]


def test_what_lies_below_two_named_folders_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "a/b/one.json", "a/two.json")

    assert named(tmp_path, "a/b", "a") == ["a/b/one.json", "a/two.json"]


def test_names_that_steer_a_terminal_or_are_no_text_are_made_harmless(tmp_path: Path) -> None:
    (tmp_path / "b\x1b[31m\u202e.json").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/c\xff.json")).touch()

    found = list(sources_at([str(tmp_path)], no_client, tmp_path))

    assert [one.name for one in found] == [
        f"{tmp_path}/b\ufffd[31m\ufffd.json",
        f"{tmp_path}/c\ufffd.json",
    ]
    assert all(isinstance(one, Source) and one.path.exists() for one in found)


@pytest.mark.parametrize("name", ["a.json", "A.JSON.GZ", "a.jsonl.gz", "a.ndjson"])
def test_names_that_logs_have(name: str) -> None:
    assert is_log(name)
    assert not is_log(f"{name}.txt")


def test_a_path_that_is_not_there_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(NotThereError, match="missing: no such file or folder"):
        check([str(tmp_path), str(tmp_path / "missing")])


@pytest.mark.parametrize("name", ["s3://", "s3:///prefix"])
def test_an_address_without_a_bucket_is_refused(name: str) -> None:
    with pytest.raises(NotThereError, match="expected s3://bucket/prefix"):
        check([name])


def test_a_folder_that_may_not_be_read_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "open/a.json", "shut/b.json")
    real = __import__("os").scandir

    def scandir(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr("os.scandir", scandir)

    found = list(sources_at([str(tmp_path)], no_client, tmp_path))

    assert [type(one) is Gap for one in found].count(True) == 1
    assert [Path(one.name).name for one in found] == ["a.json", "shut"]
