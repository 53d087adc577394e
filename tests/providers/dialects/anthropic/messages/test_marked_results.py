"""Cache markers of results: on the block itself, never in it."""

import pytest

from providers.dialects.anthropic.messages.content import render_parts
from providers.neutral.chat import Cache, Document, Role, Text, ToolResult
from providers.neutral.media import PlainText

SHORT, LONG = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}
MARKED = Text(text="b", cache=Cache(ttl="1h"))
PAPER = Document(source=PlainText(text="c"), cache=Cache())


@pytest.mark.parametrize(
    ("parts", "own", "marker"),
    [
        ((Text(text="a"), MARKED), None, LONG),
        ((MARKED, PAPER), None, SHORT),
        ((MARKED,), Cache(), SHORT),
        ((Text(text="a"),), None, None),
    ],
)
def test_a_marker_inside_a_result_is_the_results(
    parts: tuple[Text | Document, ...], own: Cache | None, marker: object
) -> None:
    result = ToolResult(call_id="a", name="f", parts=parts, cache=own)
    (block,) = render_parts((result,), Role.TOOL, [])
    assert block.get("cache_control") == marker
    inner = block["content"] if isinstance(block["content"], list) else []
    assert not any("cache_control" in each for each in inner)
