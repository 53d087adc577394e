"""A tool that only another provider runs is refused in one wording, or left out and named."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import Unsupported
from tests.providers.matrix.world import World

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


def carried(
    client: str, vendor: str, target: str, model: str, body: dict[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a vendor is sent, and what was lost."""
    body = {"model": model, **body}
    call = Call(data=orjson.dumps(body), body=body, model=model, stream=False, path_model=model)
    form = PROVIDERS[vendor].forms.get(target) or DIALECTS[target]
    sent = bridge(DIALECTS[client], form, Quirks()).request(call)
    assert isinstance(sent, Sent)
    return orjson.loads(sent.body or b""), sent.dropped


PLACE = {"type": "approximate", "country": "NO"}
RESPONSES = {
    "input": "hi",
    "max_tool_calls": 3,
    "tools": [
        {
            "type": "web_search",
            "filters": {"allowed_domains": ["https://a.test/"]},
            "user_location": PLACE,
            "search_context_size": "low",
        }
    ],
}
CLAUDE = {
    "max_tokens": 99,
    "messages": [{"role": "user", "content": "hi"}],
    "tools": [
        {
            "type": "web_search_20260209",
            "name": "web_search",
            "blocked_domains": ["b.test"],
            "max_uses": 2,
        }
    ],
}
GEMINI = {
    "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
    "tools": [{"googleSearch": {"excludeDomains": ["b.test"]}}],
}
CHAT = {
    "messages": [{"role": "user", "content": "hi"}],
    "web_search_options": {
        "search_context_size": "high",
        "user_location": {"type": "approximate", "approximate": {"country": "NO"}},
    },
}
CARRIED = [
    (
        ("openai.responses", RESPONSES),
        ("anthropic", "anthropic.messages", "claude-sonnet-4-5"),
        {
            "tools": [
                {
                    "type": "web_search_20250305",
                    "name": "web_search",
                    "allowed_domains": ["a.test"],
                    "user_location": PLACE,
                    "max_uses": 3,
                }
            ]
        },
        ("tools.search_context_size",),
    ),
    (
        ("openai.responses", RESPONSES),
        ("gemini", "gemini.generate_content", "gemini-3-flash"),
        {"tools": [{"googleSearch": {}}]},
        (
            "tools.filters.allowed_domains",
            "tools.user_location",
            "max_tool_calls",
            "tools.search_context_size",
        ),
    ),
    (
        ("openai.responses", RESPONSES),
        ("perplexity", "openai.chat", "sonar"),
        {
            "web_search_options": {"user_location": PLACE, "search_context_size": "low"},
            "search_domain_filter": ["a.test"],
        },
        ("max_tool_calls",),
    ),
    (
        ("anthropic.messages", CLAUDE),
        ("openai", "openai.responses", "gpt-5"),
        {"tools": [{"type": "web_search"}], "max_tool_calls": 2},
        ("tools.blocked_domains",),
    ),
    (
        ("anthropic.messages", CLAUDE),
        ("xai", "openai.responses", "grok-4"),
        {
            "tools": [{"type": "web_search", "filters": {"excluded_domains": ["b.test"]}}],
            "max_tool_calls": 2,
        },
        (),
    ),
    (
        ("anthropic.messages", CLAUDE),
        ("vertex", "gemini.generate_content", "gemini-3-flash"),
        {"tools": [{"googleSearch": {"excludeDomains": ["b.test"]}}]},
        ("tools.max_uses",),
    ),
    (
        ("anthropic.messages", CLAUDE),
        ("openrouter", "openai.chat", "any/model"),
        {
            "tools": [
                {
                    "type": "openrouter:web_search",
                    "parameters": {"excluded_domains": ["b.test"]},
                }
            ]
        },
        ("tools.max_uses",),
    ),
    (
        ("gemini.generate_content", GEMINI),
        ("anthropic", "anthropic.messages", "claude-sonnet-4-5"),
        {
            "tools": [
                {
                    "type": "web_search_20250305",
                    "name": "web_search",
                    "blocked_domains": ["b.test"],
                }
            ]
        },
        (),
    ),
    (
        ("gemini.generate_content", GEMINI),
        ("openai", "openai.chat", "gpt-4o-search-preview"),
        {"web_search_options": {}},
        ("tools.googleSearch.excludeDomains",),
    ),
    (
        ("openai.chat", CHAT),
        ("openai", "openai.responses", "gpt-5"),
        {"tools": [{"type": "web_search", "user_location": PLACE, "search_context_size": "high"}]},
        (),
    ),
]


@pytest.mark.parametrize(("asked", "at", "members", "lost"), CARRIED)
def test_a_search_is_asked_for_in_the_vendors_words(
    asked: tuple[str, dict[str, Any]],
    at: tuple[str, str, str],
    members: dict[str, Any],
    lost: tuple[str, ...],
) -> None:
    vendor, target, model = at
    body, dropped = carried(asked[0], vendor, target, model, asked[1])
    assert dropped == lost
    assert {name: body.get(name) for name in members} == members


@pytest.mark.parametrize(
    ("vendor", "target", "model"),
    [
        ("anthropic", "anthropic.messages", "claude-3-opus-20240229"),
        ("bedrock", "anthropic.messages", "anthropic.claude-sonnet-4-5-v1:0"),
        ("openai", "openai.responses", "gpt-4.1-nano"),
        ("openai", "openai.chat", "gpt-5"),
        ("fireworks", "openai.responses", "llama"),
    ],
)
def test_who_cannot_search_is_not_asked_to(vendor: str, target: str, model: str) -> None:
    with pytest.raises(Unsupported, match="the tool googleSearch cannot be used"):
        carried("gemini.generate_content", vendor, target, model, GEMINI)


def test_an_option_that_nobody_has_is_a_hint() -> None:
    _, dropped = carried("openai.chat", "cohere", "cohere.chat", "command-a", CHAT)
    assert dropped == ("web_search_options",)


@pytest.mark.parametrize(
    ("vendor", "asked", "left"),
    [
        ("mistral", {"top_k": 5, "min_p": 0.1}, {"top_k": 5}),
        ("gemini-openai", {}, {}),
        ("vertex", {}, {}),
    ],
)
def test_so_it_is_at_vendors_of_the_clients_own_format(
    vendor: str, asked: dict[str, Any], left: dict[str, Any]
) -> None:
    model = "mistral-medium-3" if vendor == "vertex" else "m"
    names = {"web_search_options": {}, **asked}
    world = World("openai.chat", provider=PROVIDERS[vendor], model=model, validate=False)
    asking = {"model": "shown", "messages": [{"role": "user", "content": "hi"}], **names}
    answer = world.ask(
        "/v1/chat/completions", [("content-type", "application/json")], orjson.dumps(asking)
    )
    sent, named = world.sent[-1].json, dict(answer.headers)["x-ai-dropped-params"]
    assert {name: sent[name] for name in names if name in sent} == left
    assert set(named.split(", ")) == names.keys() - left.keys()


SETTINGS = {"search_settings", "compound_custom"}
LIVE = {
    "messages": [{"role": "user", "content": "hi"}],
    "search_parameters": {
        "mode": "auto",
        "return_citations": True,
        "max_search_results": 5,
        "sources": [
            {"type": "web", "allowed_websites": ["a.test"], "country": "NO", "safe_search": True},
            {"type": "x"},
        ],
    },
}


def test_what_xai_had_for_a_search_is_still_understood() -> None:
    target = "anthropic", "anthropic.messages", "claude-sonnet-4-5"
    body, dropped = carried("openai.chat", *target, LIVE)
    place = {"type": "approximate", "country": "NO"}
    search = {"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a.test"]}
    assert body["tools"] == [{**search, "user_location": place}]
    said = ("max_search_results", "sources", "sources.safe_search")
    assert dropped == tuple(f"search_parameters.{name}" for name in said)


@pytest.mark.parametrize("said", [{"mode": "off"}, {"sources": [{"type": "x"}]}, 7])
def test_nothing_is_searched_where_xai_would_not_have_searched_the_web(said: Any) -> None:
    target = "anthropic", "anthropic.messages", "claude-sonnet-4-5"
    body, dropped = carried("openai.chat", *target, {**LIVE, "search_parameters": said})
    assert ("tools" in body, dropped) == (False, ("search_parameters",))


def test_xai_is_not_asked_for_what_it_has_ended() -> None:
    with pytest.raises(Unsupported, match=r"a backend of `dialect: openai\.responses` searches"):
        carried("openai.chat", "xai", "openai.chat", "grok-4", LIVE)
    off = {**LIVE, "search_parameters": {"mode": "off"}}
    assert "search_parameters" not in carried("openai.chat", "xai", "openai.chat", "grok-4", off)[0]
    newer, _ = carried("openai.chat", "xai", "openai.responses", "grok-4", LIVE)
    assert newer["tools"] == [{"type": "web_search", "filters": {"allowed_domains": ["a.test"]}}]


COMPOUND = {
    "messages": [{"role": "user", "content": "hi"}],
    "search_settings": {"include_domains": ["a.test"]},
    "compound_custom": {"tools": {"enabled_tools": ["web_search"]}},
}


@pytest.mark.parametrize(
    ("vendor", "target", "kept"),
    [
        ("groq", "openai.chat", True),
        ("openai", "openai.chat", False),
        ("mistral", "openai.chat", False),
        ("anthropic", "anthropic.messages", False),
    ],
)
def test_settings_of_groqs_search_stay_at_groq(vendor: str, target: str, kept: bool) -> None:
    world = World(target, provider=PROVIDERS[vendor], model="m", validate=False)
    told = orjson.dumps({"model": "shown", **COMPOUND})
    answer = world.ask("/v1/chat/completions", [], told)
    dropped = dict(answer.headers).get("x-ai-dropped-params", "")
    assert SETTINGS & orjson.loads(world.sent[-1].body).keys() == (SETTINGS if kept else set())
    assert SETTINGS & {*dropped.split(", ")} == (set() if kept else SETTINGS)


F = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}


def test_functions_are_stronger_than_a_search_where_both_cannot_be() -> None:
    asked = {**RESPONSES, "tools": [{"type": "web_search"}, F]}
    at = ("gemini", "gemini.generate_content")
    older, dropped = carried("openai.responses", *at, "gemini-2.5-flash", asked)
    assert [*older["tools"][0]] == ["functionDeclarations"]
    assert dropped == ("tools.web_search",)
    newer, _ = carried("openai.responses", *at, "gemini-3-flash", asked)
    assert [name for tool in newer["tools"] for name in tool] == [
        "functionDeclarations",
        "googleSearch",
    ]
    assert newer["toolConfig"]["includeServerSideToolInvocations"] is True


def test_a_search_that_must_be_made_is_the_only_tool_or_free() -> None:
    choice = {"type": "tool", "name": "web_search"}
    at = ("openai", "openai.responses", "gpt-5")
    alone, _ = carried("anthropic.messages", *at, {**CLAUDE, "tool_choice": choice})
    assert alone["tool_choice"] == "required"
    function = {"name": "f", "input_schema": {"type": "object"}}
    tools = [*CLAUDE["tools"], function]
    beside, dropped = carried(
        "anthropic.messages", *at, {**CLAUDE, "tools": tools, "tool_choice": choice}
    )
    assert "tool_choice" not in beside
    assert "tool_choice" in dropped


def test_searches_of_earlier_turns_are_left_out_and_named() -> None:
    item = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    }
    turns = [{"role": "user", "content": "hi"}, item, {"role": "assistant", "content": "so"}]
    asked = {"input": [*turns, {"role": "user", "content": "more"}]}
    for vendor, target, model in (
        ("anthropic", "anthropic.messages", "claude-sonnet-4-5"),
        ("gemini", "gemini.generate_content", "gemini-3-flash"),
        ("cohere", "cohere.chat", "command-a"),
    ):
        body, dropped = carried("openai.responses", vendor, target, model, asked)
        assert dropped == ("input.web_search_call",)
        assert b"web_search" not in orjson.dumps(body)


def test_the_least_effort_leaves_no_room_for_a_search() -> None:
    config = {"thinkingConfig": {"thinkingLevel": "minimal"}}
    at = ("openai", "openai.responses", "gpt-5")
    body, _ = carried("gemini.generate_content", *at, {**GEMINI, "generationConfig": config})
    assert body["reasoning"]["effort"] == "low"
