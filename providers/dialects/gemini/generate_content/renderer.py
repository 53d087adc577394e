"""A streamGenerateContent answer for a client, from deltas to bytes.

A function call is one part with all its arguments, so it is sent when it is complete. The last
chunk names the reason to finish and the usage, as Google's own does.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from providers.bridging.dialect import Context
from providers.dialects.gemini.errors import error_body
from providers.dialects.gemini.generate_content.answers import (
    REASONS,
    render_logprobs,
    render_usage,
)
from providers.dialects.gemini.generate_content.response import (
    OWN,
    own_of,
    render_call,
    render_part,
    render_sources,
    timestamp,
)
from providers.dialects.gemini.generate_content.signatures import render_signature
from providers.dialects.gemini.names import FAMILY
from providers.neutral.carriers import of_thoughts
from providers.neutral.chat import Citation, Signature, Thinking
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.serial import SPEAKING, Serial
from providers.neutral.thoughts import PLAIN
from providers.neutral.web_search import Searched
from providers.usage import Usage
from providers.wire import json_array
from providers.wire.members import Json

SPEECH = "audio/L16;codec=pcm;rate=24000"
"""What Gemini's own speech is; a delta does not say its media type."""


class Call(msgspec.Struct):
    """A function call that is not complete."""

    id: str
    name: str
    pieces: list[str] = []
    signature: Signature | None = None


class Candidate:
    """What was told of one choice."""

    def __init__(self) -> None:
        self.calls: dict[int, Call] = {}
        self.signed: list[Thinking] = []
        """What was signed since the last call, for the next one to say again."""
        self.texts: dict[int, list[str]] = {}
        self.citations: list[tuple[int, Citation]] = []
        self.queries: list[str] = []
        self.reason = ""
        self.native: Json = {}


class Renderer:
    """Server-sent events; nothing comes after an error."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._candidates: dict[int, Candidate] = {}
        self._usage: Usage | None = None
        self._own: Json = {}
        self._tail = b""
        """What closes a chunk: the model and the ids."""
        self._text_tail = b""
        """The same, after the text of choice 0."""
        self._failed = False
        self._serial = Serial()
        self._calling: set[int] = set()
        """Choices with a call that is not complete."""

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that say `deltas`."""
        return b"".join([self._delta(delta) for delta in self._serial.feed(deltas)])

    def flush(self) -> bytes:
        """The last chunk of each choice, with the usage in the very last."""
        if self._failed or not self._tail:
            return self._close()
        last = [
            self._last(index, candidate) for index, candidate in sorted(self._candidates.items())
        ]
        body: Json = {"candidates": last, **self._own} if last else {}
        if self._usage is not None:
            body["usageMetadata"] = render_usage(self._usage)
        return (self._frame(orjson.dumps(body)[:-1] + self._tail) if body else b"") + self._close()

    def _last(self, index: int, candidate: Candidate) -> Json:
        content = {"parts": [{"text": ""}], "role": "model"}
        said: Json = {"content": content, "index": index}
        if candidate.reason:
            said["finishReason"] = candidate.reason
        cited = [
            (part, "".join(candidate.texts.get(part, ())), citation)
            for part, citation in candidate.citations
        ]
        return said | render_sources(cited, candidate.queries) | candidate.native

    def _frame(self, chunk: bytes) -> bytes:
        return b"data: " + chunk + b"\n\n"

    def _close(self) -> bytes:
        """What closes the framing."""
        return b""

    def _delta(self, delta: AnyDelta) -> bytes:
        if self._failed:
            return b""
        handler = HANDLERS.get(type(delta))
        if handler is None:
            return b""
        if self._calling and type(delta) in SPEAKING:
            # One part comes after the other, though not everybody says that one is complete.
            choice: int = getattr(delta, "choice", 0)
            if choice in self._calling:
                return self._complete(choice) + handler(self, delta)
        return handler(self, delta)

    def _begin(self, delta: Begin) -> bytes:
        named = {
            "modelVersion": delta.model or self._context.model,
            "createTime": timestamp(delta.created or self._context.now),
            "responseId": delta.id or self._context.id,
        }
        self._tail = b"," + orjson.dumps(named)[1:]
        self._text_tail = b'}],"role":"model"},"index":0}]' + self._tail
        self._usage = delta.usage or self._usage
        return b""

    def _candidate(self, choice: int) -> Candidate:
        if not self._tail:
            self._begin(Begin(id="", model=""))
        found = self._candidates.get(choice)
        if found is None:
            found = self._candidates[choice] = Candidate()
        return found

    def _say(self, choice: int, part: Json, **beside: Any) -> bytes:
        content = {"parts": [part], "role": "model"}
        candidate = {"content": content, "index": choice, **beside}
        return self._frame(orjson.dumps({"candidates": [candidate]})[:-1] + self._tail)

    def _text(self, delta: TextDelta) -> bytes:
        if not delta.text:
            return b""
        texts = self._candidate(delta.choice).texts
        pieces = texts.get(delta.part)
        if pieces is None:
            texts[delta.part] = [delta.text]
        else:
            pieces.append(delta.text)
        if delta.choice == 0 and delta.logprobs is None:
            text = orjson.dumps(delta.text)
            return self._frame(
                b'{"candidates":[{"content":{"parts":[{"text":' + text + self._text_tail
            )
        return self._say(delta.choice, {"text": delta.text}, **render_logprobs(delta.logprobs))

    def _refusal(self, delta: RefusalDelta) -> bytes:
        self._candidate(delta.choice)
        return self._say(delta.choice, {"text": delta.text}) if delta.text else b""

    def _thinking(self, delta: ThinkingDelta) -> bytes:
        self._candidate(delta.choice)
        if not delta.text:
            return b""
        return self._say(delta.choice, {"text": delta.text, "thought": True})

    def _signature(self, delta: SignatureDelta) -> bytes:
        candidate = self._candidate(delta.choice)
        call = candidate.calls.get(delta.part)
        if call is not None:
            call.signature = delta.signature
            return b""
        part: Json = {"text": "", "thoughtSignature": render_signature(delta.signature)}
        if delta.part not in candidate.texts:
            part["thought"] = True
            if delta.signature.value not in PLAIN:
                candidate.signed.append(Thinking(signature=delta.signature))
        return self._say(delta.choice, part)

    def _call(self, delta: ToolCallBegin) -> bytes:
        call = Call(id=delta.id, name=delta.name, signature=delta.signature)
        self._candidate(delta.choice).calls[delta.part] = call
        self._calling.add(delta.choice)
        return b""

    def _arguments(self, delta: ArgumentsDelta) -> bytes:
        call = self._candidate(delta.choice).calls.get(delta.part)
        if call is not None:
            call.pieces.append(delta.text)
        return b""

    def _complete(self, choice: int, part: int | None = None) -> bytes:
        """The calls of a choice that are complete: `part`, or all."""
        candidate = self._candidate(choice)
        calls = candidate.calls
        ready = list(calls) if part is None else [part] if part in calls else []
        out = b""
        for number in ready:
            call = calls.pop(number)
            text = "".join(call.pieces)
            signature = call.signature or of_thoughts(candidate.signed, FAMILY)
            candidate.signed = []
            out += self._say(choice, render_call(call.id, call.name, text, signature))
        if not calls:
            self._calling.discard(choice)
        return out

    def _part_end(self, delta: PartEnd) -> bytes:
        return self._complete(delta.choice, delta.part)

    def _citation(self, delta: CitationDelta) -> bytes:
        self._candidate(delta.choice).citations.append((delta.part, delta.citation))
        return b""

    def _audio(self, delta: AudioDelta) -> bytes:
        self._candidate(delta.choice)
        out = b""
        if delta.base64:
            data = {"mimeType": SPEECH, "data": delta.base64}
            out += self._say(delta.choice, {"inlineData": data})
        if delta.transcript:
            out += self._say(delta.choice, {"text": delta.transcript})
        return out

    def _whole(self, delta: WholePart) -> bytes:
        candidate = self._candidate(delta.choice)
        if isinstance(delta.value, Thinking):
            candidate.signed.append(delta.value)
        elif isinstance(delta.value, Searched):
            candidate.queries += delta.value.queries
        return b"".join([self._say(delta.choice, part) for part in render_part(delta.value)])

    def _end(self, delta: End) -> bytes:
        out = self._complete(delta.choice)
        candidate = self._candidates[delta.choice]
        candidate.reason = REASONS[delta.finish]
        candidate.native = own_of(delta.native)
        self._own |= {name: delta.native[name] for name in OWN if name in delta.native}
        return out

    def _used(self, delta: Used) -> bytes:
        self._usage = delta.usage
        return b""

    def _fail(self, delta: Failed) -> bytes:
        self._failed = True
        return self._frame(orjson.dumps(error_body(delta.error)))


class ArrayRenderer(Renderer):
    """A JSON array that comes in pieces, for clients that did not ask for `alt=sse`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._joiner = json_array.Joiner()

    def _frame(self, chunk: bytes) -> bytes:
        return self._joiner.element(chunk)

    def _close(self) -> bytes:
        return self._joiner.end()


HANDLERS: dict[type, Callable[[Renderer, Any], bytes]] = {
    Begin: Renderer._begin,
    TextDelta: Renderer._text,
    CitationDelta: Renderer._citation,
    ThinkingDelta: Renderer._thinking,
    SignatureDelta: Renderer._signature,
    RefusalDelta: Renderer._refusal,
    ToolCallBegin: Renderer._call,
    ArgumentsDelta: Renderer._arguments,
    WholePart: Renderer._whole,
    AudioDelta: Renderer._audio,
    PartEnd: Renderer._part_end,
    End: Renderer._end,
    Used: Renderer._used,
    Failed: Renderer._fail,
}
