"""One choice of a provider's OpenAI chat stream, from JSON to deltas of numbered parts."""

from typing import Any

from providers.bridging.provider_members import unread
from providers.dialects.openai.chat.calls import arguments_text
from providers.dialects.openai.chat.media import NAME, parse_annotation
from providers.dialects.openai.chat.reasoning import (
    BLOCK,
    issued,
    issued_block,
    parse_detail,
    reasoning_text,
)
from providers.dialects.openai.chat.response import failure_of, parse_image
from providers.dialects.openai.chat.told import CHOICE, LISTED, MESSAGE
from providers.dialects.openai.finish import parse_finish
from providers.dialects.openai.signatures import parse_extra
from providers.errors import ApiError
from providers.neutral.chat import Citation, Finish, Native, Signature, Thinking
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Beside,
    CitationDelta,
    End,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    WholePart,
)
from providers.wire.members import Json, dicts

USUAL = 4
"""Members of a choice in a chunk that says nothing special."""


def _beside(names: list[str], out: list[AnyDelta]) -> None:
    if names:
        out.append(Beside(names=tuple(names)))


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
        self._matched: Any = None
        """The stop string, where the provider says it."""
        self._error: ApiError | None = None
        self.finish: Finish | None = None
        """Why the model stopped, once that is known; sound and sources may still come."""

    def _at(self, kind: str) -> int:
        """The part that more of `kind` belongs to: the running one, or a new one."""
        if self._kind != kind:
            self._kind = kind
            self._part = self._new()
        return self._part

    def _new(self) -> int:
        self._parts += 1
        return self._parts - 1

    def feed(self, choice: Json, out: list[AnyDelta]) -> None:
        """Appends what one chunk says of this choice."""
        delta = choice.get("delta")
        if len(choice) > USUAL:
            _beside(unread(choice, CHOICE, "choices."), out)
        if self.finish is not None:
            if isinstance(delta, dict):
                self._late(delta, out)
            return
        if isinstance(delta, dict):
            if (details := delta.get("reasoning_details")) and isinstance(details, list):
                self._reasoning(details, out)
            elif thoughts := reasoning_text(delta):
                self._issued = issued(delta)
                out.append(
                    ThinkingDelta(part=self._at("thinking"), text=thoughts, choice=self._index)
                )
            content = delta.get("content")
            if self._issued and ((isinstance(content, str) and content) or delta.get("tool_calls")):
                self._settle(out)
            if content:
                logprobs = choice.get("logprobs")
                if isinstance(logprobs, dict):
                    _beside(unread(logprobs, LISTED, "choices.logprobs."), out)
                self._content(content, logprobs, out)
            if len(delta) > 1 or not content:
                self._rest(delta, out)
        self.finish = parse_finish(choice.get("finish_reason"))
        if self.finish is not None:
            self._matched = choice.get("stop_reason", choice.get("matched_stop"))
            self._error = failure_of(choice)

    def _late(self, delta: Json, out: list[AnyDelta]) -> None:
        """What may follow the reason to stop: the last words are known by then."""
        if audio := delta.get("audio"):
            self._audio(audio, out)
        if annotations := delta.get("annotations"):
            self._citations(annotations, out)

    def _settle(self, out: list[AnyDelta]) -> None:
        """A plain thought is complete once something else comes."""
        if self._kind == "thinking" and self._issued is not None:
            signed = SignatureDelta(signature=self._issued, part=self._part, choice=self._index)
            out.append(signed)
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
        for item in dicts(content):
            if item.get("type") == BLOCK:
                thought = issued_block(item)
                self._issued, part = thought.signature, self._at("thinking")
                out.append(ThinkingDelta(part=part, text=thought.text, choice=self._index))
            elif isinstance(item.get("text"), str) and item["text"]:
                self._settle(out)
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
        _beside(unread(delta, MESSAGE, "choices.delta."), out)
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
            self._begin(call, parse_extra(delta), out)
            return
        signature = parse_extra(delta)
        if signature is not None:
            out.append(SignatureDelta(signature=signature, part=call.part, choice=self._index))

    def _begin(self, call: Call, signature: Signature | None, out: list[AnyDelta]) -> None:
        if not call.name:
            return
        self._kind = ""
        call.part = self._new()
        begin = ToolCallBegin(
            id=call.id,
            name=call.name,
            part=call.part,
            choice=self._index,
            signature=signature,
        )
        out.append(begin)
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

    def end(self, sources: tuple[Citation, ...], out: list[AnyDelta]) -> None:
        """Appends what ends the choice; `sources`: those of the answer as a whole."""
        self._settle(out)
        for citation in sources:
            part = self._text_part(out)
            out.append(CitationDelta(citation=citation, part=part, choice=self._index))
        for call in self._calls.values():
            if call.custom is not None:
                value = {"id": call.id, "type": "custom", "custom": call.custom}
                native = Native(dialect=NAME, value=value)
                out.append(WholePart(value=native, part=self._new(), choice=self._index))
        matched = self._matched if isinstance(self._matched, str) else None
        # A spoken answer of OpenAI's ends without a reason.
        finish = self._meant(self.finish or Finish.STOP)
        end = End(finish=finish, choice=self._index, stop_sequence=matched, error=self._error)
        out.append(end)

    def _meant(self, finish: Finish) -> Finish:
        if finish is not Finish.STOP:
            return finish
        if any(call.part >= 0 for call in self._calls.values()):
            return Finish.TOOL_CALLS
        return Finish.REFUSAL if self._refused else finish
