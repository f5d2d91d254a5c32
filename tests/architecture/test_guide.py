"""The guide's rule is a rule: what it tells people to write passes its own tests."""

import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

from vigil.examples import problems_of
from vigil.newrule import draft_rule
from vigil.rulefiles import load_rule, resource_types

ROOT = Path(__file__).parents[2]
RULE_ID = "ec2-sg-no-public-telnet"
RATE_RULE_ID = "iam-calls-refused"
HOW_OFTEN = "## Rules about how often"


def blocks_of(guide: str) -> dict[str, Any]:
    """Return what the guide's YAML blocks say, taken together."""
    found: dict[str, Any] = {}
    for block in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL):
        found |= yaml.safe_load(textwrap.dedent("   " + block.lstrip(" ")))
    return found


def guide_until(heading: str) -> tuple[str, str]:
    """Return the guide up to a heading, and from there on."""
    guide = (ROOT / "docs" / "guide" / "write-a-rule.md").read_text()
    before, found, after = guide.partition(heading)
    assert found
    return before, after


def test_the_rule_of_the_guide_passes_its_own_tests(tmp_path: Path) -> None:
    (group,) = [t for t in resource_types() if t.type == "AWS::EC2::SecurityGroup"]
    draft = yaml.safe_load(draft_rule(RULE_ID, group))
    guide, _ = guide_until(HOW_OFTEN)
    file = tmp_path / f"{RULE_ID}.yaml"
    file.write_text(yaml.safe_dump({**draft, **blocks_of(guide)}, sort_keys=False))

    problems = problems_of(load_rule(file, resource_types()), resource_types())

    assert [str(problem) for problem in problems] == []


def test_the_rate_rule_of_the_guide_passes_its_own_tests(tmp_path: Path) -> None:
    _, guide = guide_until(HOW_OFTEN)
    (block,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    rest = {
        "title": "Nobody is refused often",
        "severity": "low",
        "fix": {"text": "Ask who it is."},
    }
    file = tmp_path / f"{RATE_RULE_ID}.yaml"
    written = {"id": RATE_RULE_ID, "risk": "Somebody tries stolen keys.", **rest}
    file.write_text(yaml.safe_dump({**written, **yaml.safe_load(block)}))

    problems = problems_of(load_rule(file, resource_types()), resource_types())

    assert [str(problem) for problem in problems] == []
