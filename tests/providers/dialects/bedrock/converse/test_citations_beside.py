"""Citations that a client did not ask for stand beside the text, not in its place."""

from typing import Any

import pytest

from providers.dialects.bedrock.converse import DIALECT
from providers.neutral.chat import ChatResponse, Choice, Citation, Finish, Place, Text
from tests.providers.dialects.gemini.wire import CONTEXT

WEB = Citation(url="https://a.test/", title="A", start=0, end=2)
PLACED = Citation(title="A", place=Place(unit="char", index=0, start=0, end=2))


def content(*parts: Text) -> list[dict[str, Any]]:
    choice = Choice(parts=parts, finish=Finish.STOP)
    response = ChatResponse(id="i", model="m", choices=(choice,))
    found: list[dict[str, Any]] = DIALECT.render_response(response, CONTEXT)["output"]["message"][
        "content"
    ]
    return found


def test_sources_of_the_web_stand_beside_the_text() -> None:
    text, beside = content(Text(text="so", citations=(WEB,)))
    assert text == {"text": "so"}
    assert beside["citationsContent"].keys() == {"citations"}


def test_citations_of_documents_hold_the_text() -> None:
    (block,) = content(Text(text="so", citations=(PLACED,)))
    assert block["citationsContent"]["content"] == [{"text": "so"}]


@pytest.mark.parametrize("cited", [WEB, PLACED])
def test_both_come_back_with_their_text(cited: Citation) -> None:
    blocks = content(Text(text="so", citations=(cited,)), Text(text="!"))
    body = {"messages": [{"role": "assistant", "content": blocks}]}
    first, second = DIALECT.parse_request(body, "m", False).messages[0].parts
    assert isinstance(first, Text)
    assert (first.text, len(first.citations)) == ("so", 1)
    assert second == Text(text="!")
