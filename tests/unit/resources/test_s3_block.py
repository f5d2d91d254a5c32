"""The four flags of a public access block, in whatever form they arrive."""

from typing import Any

import pytest

from chalicelib.resources._s3_block import FLAGS, block_from


@pytest.mark.parametrize("configuration", [None, {}, ""], ids=str)
def test_an_absent_configuration_is_four_times_off(configuration: Any) -> None:
    assert block_from(configuration) == dict.fromkeys(FLAGS, False)


@pytest.mark.parametrize("on", [True, "true", "True", " TRUE "], ids=repr)
def test_a_flag_may_be_text(on: Any) -> None:
    assert block_from(dict.fromkeys(FLAGS, on)) == dict.fromkeys(FLAGS, True)


@pytest.mark.parametrize("off", [False, "false", None, 1, "yes"], ids=repr)
def test_what_is_not_true_is_off(off: Any) -> None:
    assert block_from(dict.fromkeys(FLAGS, off)) == dict.fromkeys(FLAGS, False)
