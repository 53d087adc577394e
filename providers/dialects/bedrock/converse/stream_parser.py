"""A ConverseStream answer, from bytes to deltas.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
"""

import base64
import binascii
from typing import Any

import orjson

from providers.bridging.provider_members import unread
from providers.dialects.bedrock.converse.answers import native_stop, parse_finish, parse_usage
from providers.dialects.bedrock.converse.blocks import parse_blob
from providers.dialects.bedrock.converse.citations import parse_citation
from providers.dialects.bedrock.converse.response import (
    OWN,
    arguments_of,
    stop_sequence,
    tier_of,
)
from providers.dialects.bedrock.converse.told import CITATION, ENDING, TOLD
from providers.dialects.bedrock.errors import parse_exception
from providers.dialects.bedrock.media import IMAGES
from providers.dialects.bedrock.names import FAMILY, NAME
from providers.errors import CUT, BadAnswer
from providers.neutral.chat import Image, Native, Thinking, unseal
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    Beside,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.media import Data
from providers.wire import aws_event_stream as frames
from providers.wire.members import Json

MAX_KNOWN_HEADERS = 64


class Whole:
    """A block that means something only once it is complete: a server tool, an image."""

    def __init__(self, kind: str, start: Json) -> None:
        self.kind = kind
        self.start = start
        self.texts: list[str] = []
        self.items: list[Any] = []

    def value(self) -> Native | Image | Thinking | None:
        """The part."""
        if self.kind == "image":
            return self._image()
        if self.kind == "reasoningContent":
            blob = base64.b64encode(b"".join(map(base64.b64decode, self.texts)))
            return Thinking(redacted=parse_blob(blob.decode()))
        member = dict(self.start)
        if self.kind == "toolUse":
            member["input"] = arguments_of("".join(self.texts))
        else:
            member["content"] = self.items
        return Native(dialect=NAME, value={self.kind: member})

    def _image(self) -> Image | None:
        try:
            data = b"".join(base64.b64decode(text, validate=True) for text in self.texts)
        except binascii.Error as error:
            raise BadAnswer("the provider sent an image that cannot be read") from error
        media_type = IMAGES.get(self.start.get("format", ""), "image/png")
        source = Data(base64=base64.b64encode(data).decode(), media_type=media_type)
        return Image(source=source) if data else None


class Parser:
    """Reads events; nothing comes after a failure."""

    def __init__(self) -> None:
        self._splitter = frames.Splitter()
        self._kinds: dict[bytes, str] = {}
        """Raw headers → event type; a stream has but a handful of them."""
        self._parts: dict[int, int] = {}
        """contentBlockIndex → part."""
        self._wholes: dict[int, Whole] = {}
        self._count = 0
        self._begun = False
        self._ended = False
        self._failed = False

    def feed(self, data: bytes) -> list[AnyDelta]:
        """The deltas that `data` completes."""
        deltas: list[AnyDelta] = []
        if self._failed:
            return deltas
        try:
            for message in self._splitter.feed(data):
                self._message(message, deltas)
                if self._failed:
                    break
        except BadAnswer as error:
            self._fail(Failed(error=error.as_api_error()), deltas)
        except (KeyError, TypeError, ValueError, AttributeError):
            unreadable = BadAnswer("the provider sent an event that cannot be read")
            self._fail(Failed(error=unreadable.as_api_error()), deltas)
        return deltas

    def flush(self) -> list[AnyDelta]:
        """A stream that ended before `messageStop` has failed."""
        deltas: list[AnyDelta] = []
        if not self._failed and (not self._ended or self._splitter.pending):
            self._fail(Failed(error=CUT), deltas)
        return deltas

    def _fail(self, failure: Failed, deltas: list[AnyDelta]) -> None:
        self._failed = True
        self._begin(deltas)
        deltas.append(failure)

    def _begin(self, deltas: list[AnyDelta]) -> None:
        if not self._begun:
            self._begun = True
            deltas.append(Begin(id="", model=""))

    def _message(self, message: bytes, deltas: list[AnyDelta]) -> None:
        raw, payload = frames.open_message(message)
        kind = self._kinds.get(raw)
        if kind is None:
            headers = frames.parse_headers(raw)
            if headers.get(":message-type") in ("exception", "error"):
                self._fail(Failed(error=parse_exception(headers, payload)), deltas)
                return
            kind = str(headers.get(":event-type", ""))
            if len(self._kinds) < MAX_KNOWN_HEADERS:
                self._kinds[raw] = kind
        handle = HANDLERS.get(kind)
        if handle is not None:
            if not self._begun:
                self._begin(deltas)
            handle(self, orjson.loads(payload), deltas)

    def _part(self, index: int) -> int:
        part = self._parts.get(index)
        if part is None:
            part = self._parts[index] = self._new()
        return part

    def _new(self) -> int:
        self._count += 1
        return self._count - 1

    def _start(self, event: Json, deltas: list[AnyDelta]) -> None:
        index, start = event["contentBlockIndex"], event["start"]
        call = start.get("toolUse")
        if call is not None and "type" not in call:
            deltas.append(
                ToolCallBegin(
                    id=_string(call["toolUseId"]),
                    name=_string(call["name"]),
                    part=self._part(index),
                )
            )
            return
        kind = next((name for name in ("toolUse", "toolResult", "image") if name in start), None)
        if kind is not None:
            self._wholes[index] = Whole(kind, start[kind])

    def _delta(self, event: Json, deltas: list[AnyDelta]) -> None:
        index, delta = event["contentBlockIndex"], event["delta"]
        text = delta.get("text")
        if type(text) is str:
            deltas.append(TextDelta(text=text, part=self._part(index)))
        elif "reasoningContent" in delta:
            self._thought(index, delta["reasoningContent"], deltas)
        elif index in self._wholes:
            self._collect(self._wholes[index], delta)
        elif "toolUse" in delta:
            arguments = _string(delta["toolUse"]["input"])
            deltas.append(ArgumentsDelta(text=arguments, part=self._part(index)))
        elif "citation" in delta:
            _beside(unread(delta["citation"], CITATION, "citation."), deltas)
            citation = parse_citation(delta["citation"])
            deltas.append(CitationDelta(citation=citation, part=self._part(index)))

    def _thought(self, index: int, delta: Json, deltas: list[AnyDelta]) -> None:
        if "redactedContent" in delta:
            whole = self._wholes.setdefault(index, Whole("reasoningContent", {}))
            whole.texts.append(_string(delta["redactedContent"]))
            return
        if delta.get("text") is not None:
            deltas.append(ThinkingDelta(text=_string(delta["text"]), part=self._part(index)))
        if delta.get("signature"):
            signature = unseal(_string(delta["signature"]), FAMILY)
            deltas.append(SignatureDelta(signature=signature, part=self._part(index)))

    def _collect(self, whole: Whole, delta: Json) -> None:
        if "toolUse" in delta:
            whole.texts.append(delta["toolUse"]["input"])
        elif "toolResult" in delta:
            whole.items.extend(delta["toolResult"])
        elif "image" in delta:
            whole.texts.append(delta["image"].get("source", {}).get("bytes", ""))

    def _stop(self, event: Json, deltas: list[AnyDelta]) -> None:
        index = event["contentBlockIndex"]
        whole = self._wholes.pop(index, None)
        value = whole.value() if whole is not None else None
        if index in self._parts:
            deltas.append(PartEnd(part=self._parts[index]))
        if value is not None:
            part = self._new()
            deltas += (WholePart(value=value, part=part), PartEnd(part=part))

    def _end(self, event: Json, deltas: list[AnyDelta]) -> None:
        if self._ended:
            return
        self._ended = True
        _beside(unread(event, ENDING), deltas)
        fields = event.get("additionalModelResponseFields")
        native = native_stop(event.get("stopReason"))
        if fields is not None:
            native["additionalModelResponseFields"] = fields
        finish = parse_finish(event.get("stopReason"))
        deltas.append(End(finish=finish, stop_sequence=stop_sequence(fields), native=native))

    def _metadata(self, event: Json, deltas: list[AnyDelta]) -> None:
        native = {name: event[name] for name in OWN if event.get(name) is not None}
        _beside(unread(event, TOLD), deltas, native)
        usage = parse_usage(event.get("usage"))
        if usage is not None:
            deltas.append(Used(usage=usage, service_tier=tier_of(event)))

    def _nothing(self, event: Json, deltas: list[AnyDelta]) -> None:
        """`messageStart` only says that the answer begins."""


def _beside(names: list[str], deltas: list[AnyDelta], members: Json | None = None) -> None:
    if names or members:
        deltas.append(Beside(names=tuple(names), members=members or {}))


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


HANDLERS = {
    "messageStart": Parser._nothing,
    "contentBlockStart": Parser._start,
    "contentBlockDelta": Parser._delta,
    "contentBlockStop": Parser._stop,
    "messageStop": Parser._end,
    "metadata": Parser._metadata,
}
