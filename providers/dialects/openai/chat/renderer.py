"""A client's OpenAI chat stream, from deltas to bytes.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from collections.abc import Callable
from typing import Any

import orjson

from providers.bridging.dialect import Context
from providers.dialects.openai.answers import DONE
from providers.dialects.openai.chat.calls import render_call
from providers.dialects.openai.chat.finish import finish_name
from providers.dialects.openai.chat.functions import FINISHES
from providers.dialects.openai.chat.media import NAME, render_annotation, render_part
from providers.dialects.openai.chat.reasoning import is_plain, render_detail
from providers.dialects.openai.citations import placed, tells
from providers.dialects.openai.signatures import render_extra
from providers.dialects.openai.usage import render_usage
from providers.neutral.chat import Audio, Image, Refusal, Signature, Text, Thinking, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    Ping,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
    pieces,
)
from providers.neutral.media import Data
from providers.usage import Usage
from providers.wire.compatible_errors import error_event
from providers.wire.members import Json


class ChoiceRenderer:
    """What was told of one choice."""

    def __init__(self) -> None:
        self.calls: dict[int, int] = {}
        """Part → index of the tool call."""
        self.silent: set[int] = set()
        """Parts that are tool calls without arguments so far."""
        self.thoughts: dict[int, int] = {}
        """Part → index of the reasoning detail."""
        self.citations = 0
        self.images = 0
        self.refused = False
        self.starts: dict[int, int] = {}
        """Part → where its text begins in the content."""
        self.length = 0


class ChatStreamRenderer:
    """A client's stream, from deltas to bytes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._legacy = bool(context.echo)
        """Whether calls are told in the words from before `tools`."""
        self._choices: dict[int, ChoiceRenderer] = {}
        self._head = b""
        self._usage: Usage | None = None
        self._tiered = False
        """Whether every chunk says the service tier."""
        self._tier: str | None = None
        """The same, where it is known at last."""
        self._failed = False
        self._text = b""
        """A chunk of text of choice 0, up to the text."""

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that say `deltas`."""
        return b"".join([self._delta(delta) for delta in deltas])

    def flush(self) -> bytes:
        """What closes the stream: the usage, where the client asked for it, and `[DONE]`."""
        if self._failed:
            return b""
        if self._usage is None or not self._context.stream_usage:
            return DONE
        said: Json = {"usage": render_usage(self._usage)}
        if self._tier is not None:
            said["service_tier"] = self._tier
        return self._start() + self._head + b"]," + orjson.dumps(said)[1:] + b"\n\n" + DONE

    def _delta(self, delta: AnyDelta) -> bytes:
        if type(delta) is TextDelta and delta.logprobs is None and delta.choice in self._choices:
            return self._plain(delta)
        if self._failed:
            return b""
        handler = HANDLERS.get(type(delta))
        return b"" if handler is None else handler(self, delta)

    def _plain(self, delta: TextDelta) -> bytes:
        if self._failed or not delta.text:
            return b""
        choice = self._choices[delta.choice]
        choice.starts.setdefault(delta.part, choice.length)
        choice.length += len(delta.text)
        text = orjson.dumps(delta.text)
        if delta.choice == 0:
            return self._text + text + b'},"logprobs":null,"finish_reason":null}]}\n\n'
        return self._chunk(delta.choice, b'{"content":' + text + b"}")

    def _begin(self, delta: Begin) -> bytes:
        head = orjson.dumps(
            {
                "id": delta.id or self._context.id,
                "object": "chat.completion.chunk",
                "created": delta.created or self._context.now,
                "model": delta.model or self._context.model,
                **({"service_tier": delta.service_tier} if delta.service_tier else {}),
            }
        )
        self._head = b"data: " + head[:-1] + b',"choices":['
        self._text = self._head + b'{"index":0,"delta":{"content":'
        self._usage = delta.usage or self._usage
        self._tiered = delta.service_tier is not None
        return self._choice_begin(0)

    def _start(self) -> bytes:
        """A stream that was never begun begins now."""
        return b"" if self._head else self._begin(Begin(id="", model=""))

    def _choice_begin(self, index: int) -> bytes:
        start = b"" if self._head else self._start()
        if index in self._choices:
            return start
        self._choices[index] = ChoiceRenderer()
        return start + self._chunk(index, b'{"role":"assistant","content":"","refusal":null}')

    def _chunk(self, index: int, delta: bytes, tail: bytes = b'"finish_reason":null') -> bytes:
        return b'%b{"index":%d,"delta":%b,"logprobs":null,%b}]}\n\n' % (
            self._head,
            index,
            delta,
            tail,
        )

    def _say(self, index: int, delta: Json) -> bytes:
        return self._choice_begin(index) + self._chunk(index, orjson.dumps(delta))

    def _choice(self, index: int) -> tuple[bytes, ChoiceRenderer]:
        begin = self._choice_begin(index)
        return begin, self._choices[index]

    def _texts(self, delta: TextDelta) -> bytes:
        begin, choice = self._choice(delta.choice)
        if delta.logprobs is None:
            return begin + self._plain(delta)
        choice.starts.setdefault(delta.part, choice.length)
        choice.length += len(delta.text)
        return begin + b'%b{"index":%d,"delta":%b,"logprobs":%b,"finish_reason":null}]}\n\n' % (
            self._head,
            delta.choice,
            orjson.dumps({"content": delta.text}),
            orjson.dumps(delta.logprobs),
        )

    def _thinking(self, delta: ThinkingDelta) -> bytes:
        begin, choice = self._choice(delta.choice)
        index = choice.thoughts.setdefault(delta.part, len(choice.thoughts))
        if not delta.text:
            return begin
        detail = render_detail(Thinking(text=delta.text), index)
        say = {"reasoning_content": delta.text, "reasoning_details": [detail]}
        return begin + self._say(delta.choice, say)

    def _signature(self, delta: SignatureDelta) -> bytes:
        begin, choice = self._choice(delta.choice)
        nowhere = self._legacy and delta.part in choice.calls
        if nowhere or is_plain(Thinking(signature=delta.signature)):
            return begin
        say = _signed(choice, delta.part, delta.signature)
        return begin + self._say(delta.choice, say)

    def _refusal(self, delta: RefusalDelta) -> bytes:
        begin, choice = self._choice(delta.choice)
        choice.refused = True
        return begin + self._say(delta.choice, {"refusal": delta.text})

    def _call(self, delta: ToolCallBegin) -> bytes:
        begin, choice = self._choice(delta.choice)
        index = choice.calls.setdefault(delta.part, len(choice.calls))
        choice.silent.add(delta.part)
        function = {"name": delta.name, "arguments": ""}
        if self._legacy:
            return begin + (b"" if index else self._say(delta.choice, {"function_call": function}))
        call = {"index": index, "id": delta.id, "type": "function", "function": function}
        call |= render_extra(delta.signature)
        return begin + self._say(delta.choice, {"tool_calls": [call]})

    def _arguments(self, delta: ArgumentsDelta) -> bytes:
        choice = self._choices.get(delta.choice)
        if choice is None or delta.part not in choice.calls or not delta.text:
            return b""
        choice.silent.discard(delta.part)
        index, text = choice.calls[delta.part], orjson.dumps(delta.text)
        if self._legacy:
            said = b'{"function_call":{"arguments":%b}}' % text
            return b"" if index else self._chunk(delta.choice, said)
        said = b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (index, text)
        return self._chunk(delta.choice, said)

    def _citation(self, delta: CitationDelta) -> bytes:
        begin, choice = self._choice(delta.choice)
        if not tells(delta.citation, NAME):
            return begin
        offset = choice.starts.get(delta.part, choice.length)
        cited = placed(delta.citation, choice.length - offset, offset)
        annotation = {"index": choice.citations, **render_annotation(cited)}
        choice.citations += 1
        return begin + self._say(delta.choice, {"annotations": [annotation]})

    def _audio(self, delta: AudioDelta) -> bytes:
        audio = {
            "id": delta.id,
            "data": delta.base64 or None,
            "transcript": delta.transcript or None,
            "expires_at": delta.expires_at,
        }
        said = {name: value for name, value in audio.items() if value is not None}
        return self._say(delta.choice, {"audio": said}) if said else b""

    def _whole(self, delta: WholePart) -> bytes:
        begin, choice = self._choice(delta.choice)
        part = delta.value
        if isinstance(part, Audio):
            return begin + self._audio(_sound(part, delta))
        if isinstance(part, ToolCall | Text | Refusal):
            told = pieces(part, delta.part, delta.choice)
            return begin + b"".join(self._delta(piece) for piece in told)
        say: Json | None = None
        if isinstance(part, Thinking):
            index = choice.thoughts.setdefault(delta.part, len(choice.thoughts))
            say = {"reasoning_details": [render_detail(part, index)]}
            if part.text:
                say["reasoning_content"] = part.text
        elif isinstance(part, Image):
            say = {"images": [{"index": choice.images, **(render_part(part) or {})}]}
            choice.images += 1
        elif (call := render_call(part)) is not None:
            index = choice.calls.setdefault(delta.part, len(choice.calls))
            say = {"tool_calls": [{"index": index, **call}]}
        return begin if say is None else begin + self._say(delta.choice, say)

    def _part_end(self, delta: PartEnd) -> bytes:
        choice = self._choices.get(delta.choice)
        if choice is None or delta.part not in choice.silent:
            return b""
        return self._arguments(ArgumentsDelta(text="{}", part=delta.part, choice=delta.choice))

    def _end(self, delta: End) -> bytes:
        begin, choice = self._choice(delta.choice)
        ends = [PartEnd(part=part, choice=delta.choice) for part in sorted(choice.silent)]
        said = b"".join(self._part_end(end) for end in ends)
        name = finish_name(delta.finish, choice.refused)
        reason = {"finish_reason": FINISHES.get(name, name) if self._legacy else name}
        if delta.stop_sequence is not None:
            reason["stop_reason"] = delta.stop_sequence
        return begin + said + self._chunk(delta.choice, b"{}", orjson.dumps(reason)[1:-1])

    def _used(self, delta: Used) -> bytes:
        self._usage = delta.usage
        if delta.service_tier is not None and not self._tiered:
            self._tier = delta.service_tier
        return b""

    def _ping(self, delta: Ping) -> bytes:
        return b": ping\n\n"

    def _fail(self, delta: Failed) -> bytes:
        self._failed = True
        return error_event(delta.error)


def _signed(choice: ChoiceRenderer, part: int, signature: Signature) -> Json:
    """Where a part's signature stands: beside the call, in the thought, or beside the text."""
    if part in choice.calls:
        # The SDK's stream helper demands the function in every piece of a call.
        call: Json = {"index": choice.calls[part], "function": {"arguments": ""}}
        return {"tool_calls": [{**call, **render_extra(signature)}]}
    if part in choice.starts:
        return render_extra(signature)
    index = choice.thoughts.setdefault(part, len(choice.thoughts))
    detail = render_detail(Thinking(signature=signature), index)
    del detail["text"]
    return {"reasoning_details": [detail]}


def _sound(audio: Audio, whole: WholePart) -> AudioDelta:
    return AudioDelta(
        part=whole.part,
        choice=whole.choice,
        base64=audio.source.base64 if isinstance(audio.source, Data) else "",
        transcript=audio.transcript or "",
        id=audio.id,
        expires_at=audio.expires_at,
    )


HANDLERS: dict[type, Callable[[ChatStreamRenderer, Any], bytes]] = {
    Begin: ChatStreamRenderer._begin,
    TextDelta: ChatStreamRenderer._texts,
    CitationDelta: ChatStreamRenderer._citation,
    ThinkingDelta: ChatStreamRenderer._thinking,
    SignatureDelta: ChatStreamRenderer._signature,
    RefusalDelta: ChatStreamRenderer._refusal,
    ToolCallBegin: ChatStreamRenderer._call,
    ArgumentsDelta: ChatStreamRenderer._arguments,
    WholePart: ChatStreamRenderer._whole,
    AudioDelta: ChatStreamRenderer._audio,
    PartEnd: ChatStreamRenderer._part_end,
    End: ChatStreamRenderer._end,
    Used: ChatStreamRenderer._used,
    Ping: ChatStreamRenderer._ping,
    Failed: ChatStreamRenderer._fail,
}
