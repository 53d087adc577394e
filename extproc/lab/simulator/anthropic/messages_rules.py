"""What Anthropic refuses: by the SDK's types first, then by rules between fields."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from extproc.lab.simulator import longest, schemas
from extproc.lab.simulator.anthropic.messages_write import SIGNED
from extproc.lab.simulator.dialect import Call, Json, Refusal
from extproc.lab.simulator.typed import Judge

NEW_VERSION = "2026-10-21"
SAMPLERS = {"temperature": (0, 1), "top_p": (0, 1), "top_k": (0, 500)}
"""Smallest and largest value; the newer version of the API knows none of them."""
BETA = frozenset({"context_management", "mcp_servers", "output_format"})
"""Members that need an `anthropic-beta` header."""
OWN_BETA = frozenset({"thread"})
"""Those that clouds do not take."""
CLOUD = frozenset({"anthropic_version", "anthropic_beta"})
"""Members in place of headers, where a cloud takes the model from the path."""
VERTEX = "vertex-2023-10-16"
NOT_ON_VERTEX = re.compile(
    "prompt-caching|effort-|adaptive-thinking-|structured-outputs-|redact-thinking-|fast-mode-"
    "|advanced-tool-use-|mid-conversation-system-|thinking-token-count-"
)
"""How flags begin that Vertex AI does not know."""
VERTEX_VERBS = frozenset({"rawPredict", "streamRawPredict"})
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
MIN_BUDGET = 1024
OLDER = re.compile(r"claude-(?:[123]\b|(?:opus|sonnet)-4(?:-[01])?(?:-\d{8}|@|$)|v2|instant)")
"""Models from before structured outputs."""
BEFORE_ADAPTIVE = re.compile(r"claude-(?:[123]\b|[a-z]+-4(?:-[0-4])?(?:-\d{8}|@|$|-v)|[a-z]+-4-5)")
ADAPTIVE_ONLY = re.compile(r"claude-[a-z]+-(?:4-[7-9]|[5-9])")
SYSTEM_TURNS = re.compile(r"claude-(?:[a-z]+-)?(?:4-[89]|[5-9]|1\d|mythos|fable)|mythos|fable")
"""Models that are told things between turns."""
MARKERS = 4
PLAIN_SEARCH = "web_search_20250305"
SEARCH_FLAG = "web-search-2025-03-05"
"""What Vertex AI wants in `anthropic-beta` of who lets it search."""
FILTERING = re.compile(r"claude-(?:[a-z]+-)?(?:4-[6-9]|[5-9]|1\d|mythos|fable)|mythos|fable")
"""Models that take the newer tools that search the web."""
UNSEARCHING = re.compile(r"claude-(?:2|instant|3-(?:opus|sonnet|haiku))")


def is_count(call: Call) -> bool:
    """Whether only the tokens are to be counted."""
    return bool(call.params.get("count") or call.params.get("vertex_count"))


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Anthropic would not take; `strict`: unknown members too."""
    headers = dict(call.headers)
    body = call.body
    version = headers.get("anthropic-version", "")
    if model := call.params.get("model"):
        version = str(body.get("anthropic_version", ""))
        body = {"model": model} | {key: body[key] for key in body.keys() - CLOUD}
    if call.params.get("verb") in VERTEX_VERBS and version != VERTEX:
        raise Refusal(f"anthropic_version: {VERTEX} is required")
    if not version and not call.params.get("vertex_count"):
        raise Refusal("anthropic-version: header is required", param="anthropic-version")
    _samplers(body, version)
    shown = body.keys() - SAMPLERS.keys()
    if call.params.get("verb") in VERTEX_VERBS:
        _betas(headers.get("anthropic-beta", ""))
        _searches_on_vertex(body, headers.get("anthropic-beta", ""))
    if headers.get("anthropic-beta"):
        shown -= BETA if call.params.get("model") else BETA | OWN_BETA
    counted = is_count(call)
    judge = _judge(counted, bool(body.get("stream")), strict)
    judge.check({name: body[name] for name in shown})
    for rule in RULES[counted:]:
        rule(body)


@cache
def _judge(counted: bool, stream: bool, strict: bool) -> Judge:
    from anthropic.types import MessageCountTokensParams
    from anthropic.types import message_create_params as params

    if counted:
        return Judge(MessageCountTokensParams, strict=strict)
    if stream:
        return Judge(params.MessageCreateParamsStreaming, strict=strict)
    return Judge(params.MessageCreateParamsNonStreaming, strict=strict)


def _betas(header: str) -> None:
    """https://github.com/anthropics/claude-code/issues/21625"""
    wrong = [f"`{flag}`" for flag in map(str.strip, header.split(",")) if NOT_ON_VERTEX.match(flag)]
    if wrong:
        raise Refusal(f"Unexpected value(s) {', '.join(wrong)} for the `anthropic-beta` header.")


def _searches_on_vertex(body: Json, header: str) -> None:
    """https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/web-search"""
    kinds = {str(tool.get("type")) for tool in body.get("tools") or ()}
    searches = {kind for kind in kinds if kind.startswith("web_search_")}
    if searches - {PLAIN_SEARCH} or (searches and SEARCH_FLAG not in header):
        raise Refusal(f"tools: {', '.join(sorted(searches))} is not supported on Vertex AI.")


def _samplers(body: Json, version: str) -> None:
    for name, (low, high) in SAMPLERS.items():
        value = body.get(name)
        if value is None:
            continue
        if version == NEW_VERSION:
            raise Refusal(f"{name}: Extra inputs are not permitted", param=name)
        if not low <= value <= high:
            raise Refusal(f"{name}: range: {low}..{high}", param=name)


TOO_LONG = (
    "max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens for {model}"
)


def _limit(body: Json) -> None:
    if body["max_tokens"] < 1:
        raise Refusal("max_tokens: Input should be greater than or equal to 1", param="max_tokens")
    longest.check(body["model"], body["max_tokens"], TOO_LONG, "max_tokens")


def _thread(body: Json) -> None:
    """Nothing is held from one request to the next, as if every thread had expired."""
    if (body.get("thread") or {}).get("type") == "continue":
        raise Refusal("thread not found", status=404, param="thread", code="thread_not_found")


def _thinking(body: Json) -> None:
    """https://platform.claude.com/docs/en/build-with-claude/extended-thinking"""
    thinking = body.get("thinking") or {}
    if thinking.get("type") not in {"enabled", "adaptive"}:
        return
    budget = thinking.get("budget_tokens")
    if budget is not None and budget < MIN_BUDGET:
        raise Refusal("thinking.enabled.budget_tokens: Input should be at least 1024")
    if budget is not None and budget >= body.get("max_tokens", budget + 1):
        raise Refusal("`max_tokens` must be greater than `thinking.budget_tokens`")
    if body.get("temperature") not in {None, 1}:
        raise Refusal("`temperature` may only be set to 1 when thinking is enabled")
    if body.get("top_k") is not None or (body.get("top_p") or 1) < 0.95:
        raise Refusal("`top_k` and a small `top_p` must be unset when thinking is enabled")
    if (body.get("tool_choice") or {}).get("type") in {"any", "tool"}:
        raise Refusal("Thinking may not be enabled when tool_choice forces tool use.")


def _generation(body: Json) -> None:
    """https://platform.claude.com/docs/en/about-claude/models/migration-guide"""
    older = BEFORE_ADAPTIVE.search(body["model"])
    kind = (body.get("thinking") or {}).get("type")
    if kind == "adaptive" and older:
        raise Refusal("adaptive thinking is not supported on this model", param="thinking")
    if kind == "enabled" and ADAPTIVE_ONLY.search(body["model"]):
        raise Refusal("thinking.type.enabled is not supported on this model", param="thinking")
    if "effort" in (body.get("output_config") or {}) and older:
        raise Refusal("This model does not support the effort parameter.", param="output_config")
    for at, message in enumerate(body["messages"]):
        if message["role"] == "system" and not SYSTEM_TURNS.search(body["model"]):
            raise Refusal(f'messages.{at}: Unexpected role "system"', param="messages")


def _messages(body: Json) -> None:
    messages = body["messages"]
    if not messages:
        raise Refusal("messages: at least one message is required", param="messages")
    if messages[0]["role"] != "user":
        raise Refusal('messages: first message must use the "user" role', param="messages")
    for at, message in enumerate(messages):
        if message["role"] == "system" and messages[at - 1]["role"] != "user":
            raise Refusal(f"messages.{at}: a system message must follow a user message")
        if not message["content"] and not (at == len(messages) - 1 and at):
            raise Refusal(f"messages.{at}: all messages must have non-empty content")
    last = messages[-1]
    said = last["content"] if isinstance(last["content"], str) else ""
    if last["role"] == "assistant" and said != said.rstrip():
        raise Refusal("messages: final assistant content cannot end with trailing whitespace")


def _blocks(body: Json) -> Iterator[tuple[str, Json]]:
    """(place, block) of every block in the messages and the system prompt."""
    owners = [("system", body.get("system")), *_contents(body)]
    for place, content in owners:
        for at, block in enumerate(content if isinstance(content, list) else ()):
            yield f"{place}.{at}", block
            inner = block.get("content") if block["type"] == "tool_result" else None
            for index, part in enumerate(inner if isinstance(inner, list) else ()):
                yield f"{place}.{at}.content.{index}", part


def _contents(body: Json) -> Iterator[tuple[str, Any]]:
    for at, message in enumerate(body["messages"]):
        yield f"messages.{at}.content", message["content"]


def _texts(body: Json) -> None:
    for place, block in _blocks(body):
        if block["type"] == "text" and not block["text"].strip():
            raise Refusal(f"{place}: text content blocks must contain non-whitespace text")


def _signatures(body: Json) -> None:
    """Thoughts are only taken back from who thought them."""
    for place, block in _blocks(body):
        if block["type"] == "thinking" and not block["signature"].startswith(SIGNED):
            raise Refusal(f"{place}: Invalid `signature` in `thinking` block")
        if block["type"] == "redacted_thinking" and not block["data"].startswith(SIGNED):
            raise Refusal(f"{place}: Invalid `data` in `redacted_thinking` block")


def _markers(body: Json) -> None:
    marked = [block for _, block in _blocks(body) if block.get("cache_control")]
    marked += [tool for tool in body.get("tools") or () if tool.get("cache_control")]
    if len(marked) > MARKERS:
        raise Refusal(
            f"A maximum of 4 blocks with cache_control may be provided. Found {len(marked)}."
        )


def _tools(body: Json) -> None:
    names = [tool["name"] for tool in body.get("tools") or () if "name" in tool]
    for at, name in enumerate(names):
        if not NAME.fullmatch(name):
            raise Refusal(
                f"tools.{at}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
            )
    if len(names) != len(set(names)):
        raise Refusal("tools: Tool names must be unique.")
    choice = body.get("tool_choice") or {}
    if choice and not body.get("tools"):
        raise Refusal("tool_choice: may only be specified while providing tools.")
    if choice.get("type") == "tool" and choice["name"] not in names:
        raise Refusal(f"Tool '{choice['name']}' not found in provided tools")


def _searches(body: Json) -> None:
    """https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool"""
    for at, tool in enumerate(body.get("tools") or ()):
        kind = str(tool.get("type"))
        if not kind.startswith("web_search_"):
            continue
        if tool.get("allowed_domains") and tool.get("blocked_domains"):
            raise Refusal(f"tools.{at}: allowed_domains and blocked_domains exclude each other")
        if UNSEARCHING.search(body["model"]) or (
            kind != PLAIN_SEARCH and not FILTERING.search(body["model"])
        ):
            raise Refusal(f"'{body['model']}' does not support tool types: {kind}.")
    for place, block in _blocks(body):
        found = block.get("content") if block["type"] == "web_search_tool_result" else None
        for page in found if isinstance(found, list) else ():
            if not page["encrypted_content"].startswith(SIGNED):
                raise Refusal(f"{place}: Invalid `encrypted_content` in `web_search_result` block")


def _results(body: Json) -> None:
    """A result is marked for the cache as a whole."""
    for place, block in _blocks(body):
        if ".content." in place.partition(".content.")[2] and block.get("cache_control"):
            raise Refusal(f"{place}: cache_control cannot be set inside of a tool_result")


def _ids(body: Json) -> None:
    used = [block["id"] for _, block in _blocks(body) if block["type"] == "tool_use"]
    if len(set(used)) < len(used):
        raise Refusal("messages: `tool_use` ids must be unique")


def _schemas(body: Json) -> None:
    """https://platform.claude.com/docs/en/build-with-claude/structured-outputs"""
    wanted = (body.get("output_config") or {}).get("format")
    strict = [tool for tool in body.get("tools") or () if tool.get("strict")]
    if (wanted or strict) and OLDER.search(body["model"]):
        raise Refusal(f"{body['model']} does not support structured outputs")
    if wanted:
        schemas.judged(schemas.claude_strict, wanted["schema"], "output_config.format.schema")
    for at, tool in enumerate(body.get("tools") or ()):
        if "input_schema" in tool:
            place = f"tools.{at}.custom.input_schema"
            schemas.judged(schemas.claude_tool, tool["input_schema"], place)
            if tool.get("strict"):
                schemas.judged(schemas.claude_strict, tool["input_schema"], place)


def _tool_turns(body: Json) -> None:
    """Each tool call is answered at the start of the next turn, and nothing else is."""
    called: set[str] = set()
    for at, message in enumerate(body["messages"]):
        blocks = message["content"] if isinstance(message["content"], list) else []
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if called - set(results):
            raise Refusal(
                f"messages.{at - 1}: `tool_use` ids were found without `tool_result` blocks"
                f" immediately after: {', '.join(sorted(called - set(results)))}"
            )
        if len(set(results)) < len(results):
            raise Refusal(f"messages.{at}: each tool_use must have a single result.")
        if set(results) - called:
            raise Refusal(f"messages.{at}: unexpected `tool_use_id` found in `tool_result` blocks")
        if any(block["type"] != "tool_result" for block in blocks[: len(results)]):
            raise Refusal(f"messages.{at}: `tool_result` blocks must come first")
        called = {block["id"] for block in blocks if block["type"] == "tool_use"}
        for name in called:
            if not NAME.fullmatch(name):
                raise Refusal(f"messages.{at}: tool_use.id: String should match pattern")


RULES: tuple[Callable[[Json], None], ...] = (
    _limit,
    _thread,
    _thinking,
    _generation,
    _messages,
    _texts,
    _signatures,
    _markers,
    _tools,
    _searches,
    _results,
    _ids,
    _schemas,
    _tool_turns,
)
"""The first does not hold for counting, which has no limit."""
