"""Text Generation Inference: `/generate`, `/generate_stream` and the root path, which answers with
an array; asked with a prompt, or with a conversation in the raw format of Llama's models.

https://huggingface.co/docs/text-generation-inference/reference/api_reference
"""

import re
from collections.abc import Iterator

import msgspec
import orjson

from extproc.lab.simulator import sse
from extproc.lab.simulator.dialect import (
    Asked,
    Call,
    Choice,
    Dialect,
    Event,
    Json,
    Refusal,
    Turn,
    bearer,
)
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.huggingface import generate_rules
from extproc.lab.simulator.reply import count

# `/v1/generate` is Cohere's.
PATH = re.compile(r"(?P<prefix>/.*?)??(?<!/v1)(?<!/api)/generate(?P<stream>_stream)?|(?P<root>/)")
MODEL = "tgi"
"""A server has one, which nobody names."""

# What the user says last, in the formats of Llama 3, 4 and 2.
SAID = re.compile(
    r"<\|(?:start_header_id|header_start)\|>user<\|(?:end_header_id|header_end)\|>\n\n(.*?)<\|eot"
    r"|\[INST\] (?:<<SYS>>.*?<</SYS>>\n\n)?(.*?) \[/INST\]",
    re.DOTALL,
)
REASONS = {"stop": "eos_token", "length": "length", "tool_calls": "eos_token"}
TYPES = {400: "validation", 413: "validation", 422: "validation", 429: "overloaded"}
"""`error_type` by status; those from 424 on are `generation`, all others have none."""
END = "</s>"


def ask(call: Call) -> Asked:
    """What the body asks."""
    body, given = call.body, call.body.get("parameters") or {}
    prompt = str(body.get("inputs") or "")
    turns = [first or second for first, second in SAID.findall(prompt)]
    return Asked(
        model=MODEL,
        text=turns[-1] if turns else prompt,
        prompt_tokens=count(prompt),
        stream=bool(call.params.get("stream")) or bool(body.get("stream")),
        schema=_schema(given.get("grammar") or {}),
        stop=given.get("stop") or (),
        max_tokens=given.get("max_new_tokens"),
        body=body | {"root": call.path.endswith("/")},
    )


def _schema(grammar: Json) -> Json | None:
    value = grammar.get("value")
    return value if grammar.get("type") == "json" and isinstance(value, dict) else None


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    choice, given = turn.reply.choices[0], _given(turn)
    answer: Json = {"generated_text": _text(turn)}
    if given.get("details") and turn.directives.usage != "none":
        tokens = [_token(piece) for piece in choice.pieces]
        prefill = turn.reply.usage.prompt if given.get("decoder_input_details") else 0
        answer["details"] = {
            **_counts(turn, choice),
            "prefill": [_token("x") for _ in range(prefill)],
            "tokens": tokens,
        }
        if given.get("top_n_tokens"):
            answer["details"]["top_tokens"] = [[token] for token in tokens]
    answer |= turn.directives.extra
    return orjson.dumps([answer] if turn.asked.body["root"] else answer)


def _given(turn: Turn) -> Json:
    given = turn.asked.body.get("parameters")
    return given if isinstance(given, dict) else {}


def _text(turn: Turn) -> str:
    text = "".join(turn.reply.choices[0].pieces)
    return f"{turn.asked.body['inputs']}{text}" if _given(turn).get("return_full_text") else text


def _token(text: str, *, special: bool = False) -> Json:
    return {"id": len(text), "text": text, "logprob": -0.25, "special": special}


def _counts(turn: Turn, choice: Choice) -> Json:
    return {
        "finish_reason": turn.directives.finish or REASONS[choice.finish],
        "generated_tokens": turn.reply.usage.completion,
        "seed": None,
    }


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream; a text that ended by itself ends with a special token."""
    choice, given = turn.reply.choices[0], _given(turn)
    tokens = [_token(piece) for piece in choice.pieces]
    if choice.finish != "length" or not tokens:
        tokens.append(_token(END, special=True))
    for index, token in enumerate(tokens, 1):
        last = index == len(tokens)
        told: Json = {"index": index, "token": token}
        if given.get("top_n_tokens"):
            told["top_tokens"] = [token]
        told |= {"generated_text": _text(turn) if last else None, "details": None}
        if last and given.get("details") and turn.directives.usage != "none":
            told["details"] = _counts(turn, choice) | {"input_length": turn.reply.usage.prompt}
        yield Event(orjson.dumps(told | turn.directives.extra))


def frame(event: Event, directives: Directives) -> bytes:
    """One event; the server writes no space before its data."""
    return sse.frame(event, msgspec.structs.replace(directives, no_space=True))


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    kind = TYPES.get(refusal.status, "generation" if refusal.status >= 424 else "")
    kind = directives.error_type or kind
    body = {"error": refusal.message}
    return orjson.dumps({**body, "error_type": kind} if kind else body)


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream: an event with the same body."""
    return Event(error(refusal, directives))


DIALECT = Dialect(
    name="huggingface.generate",
    path=PATH,
    sdk="huggingface_hub",
    check=generate_rules.check,
    ask=ask,
    whole=whole,
    events=events,
    error=error,
    stream_error=stream_error,
    frame=frame,
    stream_content_type="text/event-stream",
    key=bearer,
)
