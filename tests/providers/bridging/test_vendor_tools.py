"""A tool that only another provider runs is refused in one wording, or left out and named."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import Unsupported

FETCH = {"type": "web_fetch_20250910", "name": "web_fetch"}
ASKED: dict[str, dict[str, Any]] = {
    "openai.responses": {
        "input": [
            {"role": "user", "content": "hi"},
            {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["a"]},
            {"role": "assistant", "content": "so"},
            {"role": "user", "content": "more"},
        ],
        "tools": [{"type": "file_search", "vector_store_ids": ["v"]}],
    },
    "anthropic.messages": {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [FETCH],
    },
    "gemini.generate_content": {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "tools": [{"urlContext": {}}],
    },
    "bedrock.converse": {
        "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "toolConfig": {"tools": [{"systemTool": {"name": "nova_grounding"}}]},
    },
}
NAMES = {
    "openai.responses": "file_search",
    "anthropic.messages": "web_fetch_20250910",
    "gemini.generate_content": "urlContext",
    "bedrock.converse": "systemTool",
}
TARGETS = (
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "gemini.generate_content",
    "bedrock.converse",
    "cohere.chat",
    "ollama.chat",
    "anthropic.count_tokens",
)
PAIRS = [(client, target) for client in ASKED for target in TARGETS if client != target]
MODEL = "anthropic.claude-sonnet-4-5"


def ask(client: str, target: str, quirks: Quirks) -> Sent:
    body = {"model": MODEL, **ASKED[client]}
    call = Call(data=orjson.dumps(body), body=body, model=MODEL, stream=False, path_model=MODEL)
    sent = bridge(DIALECTS[client], DIALECTS[target], quirks).request(call)
    assert isinstance(sent, Sent)
    return sent


def skips(client: str, target: str) -> bool:
    """A count of the client's own format takes its tools."""
    return client == "anthropic.messages" and target == "anthropic.count_tokens"


@pytest.mark.parametrize(("client", "target"), [pair for pair in PAIRS if not skips(*pair)])
def test_a_tool_is_refused_by_its_name_and_the_setting(client: str, target: str) -> None:
    with pytest.raises(Unsupported) as refused:
        ask(client, target, Quirks())
    message = str(refused.value)
    assert message.startswith(f"the tool {NAMES[client]} cannot be used in {target}; ")
    assert "`request: {vendor_tools: drop}`" in message


@pytest.mark.parametrize(("client", "target"), [pair for pair in PAIRS if not skips(*pair)])
def test_a_route_may_leave_it_out(client: str, target: str) -> None:
    sent = ask(client, target, Quirks(drop_tools=True))
    assert f"tools.{NAMES[client]}" in sent.dropped
    body = orjson.loads(sent.body or b"")
    assert "tools" not in body
    assert "toolConfig" not in body
    assert b"file_search" not in (sent.body or b"")


def test_how_a_search_is_done_is_a_hint() -> None:
    tools = [{"type": "web_search", "external_web_access": True}]
    body = {"model": "m", "input": "hi", "tools": tools}
    call = Call(data=orjson.dumps(body), body=body, model="m", stream=False)
    across = bridge(DIALECTS["openai.responses"], DIALECTS["gemini.generate_content"], Quirks())
    sent = across.request(call)
    assert isinstance(sent, Sent)
    assert sent.dropped == ("tools.external_web_access",)
    assert orjson.loads(sent.body or b"")["tools"] == [{"googleSearch": {}}]
