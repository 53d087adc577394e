"""What each generation of Claude takes."""

import pytest

from providers.models.claude.models import UNKNOWN, family


@pytest.mark.parametrize(
    ("model", "thinks", "adaptive", "off"),
    [
        ("anthropic.claude-v2:1", False, False, None),
        ("claude-instant-1.2", False, False, None),
        ("claude-3-5-sonnet-20241022", False, False, None),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", True, False, "disabled"),
        ("claude-opus-4-5@20251101", True, False, "disabled"),
        ("anthropic/claude-4.7-opus", True, True, "disabled"),
        ("claude-sonnet-5-5", True, True, "between_tools"),
        ("claude-fable-5-1", True, True, None),
        ("claude-next", True, True, None),
    ],
)
def test_a_name_tells_the_generation(model: str, thinks: bool, adaptive: bool, off: str | None):
    found = family(model)
    assert (found.thinks, found.adaptive, found.off) == (thinks, adaptive, off)


def test_a_name_that_hides_the_model_is_of_no_generation():
    assert family("kimi-k2") is UNKNOWN
