"""A provider's Responses stream, from bytes to deltas.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Callable

import orjson

from providers.bridging.provider_members import unread
from providers.dialects.openai.answers import seconds
from providers.dialects.openai.responses.items import acts, call_id, logprobs_of, parse_item
from providers.dialects.openai.responses.media import parse_annotation
from providers.dialects.openai.responses.response import finish_of
from providers.dialects.openai.responses.thoughts import GAP, parse_thinking
from providers.dialects.openai.responses.told import READ
from providers.dialects.openai.responses.usage import usage_of
from providers.dialects.openai.signatures import parse_extra
from providers.errors import CUT, ApiError, BadAnswer
from providers.neutral.chat import Finish, Refusal, Thinking
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    Beside,
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
    pieces,
)
from providers.neutral.json_stream import BROKEN
from providers.neutral.logprobs import tokens_of
from providers.wire import sse
from providers.wire.compatible_errors import describe
from providers.wire.members import Json, dicts, string, whole


def data_of(event: bytes) -> tuple[bytes, bytes]:
    """(event name or b"", data) of a raw event; quick where it has OpenAI's two lines."""
    if event.startswith(b"event: "):
        at = event.find(b"\ndata: ")
        if at > 0 and event.endswith(b"\n\n") and event.count(b"\n") == 3:
            return event[7:at], event[at + 7 : -2]
    return sse.parse(event)


class Item:
    """An output item that is still being told."""

    __slots__ = ("arguments", "item", "parts", "said", "summary")

    def __init__(self, item: Json) -> None:
        self.item = item
        self.parts: dict[int, int] = {}
        """Content index → part; a call or a thought has one part, at 0."""
        self.said: set[int] = set()
        """Parts of which words were told."""
        self.summary: tuple[str, int] | None = None
        """Which words of a thought are told, and the index of their latest piece."""
        self.arguments = False
        """True once arguments were told."""


class ResponsesParser:
    """A provider's stream, from bytes to deltas."""

    def __init__(self) -> None:
        self._splitter = sse.Splitter()
        self._out: list[AnyDelta] = []
        self._items: dict[int, Item] = {}
        self._done: set[int] = set()
        self._ids: set[str] = set()
        self._parts = 0
        self._acts = False
        self._refused = False
        self._begun = False
        self._ended = False

    def feed(self, data: bytes) -> list[AnyDelta]:
        """The deltas that `data` completes."""
        out = self._out = []
        if self._ended:
            return out
        try:
            for event in self._splitter.feed(data):
                self._event(event)
        except BadAnswer as error:
            self._fail(error.as_api_error())
        return out

    def flush(self) -> list[AnyDelta]:
        """At the end of the stream; a stream that ended before its time yields `Failed`."""
        out = self._out = []
        rest = self._splitter.flush()
        if rest and not self._ended:
            self._event(rest, cut=True)
        if not self._ended:
            self._fail(CUT)
        return out

    def _fail(self, error: ApiError) -> None:
        self._ended = True
        self._out.append(Failed(error=error))

    def _event(self, raw: bytes, cut: bool = False) -> None:
        name, data = data_of(raw)
        if self._ended or not data or data == b"[DONE]":
            if raw.startswith(b":") and not self._ended:
                self._out.append(Ping())
            return
        try:
            event = orjson.loads(data)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            if not cut:
                self._fail(BROKEN)
            return
        kind = event.get("type") or name.decode("utf-8", "replace")
        handler = HANDLERS.get(kind) if isinstance(kind, str) else None
        if handler is not None:
            event["type"] = kind
            handler(self, event)
        elif kind == "error" or event.get("error"):
            self._fail(describe(event, None))

    def _begin(self, event: Json) -> None:
        response = event.get("response")
        if self._begun or not isinstance(response, dict):
            return
        self._begun = True
        self._out.append(
            Begin(
                id=string(response.get("id")),
                model=string(response.get("model")),
                created=seconds(response.get("created_at")),
                service_tier=string(response.get("service_tier")) or None,
            )
        )

    def _new(self) -> int:
        if not self._begun:
            self._begin({"response": {}})
        self._parts += 1
        return self._parts - 1

    def _item(self, event: Json) -> Item:
        at = whole(event.get("output_index")) or 0
        found = self._items.get(at)
        if found is None:
            found = self._items[at] = Item({})
        return found

    def _part(self, item: Item, event: Json) -> int:
        at = whole(event.get("content_index")) or 0
        part = item.parts.get(at)
        if part is None:
            part = item.parts[at] = self._new()
        return part

    def _added(self, event: Json) -> None:
        item = event.get("item")
        if not isinstance(item, dict):
            return
        at = whole(event.get("output_index")) or 0
        entry = self._items[at] = Item(item)
        self._done.discard(at)  # some servers number all items 0
        self._ids.add(string(item.get("id")))
        if item.get("type") == "function_call":
            self._call(entry, at)

    def _call(self, entry: Item, at: int) -> None:
        part, self._acts = self._new(), True
        entry.parts[0] = part
        item = entry.item
        begin = ToolCallBegin(
            id=call_id(item, at),
            name=string(item.get("name")),
            namespace=string(item.get("namespace")),
            part=part,
            signature=parse_extra(item),
        )
        self._out.append(begin)
        self._tell_arguments(entry, string(item.get("arguments")))

    def _tell_arguments(self, entry: Item, text: str) -> None:
        if text and 0 in entry.parts:
            entry.arguments = True
            self._out.append(ArgumentsDelta(text=text, part=entry.parts[0]))

    def _text(self, event: Json) -> None:
        item = self._item(event)
        part, text = self._part(item, event), string(event.get("delta"))
        item.said.add(part)
        likely = tokens_of({"content": event["logprobs"]}) if event.get("logprobs") else None
        logprobs = {"content": likely} if likely else None
        self._out.append(TextDelta(text=text, part=part, logprobs=logprobs))

    def _text_done(self, event: Json) -> None:
        item = self._item(event)
        part = self._part(item, event)
        if part not in item.said:
            item.said.add(part)
            self._out.append(TextDelta(text=string(event.get("text")), part=part))

    def _annotation(self, event: Json) -> None:
        annotation = event.get("annotation")
        if not isinstance(annotation, dict):
            return
        item = self._item(event)
        part = self._part(item, event)
        if part not in item.said:
            item.said.add(part)
            self._out.append(TextDelta(text="", part=part))
        self._out.append(CitationDelta(citation=parse_annotation(annotation), part=part))

    def _refusal(self, event: Json) -> None:
        item = self._item(event)
        part = self._part(item, event)
        item.said.add(part)
        self._refused = True
        self._out.append(RefusalDelta(text=string(event.get("delta")), part=part))

    def _refusal_done(self, event: Json) -> None:
        item = self._item(event)
        if self._part(item, event) not in item.said:
            self._refusal({**event, "delta": event.get("refusal")})

    def _arguments(self, event: Json) -> None:
        self._tell_arguments(self._item(event), string(event.get("delta")))

    def _arguments_done(self, event: Json) -> None:
        item = self._item(event)
        if not item.arguments:
            self._tell_arguments(item, string(event.get("arguments")))

    def _summary(self, event: Json) -> None:
        self._think("summary", whole(event.get("summary_index")) or 0, event)

    def _reasoning(self, event: Json) -> None:
        self._think("content", whole(event.get("content_index")) or 0, event)

    def _think(self, words: str, index: int, event: Json) -> None:
        """Either the summary or the content is told, whichever comes first."""
        item = self._item(event)
        if item.summary is None:
            item.parts.setdefault(0, self._new())
        elif item.summary[0] != words:
            return
        gap = GAP if item.summary is not None and item.summary[1] != index else ""
        item.summary = (words, index)
        text = gap + string(event.get("delta"))
        self._out.append(ThinkingDelta(text=text, part=item.parts[0]))

    def _item_done(self, event: Json) -> None:
        value, at = event.get("item"), whole(event.get("output_index")) or 0
        if not isinstance(value, dict) or at in self._done:
            return
        self._done.add(at)
        entry = self._items.get(at)
        if entry is None or not entry.parts:
            self._whole_item(value, at)
            return
        if value.get("type") == "reasoning":
            self._sign(parse_thinking(value), entry.parts[0])
        elif value.get("type") == "function_call":
            if not entry.arguments:
                self._tell_arguments(entry, string(value.get("arguments")) or "{}")
            if parse_extra(entry.item) is None:
                self._sign(Thinking(signature=parse_extra(value)), entry.parts[0])
        self._out.extend(PartEnd(part=part) for part in entry.parts.values())

    def _sign(self, thinking: Thinking, part: int) -> None:
        signature = thinking.signature or thinking.redacted
        if signature is not None:
            self._out.append(SignatureDelta(signature=signature, part=part))

    def _whole_item(self, item: Json, at: int) -> None:
        """An item that was not told piece by piece."""
        likely = logprobs_of(item)
        for part in parse_item(item, at):
            number = self._new()
            self._acts = self._acts or acts(part)
            self._refused = self._refused or isinstance(part, Refusal)
            self._out.extend(pieces(part, number, 0, {"content": likely} if likely else None))
            self._out.append(PartEnd(part=number))
            likely = []

    def _end(self, event: Json) -> None:
        self._begin(event)
        response = event.get("response")
        response = response if isinstance(response, dict) else {}
        for at, item in enumerate(dicts(response.get("output"))):
            told = string(item.get("id")) in self._ids and at not in self._items
            if at not in self._done and not told:
                self._item_done({"output_index": at, "item": item})
        names = unread(response, READ)
        if names:
            self._out.append(Beside(names=tuple(names)))
        usage = usage_of(response)
        if usage is not None:
            tier = string(response.get("service_tier")) or None
            self._out.append(Used(usage=usage, service_tier=tier))
        finish = finish_of({**ENDINGS[event["type"]], **response}, self._acts, self._refused)
        if finish is Finish.ERROR:
            self._fail(describe(event, None))
            return
        self._ended = True
        self._out.append(End(finish=finish))


ENDINGS = {
    "response.completed": {"status": "completed"},
    "response.done": {"status": "completed"},
    "response.incomplete": {"status": "incomplete"},
    "response.failed": {"status": "failed"},
    "response.cancelled": {"status": "cancelled"},
}
"""What the event says of the answer, where the answer itself does not."""

HANDLERS: dict[str, Callable[[ResponsesParser, Json], None]] = {
    "response.created": ResponsesParser._begin,
    "response.queued": ResponsesParser._begin,
    "response.in_progress": ResponsesParser._begin,
    "response.output_item.added": ResponsesParser._added,
    "response.output_item.done": ResponsesParser._item_done,
    "response.output_text.delta": ResponsesParser._text,
    "response.output_text.done": ResponsesParser._text_done,
    "response.output_text.annotation.added": ResponsesParser._annotation,
    "response.refusal.delta": ResponsesParser._refusal,
    "response.refusal.done": ResponsesParser._refusal_done,
    "response.function_call_arguments.delta": ResponsesParser._arguments,
    "response.function_call_arguments.done": ResponsesParser._arguments_done,
    "response.reasoning_summary_text.delta": ResponsesParser._summary,
    "response.reasoning_text.delta": ResponsesParser._reasoning,
    **dict.fromkeys(ENDINGS, ResponsesParser._end),
}
