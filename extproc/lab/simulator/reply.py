"""The deterministic answer to a request, before any wire format.

Counting rule, the same for every dialect: a token of text is a word with the white space before it;
JSON (tool arguments, structured output) has a token for every 8 characters. A prompt costs its
words (directives included), 4 per message, 8 per tool, 85 per image, 16 per other attachment.
"""

import re
import time
import uuid
from hashlib import blake2b
from typing import Any

import orjson

from extproc.lab.simulator.dialect import Asked, Choice, Refusal, Reply, Tool, ToolCall, Usage
from extproc.lab.simulator.directives import Directives, without_directives
from extproc.lab.simulator.instance import instance

CREATED = 1_700_000_000
WORD = re.compile(r"\s*\S+|\s+$")
JSON_TOKEN = 8
ECHO_WORDS = 32
"""So much of the user's text comes back; big prompts get small answers."""
REFUSED = "I cannot help with that."
PER_MESSAGE, PER_TOOL, PER_IMAGE, PER_ATTACHMENT = 4, 8, 85, 16


def words(text: str) -> list[str]:
    """`text` as tokens; joined they are `text` again."""
    return WORD.findall(text)


def count(text: str) -> int:
    """How many tokens `text` has."""
    return len(text.split())


def json_tokens(text: str) -> list[str]:
    """JSON text as tokens."""
    return [text[start : start + JSON_TOKEN] for start in range(0, len(text), JSON_TOKEN)]


def build(asked: Asked, directives: Directives, raw: bytes) -> Reply:
    """The answer to `asked`; raises Refusal when a directive cannot be obeyed."""
    seed = uuid.uuid4().hex[:24] if directives.unique else blake2b(raw, digest_size=12).hexdigest()
    choices = [_choice(asked, directives, index, seed) for index in range(asked.n)]
    return Reply(
        id=directives.id or seed,
        created=_created(directives),
        model=asked.model,
        choices=choices,
        usage=_usage(asked, directives, choices),
    )


def _created(directives: Directives) -> int:
    if directives.created is not None:
        return directives.created
    return int(time.time()) if directives.unique else CREATED


def _choice(asked: Asked, directives: Directives, index: int, seed: str) -> Choice:
    reasoning = [f" thought{number}" for number in range(directives.reasoning)]
    tools = _called(asked, directives)
    if tools:
        calls = [
            ToolCall(
                directives.call_id or f"{seed[:12]}{index}{position}",
                tool.name,
                _arguments(tool, directives),
            )
            for position, tool in enumerate(tools)
        ]
        return Choice(pieces=[], reasoning=reasoning, calls=calls, finish="tool_calls")
    if directives.refusal:
        said = directives.refusal if isinstance(directives.refusal, str) else REFUSED
        return Choice(pieces=words(said), reasoning=reasoning, refusal=True)
    pieces = _stopped(_pieces(asked, directives, index), asked.stop)
    room = None if asked.max_tokens is None else max(0, asked.max_tokens - len(reasoning))
    if room is not None and len(pieces) > room:
        return Choice(pieces=pieces[:room], reasoning=reasoning, finish="length")
    return Choice(pieces=pieces, reasoning=reasoning)


def _called(asked: Asked, directives: Directives) -> list[Tool]:
    if asked.demand == "none":
        return []
    if asked.demand == "required":
        return _named(asked, [asked.named] if asked.named else directives.call_tool or True)
    if directives.call_tool and asked.rounds < directives.rounds:
        return _named(asked, directives.call_tool)
    return []


def _named(asked: Asked, names: bool | str | list[str]) -> list[Tool]:
    if not asked.tools:
        raise Refusal("sim: a tool is to be called, but the request offers none")
    if names is True:
        return [asked.tools[0]]
    offered = {tool.name: tool for tool in asked.tools}
    wanted = [names] if isinstance(names, str) else names or []
    if unknown := [name for name in wanted if name not in offered]:
        raise Refusal(f"sim: no such tool: {unknown}; offered: {sorted(offered)}")
    return [offered[name] for name in (wanted if asked.parallel else wanted[:1])]


def _arguments(tool: Tool, directives: Directives) -> list[str]:
    value = directives.arguments
    if value is None:
        value = instance({"type": "object"} | tool.schema)
    return json_tokens(orjson.dumps(value).decode())


def _pieces(asked: Asked, directives: Directives, index: int) -> list[str]:
    if directives.text is not None:
        return words(directives.text)
    if directives.size is not None:
        return _sized(directives.size, directives.tokens or 16)
    if directives.tokens is not None:
        return [f" word{number}" if number else "word0" for number in range(directives.tokens)]
    if asked.schema is not None:
        return json_tokens(_structured(asked.schema, asked.model))
    return words(_echo(asked) + (f" ({index})" if index else ""))


def _sized(size: int, pieces: int) -> list[str]:
    step = max(1, -(-size // pieces))
    return ["x" * min(step, size - start) for start in range(0, size, step)]


def _structured(schema: dict[str, Any], model: str) -> str:
    value = instance(schema, "sim") if schema else {"model": model}
    return orjson.dumps(value).decode()


def _echo(asked: Asked) -> str:
    if asked.results:
        return f"{asked.model} was told: {_clip(' / '.join(asked.results))}"
    return f"{asked.model} heard: {_clip(without_directives(asked.text))}"


def _clip(text: str) -> str:
    return " ".join(text.split(maxsplit=ECHO_WORDS)[:ECHO_WORDS])


def _stopped(pieces: list[str], stop: Any) -> list[str]:
    """`pieces` up to the first of the stop strings, which may straddle two of them."""
    text = "".join(pieces) if stop else ""
    found = [at for at in (text.find(each) for each in stop) if at >= 0]
    if not found:
        return pieces
    kept, left = [], min(found)
    for piece in pieces:
        if left <= 0:
            break
        kept.append(piece[:left])
        left -= len(piece)
    return kept


def _usage(asked: Asked, directives: Directives, choices: list[Choice]) -> Usage:
    reasoning = sum(len(choice.reasoning) for choice in choices)
    spoken = sum(
        len(choice.pieces) + sum(len(call.pieces) for call in choice.calls) for choice in choices
    )
    prompt, completion = directives.prompt_tokens, directives.completion_tokens
    return Usage(
        prompt=asked.prompt_tokens if prompt is None else prompt,
        completion=spoken + reasoning if completion is None else completion,
        cached=directives.cached_tokens,
        reasoning=reasoning,
        audio=directives.audio_tokens,
    )
