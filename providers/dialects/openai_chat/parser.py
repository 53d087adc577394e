"""A provider's OpenAI chat stream, from bytes to deltas."""

from typing import Any

import orjson

from providers.chat import Finish, Json, Native, Signature, Thinking
from providers.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    Ping,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.dialects.openai_chat.calls import arguments_text
from providers.dialects.openai_chat.errors import describe
from providers.dialects.openai_chat.finish import parse_finish
from providers.dialects.openai_chat.media import NAME, parse_annotation
from providers.dialects.openai_chat.reasoning import (
    issued,
    parse_block,
    parse_detail,
    parse_extra,
    reasoning_text,
)
from providers.dialects.openai_chat.response import parse_image, search_citations, seconds
from providers.dialects.openai_chat.usage import usage_of
from providers.errors import CUT, ApiError, BadAnswer, Cause
from providers.framing import sse


def _bad(message: str) -> Failed:
    return Failed(error=ApiError(status=502, cause=Cause.SERVER, message=message))


class Call:
    """A tool call that is still being told."""

    __slots__ = ("arguments", "custom", "id", "name", "part")

    def __init__(self, id: str) -> None:
        self.id = id
        self.name = ""
        self.part = -1
        """-1: not begun, its name has not come yet."""
        self.arguments = ""
        """What came before its name; of a custom tool, its input."""
        self.custom: Json | None = None


class ChoiceParser:
    """Turns one choice's deltas into deltas of numbered parts."""

    def __init__(self, index: int) -> None:
        self._index = index
        self._parts = 0
        self._kind = ""
        self._part = -1
        self._details: dict[Any, int] = {}
        self._calls: dict[int, Call] = {}
        self._refused = False
        self._issued: Signature | None = None
        """Whose the running plain thought is."""
        self.ended = False

    def _at(self, kind: str) -> int:
        """The part that more of `kind` belongs to: the running one, or a new one."""
        if self._kind != kind:
            self._kind = kind
            self._part = self._new()
        return self._part

    def _new(self) -> int:
        self._parts += 1
        return self._parts - 1

    def feed(self, choice: Json, chunk: Json, out: list[AnyDelta]) -> None:
        """Appends what one chunk says of this choice."""
        if self.ended:
            return
        delta = choice.get("delta")
        if isinstance(delta, dict):
            if (details := delta.get("reasoning_details")) and isinstance(details, list):
                self._reasoning(details, out)
            elif thoughts := reasoning_text(delta):
                self._issued = issued(delta)
                out.append(
                    ThinkingDelta(part=self._at("thinking"), text=thoughts, choice=self._index)
                )
            content = delta.get("content")
            if self._issued and (content or choice.get("finish_reason") or delta.get("tool_calls")):
                self._sign(self._issued, out)
            if content:
                self._content(content, choice.get("logprobs"), out)
            if len(delta) > 1 or not content:
                self._rest(delta, out)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._end(reason, choice, chunk, out)

    def _sign(self, signature: Signature, out: list[AnyDelta]) -> None:
        if self._kind == "thinking":
            out.append(SignatureDelta(signature=signature, part=self._part, choice=self._index))
        self._issued = None

    def _content(self, content: Any, logprobs: Any, out: list[AnyDelta]) -> None:
        if isinstance(content, str):
            out.append(
                TextDelta(
                    text=content,
                    part=self._at("text"),
                    choice=self._index,
                    logprobs=logprobs if isinstance(logprobs, dict) else None,
                )
            )
            return
        for item in content if isinstance(content, list) else ():
            if not isinstance(item, dict):
                continue
            if item.get("type") == "thinking":
                text = parse_block(item).text
                out.append(ThinkingDelta(part=self._at("thinking"), text=text, choice=self._index))
            elif isinstance(item.get("text"), str) and item["text"]:
                self._content(item["text"], logprobs, out)

    def _reasoning(self, details: list[Any], out: list[AnyDelta]) -> None:
        for item in details:
            thinking = parse_detail(item) if isinstance(item, dict) else None
            if thinking is None:
                continue
            if thinking.redacted is not None:
                self._kind = ""
                out.append(WholePart(value=thinking, part=self._new(), choice=self._index))
                continue
            part = self._detail_part(item, thinking)
            if thinking.text:
                out.append(ThinkingDelta(part=part, text=thinking.text, choice=self._index))
            if thinking.signature is not None:
                out.append(
                    SignatureDelta(signature=thinking.signature, part=part, choice=self._index)
                )

    def _detail_part(self, item: Json, thinking: Thinking) -> int:
        index = item.get("index")
        if not isinstance(index, int):
            return self._at("thinking")
        if index not in self._details:
            self._kind = f"thinking {index}"
            self._part = self._details[index] = self._new()
        return self._details[index]

    def _rest(self, delta: Json, out: list[AnyDelta]) -> None:
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._refused = True
            out.append(RefusalDelta(text=refusal, part=self._at("refusal"), choice=self._index))
        if audio := delta.get("audio"):
            self._audio(audio, out)
        if calls := delta.get("tool_calls"):
            for call in calls if isinstance(calls, list) else ():
                if isinstance(call, dict):
                    self._call(call, out)
        legacy = delta.get("function_call")
        if isinstance(legacy, dict):
            self._call({"index": 0, "function": legacy}, out)
        if images := delta.get("images"):
            self._images(images, out)
        if annotations := delta.get("annotations"):
            self._citations(annotations, out)
        signature = parse_extra(delta)
        if signature is not None:
            part = self._text_part(out)
            out.append(SignatureDelta(signature=signature, part=part, choice=self._index))

    def _text_part(self, out: list[AnyDelta]) -> int:
        if self._kind != "text":
            out.append(TextDelta(text="", part=self._at("text"), choice=self._index))
        return self._part

    def _citations(self, annotations: Any, out: list[AnyDelta]) -> None:
        for item in annotations if isinstance(annotations, list) else ():
            if isinstance(item, dict):
                part, citation = self._text_part(out), parse_annotation(item)
                out.append(CitationDelta(citation=citation, part=part, choice=self._index))

    def _images(self, images: Any, out: list[AnyDelta]) -> None:
        for item in images if isinstance(images, list) else ():
            image = parse_image(item)
            if image is not None:
                self._kind = ""
                out.append(WholePart(value=image, part=self._new(), choice=self._index))

    def _audio(self, audio: Any, out: list[AnyDelta]) -> None:
        if not isinstance(audio, dict):
            return
        texts = {name: audio.get(name) for name in ("id", "data", "transcript")}
        id, data, transcript = (value if isinstance(value, str) else "" for value in texts.values())
        expires = audio.get("expires_at")
        out.append(
            AudioDelta(
                part=self._at("audio"),
                choice=self._index,
                base64=data,
                transcript=transcript,
                id=id or None,
                expires_at=expires if isinstance(expires, int) else None,
            )
        )

    def _call(self, delta: Json, out: list[AnyDelta]) -> None:
        call = self._find(delta)
        custom, function = delta.get("custom"), delta.get("function")
        if isinstance(custom, dict):
            self._custom(call, custom)
            return
        function = function if isinstance(function, dict) else {}
        name, arguments = function.get("name"), function.get("arguments")
        if call.part < 0 and isinstance(name, str):
            call.name += name
        text = "" if arguments in (None, "") else arguments_text(arguments)
        if call.part >= 0:
            if text:
                out.append(ArgumentsDelta(text=text, part=call.part, choice=self._index))
        else:
            call.arguments += text
            self._begin(call, out)
        signature = parse_extra(delta)
        if signature is not None and call.part >= 0:
            out.append(SignatureDelta(signature=signature, part=call.part, choice=self._index))

    def _begin(self, call: Call, out: list[AnyDelta]) -> None:
        if not call.name:
            return
        self._kind = ""
        call.part = self._new()
        out.append(ToolCallBegin(id=call.id, name=call.name, part=call.part, choice=self._index))
        if call.arguments:
            out.append(ArgumentsDelta(text=call.arguments, part=call.part, choice=self._index))

    def _find(self, delta: Json) -> Call:
        """The call that a piece belongs to.

        Some providers leave the index out, and Gemini's endpoint sends whole calls that all have
        the index 0: there a new id is a new call.
        """
        index, id = delta.get("index"), delta.get("id")
        id = id if isinstance(id, str) else ""
        if not isinstance(index, int):
            index = len(self._calls) if id or not self._calls else next(reversed(self._calls))
        call = self._calls.get(index)
        if call is None or (id and call.part >= 0 and id != call.id):
            if call is not None:
                self._calls[-len(self._calls) - 1] = call
            made = f"call_{self._index}_{len(self._calls)}"
            call = self._calls[index] = Call(id or made)
        return call

    def _custom(self, call: Call, custom: Json) -> None:
        name, text = custom.get("name"), custom.get("input")
        call.name += name if isinstance(name, str) else ""
        call.arguments += text if isinstance(text, str) else ""
        call.custom = {"name": call.name, "input": call.arguments}

    def _end(self, reason: str, choice: Json, chunk: Json, out: list[AnyDelta]) -> None:
        self.ended = True
        for citation in search_citations(chunk):
            part = self._text_part(out)
            out.append(CitationDelta(citation=citation, part=part, choice=self._index))
        for call in self._calls.values():
            if call.custom is not None:
                value = {"id": call.id, "type": "custom", "custom": call.custom}
                native = Native(dialect=NAME, value=value)
                out.append(WholePart(value=native, part=self._new(), choice=self._index))
        matched = choice.get("stop_reason", choice.get("matched_stop"))
        out.append(
            End(
                finish=self._finish(parse_finish(reason)),
                choice=self._index,
                stop_sequence=matched if isinstance(matched, str) else None,
            )
        )

    def _finish(self, finish: Finish) -> Finish:
        if finish is not Finish.STOP:
            return finish
        if any(call.part >= 0 for call in self._calls.values()):
            return Finish.TOOL_CALLS
        return Finish.REFUSAL if self._refused else finish


class ChatStreamParser:
    """A provider's stream, from bytes to deltas."""

    def __init__(self) -> None:
        self._splitter = sse.Splitter()
        self._choices: dict[int, ChoiceParser] = {}
        self._begun = False
        self._done = False
        self._failed = False

    def feed(self, data: bytes) -> list[AnyDelta]:
        """The deltas that `data` completes."""
        out: list[AnyDelta] = []
        if self._failed:
            return out
        try:
            for event in self._splitter.feed(data):
                self._event(event, out)
        except BadAnswer as error:
            self._fail(Failed(error=error.as_api_error()), out)
        return out

    def flush(self) -> list[AnyDelta]:
        """At the end of the stream; a stream that ended before its time yields `Failed`."""
        out: list[AnyDelta] = []
        rest = self._splitter.flush()
        if rest and not self._failed:
            self._event(rest, out, cut=True)
        complete = self._done or (
            bool(self._choices) and all(choice.ended for choice in self._choices.values())
        )
        if not complete and not self._failed:
            self._fail(Failed(error=CUT), out)
        return out

    def _fail(self, failed: Failed, out: list[AnyDelta]) -> None:
        self._failed = True
        out.append(failed)

    def _event(self, event: bytes, out: list[AnyDelta], cut: bool = False) -> None:
        name, data = sse.parse(event)
        if self._failed:
            return
        if not data:
            if event.startswith(b":"):
                out.append(Ping())
            return
        if data.strip() == b"[DONE]":
            self._done = True
            return
        try:
            chunk = orjson.loads(data)
        except ValueError:
            chunk = None
        if not isinstance(chunk, dict):
            if not cut:
                self._fail(_bad("the provider sent an event that is no JSON object"), out)
            return
        if chunk.get("error") or name == b"error" or chunk.get("object") == "error":
            self._fail(Failed(error=describe(chunk, None)), out)
            return
        self._chunk(chunk, out)

    def _chunk(self, chunk: Json, out: list[AnyDelta]) -> None:
        choices = chunk.get("choices")
        if not self._begun:
            # Azure's first chunk has filter results only, and neither id nor model.
            if not choices and not chunk.get("id"):
                return
            self._begun = True
            out.append(_begin(chunk))
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self._choice(choice).feed(choice, chunk, out)
        usage = usage_of(chunk) if chunk.get("usage") or "x_groq" in chunk else None
        if usage is not None:
            out.append(Used(usage=usage))

    def _choice(self, choice: Json) -> ChoiceParser:
        index = choice.get("index")
        index = index if isinstance(index, int) else 0
        found = self._choices.get(index)
        if found is None:
            found = self._choices[index] = ChoiceParser(index)
        return found


def _begin(chunk: Json) -> Begin:
    id, model, tier = chunk.get("id"), chunk.get("model"), chunk.get("service_tier")
    return Begin(
        id=id if isinstance(id, str) else "",
        model=model if isinstance(model, str) else "",
        created=seconds(chunk.get("created")),
        service_tier=tier if isinstance(tier, str) else None,
    )
