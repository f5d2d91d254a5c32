"""Text can be read in both colour schemes: WCAG AA asks for a contrast of 4.5 to 1."""

import re

import pytest

from vigil.console.assets import FOLDER

ENOUGH = 4.5
#: Enough for what is no text: edges of controls, the ring around what has the focus.
ENOUGH_FOR_EDGES = 3.0
SEVERITIES = ("critical", "high", "medium", "low", "informational")
TEXT = (
    *((text, ground) for text in ("text", "soft") for ground in ("bg", "surface", "sunken")),
    *((f"{name}", f"{name}-bg") for name in (*SEVERITIES, "good", "exempt")),
    *((text, ground) for text in ("accent", "critical", "good") for ground in ("bg", "surface")),
    *(("text", ground) for ground in ("before", "after", "raised")),
    ("on-accent", "accent"),
    ("surface", "text"),
    ("surface", "critical"),
)
EDGES = (("strong-line", "surface"), ("accent", "surface"), ("accent", "bg"))


def schemes() -> dict[str, dict[str, str]]:
    """Read the colours of both schemes."""
    blocks = re.findall(r":root \{(.*?)\}", (FOLDER / "base.css").read_text(), re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT, ids=" on ".join)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    colours = schemes()[scheme]

    assert contrast(colours[text], colours[ground]) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES, ids=" on ".join)
def test_edges_can_be_seen(scheme: str, edge: str, ground: str) -> None:
    colours = schemes()[scheme]

    assert contrast(colours[edge], colours[ground]) >= ENOUGH_FOR_EDGES


def test_both_schemes_have_the_same_colours() -> None:
    light, dark = schemes().values()

    assert light.keys() == dark.keys()
    assert len(light) > 30
