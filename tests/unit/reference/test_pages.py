"""The reference as a whole: every rule has its page, every link leads somewhere."""

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from markdown_it import MarkdownIt

from chalicelib.model.ruleset import Ruleset
from vigil.cli import main
from vigil.package.catalogue import Catalogue
from vigil.package.generated import REFERENCE
from vigil.reference.markdown import MADE, anchor
from vigil.reference.pages import reference_pages
from vigil.reference.standards import page_of
from vigil.rulefiles import RULES, load_rule

ROOT = Path(__file__).parents[3]
CATALOGUE = Catalogue.read()
PAGES = reference_pages(CATALOGUE)
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
READER = MarkdownIt("commonmark").enable("table")


def written_by_hand() -> dict[str, str]:
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return {path: text for path, text in texts.items() if not text.startswith(MADE)}


def everything() -> dict[str, str]:
    """Return every page there will be once the reference is written."""
    made = {(REFERENCE / name).as_posix(): text for name, text in PAGES.items()}
    return {**written_by_hand(), **made}


def broken_links(pages: Mapping[str, str]) -> list[tuple[str, str]]:
    anchors = {path: set(map(anchor, HEADING.findall(text))) for path, text in pages.items()}
    folders = {parent.as_posix() for path in pages for parent in PurePosixPath(path).parents}
    broken = []
    for path, text in pages.items():
        for target in LINK.findall(FENCE.sub("", text)):
            if target.startswith(("https://", "http://")):
                continue
            file, _, heading = target.partition("#")
            there = resolved(PurePosixPath(path).parent / file) if file else path
            exists = there in pages or there in folders or (ROOT / there).exists()
            if not exists or (heading and f"#{heading}" not in anchors.get(there, ())):
                broken.append((path, target))
    return broken


def resolved(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def test_every_link_leads_somewhere() -> None:
    pages = everything()

    assert broken_links(pages) == []
    assert sum(len(LINK.findall(text)) for text in pages.values()) > 1000


@pytest.mark.parametrize("target", ["gone.md", "../README.md#no-such-heading", "rules/gone.md"])
def test_a_broken_link_is_seen(target: str) -> None:
    pages = {"README.md": "# Vigil\n", "docs/a.md": f"see [there]({target})\n"}

    assert broken_links(pages) == [("docs/a.md", target)]


def test_every_rule_has_a_page_and_the_index_knows_it() -> None:
    for rule in CATALOGUE.rules:
        assert f"`{rule.id}`" in PAGES[f"rules/{rule.id}.md"]
        assert f"](rules/{rule.id}.md)" in PAGES["rules.md"]


def test_no_page_is_of_a_rule_that_there_is_not() -> None:
    pages = {PurePosixPath(name).stem for name in PAGES if name.startswith("rules/")}

    assert pages == {rule.id for rule in CATALOGUE.rules}


def test_the_page_of_a_rule_tells_everything() -> None:
    page = PAGES["rules/ec2-sg-no-public-ssh.md"]

    assert "- severity: **high**" in page
    assert "  - **low** where `observed.AttachedInterfaces` is at most `0`:" in page
    for heading in (
        "Why it matters",
        "Compliant",
        "How to fix",
        "Events that lead to a look",
        "What a look needs",
        "Frameworks",
        "Examples",
        "Limits",
    ):
        assert f"\n## {heading}\n" in page
    assert "`ec2:AuthorizeSecurityGroupIngress`" in page
    assert "| `ec2:DescribeNetworkInterfaces` |" in page
    assert "| ssh from the world to a group that nothing uses | NON_COMPLIANT | low |" in page
    assert "- Internet-wide means: a source wider than /8" in page


def test_parameters_are_told_as_a_person_would_set_them() -> None:
    page = PAGES["rules/iam-role-not-stale.md"]

    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert yaml.safe_load(block) == {"rules": {"iam-role-not-stale": {"parameters": {"days": 90}}}}


def test_the_page_of_a_change_rule_tells_what_it_looks_at() -> None:
    refused = PAGES["rules/iam-unauthorized-calls-burst.md"]
    always = PAGES["rules/cloudtrail-configuration-changed.md"]

    assert "Every call.\nOnly these kinds: `api-call`." in refused
    assert "- Objects to 10 records of one actor within 5 minutes" in refused
    assert "Never: every such change is told." in always
    assert "## What a look needs" not in refused


def catalogued() -> list[dict[str, str]]:
    with (RULES / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_rule_that_was_promised_is_there() -> None:
    result = CliRunner(mix_stderr=False).invoke(main, ["rules", "list", "--format", "jsonl"])
    listed = {row["id"]: row for row in map(json.loads, result.stdout.splitlines())}

    promised = catalogued()
    assert len(promised) == 107
    assert sum(row["tier"] == "1" for row in promised) == 76
    assert {row["id"] for row in promised} - listed.keys() == set()


def test_every_promised_control_of_cis_7_is_on_its_page_with_the_rule() -> None:
    rows = {line.split("|")[1].strip(): line for line in cis_page().splitlines() if "|" in line}

    for row in catalogued():
        for number in filter(None, row["cis-aws-7.0"].split("|")):
            assert f"`{row['id']}`" in rows[number], number


def cis_page() -> str:
    return PAGES[f"frameworks/{page_of('cis-aws-7.0').file}"]


NASTY = "</td> | <script>x</script> `a` [b](c) \\| **d** $e$ <!-- f"


def hostile(document: dict[str, Any]) -> dict[str, Any]:
    first, *rest = document["examples"]
    return {
        **document,
        "title": f"Title {NASTY}"[:120],
        "risk": f"# Risk\n\n| a | b |\n|---|---|\n{NASTY}",
        "fix": {"text": f"1. Fix {NASTY}"},
        "severity_when": [{**document["severity_when"][0], "because": NASTY}],
        "frameworks": {f"../x {NASTY}": [NASTY], "fsbp": [f"EC2.13 {NASTY}"]},
        "examples": [{**first, "name": NASTY}, *rest],
    }


def shape_of(page: str) -> list[str]:
    """Return what a page is made of, texts left out."""
    tokens = READER.parse(page)
    inner = [child.type for token in tokens for child in token.children or ()]
    blocks = [t.type for t in tokens if t.type.endswith("_open") or t.type.startswith("html")]
    return [*blocks, *(kind for kind in inner if kind in ("image", "link_open"))]


def test_nothing_in_a_rule_can_break_its_page(tmp_path: Path) -> None:
    rule_id = "ec2-sg-no-public-ssh"
    plain = yaml.safe_load((RULES / "ec2" / f"{rule_id}.yaml").read_text(encoding="utf-8"))
    nasty = hostile(plain)
    tame = {**nasty, **{key: plain[key] for key in ("title", "risk", "fix", "severity_when")}}
    tame |= {"frameworks": {"own": ["1"], "fsbp": ["EC2.13"]}, "examples": plain["examples"]}

    mine, theirs = (pages_of(doc, tmp_path / name) for name, doc in (("n", nasty), ("t", tame)))

    page = f"rules/{rule_id}.md"
    assert shape_of(mine[page]) == shape_of(theirs[page])
    assert shape_of(mine["rules.md"]) == shape_of(theirs["rules.md"])
    assert len(mine) == len(theirs)
    assert "<script>" not in "".join(mine.values())
    assert all(".." not in PurePosixPath(name).parts for name in mine)


def pages_of(document: dict[str, Any], folder: Path) -> Mapping[str, str]:
    folder.mkdir()
    path = folder / f"{document['id']}.yaml"
    note = f"# | a note {NASTY}\n" if "script" in document["title"] else "# a note\n"
    path.write_text(note + yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    file = load_rule(path, CATALOGUE.types)
    return reference_pages(Catalogue.of(Ruleset(rules=(file.rule,)), CATALOGUE.types, (file,)))
