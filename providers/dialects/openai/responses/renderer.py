"""A client's Responses stream, from deltas to bytes.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Callable
from typing import Any

from providers.bridging.dialect import Context
from providers.dialects.openai.responses.items import render_logprobs, spoken, whole_item
from providers.dialects.openai.responses.kept import holder, refers
from providers.dialects.openai.responses.response import ending, envelope, usage_member
from providers.dialects.openai.responses.telling import (
    CallItem,
    Content,
    Events,
    MessageItem,
    ThoughtItem,
)
from providers.dialects.openai.searches import CALL
from providers.errors import ApiError
from providers.neutral.carriers import of_next
from providers.neutral.chat import Finish, Refusal, Signature, Text, Thinking, ToolCall
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
from providers.usage import Usage
from providers.wire.members import Json

OpenItem = MessageItem | CallItem | ThoughtItem


class ResponsesRenderer:
    """A client's stream, from deltas to bytes; of several choices the first."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._events = Events()
        self._envelope: Json = {}
        self._open: dict[int, tuple[int, OpenItem]] = {}
        """Part → (output index, its item); all texts of a message have the same."""
        self._output: dict[int, Json] = {}
        self._items = 0
        self._plain: Content | None = None
        self._plain_part = -1
        self._finish: Finish | None = None
        self._refused = False
        self._usage: Usage | None = None
        self._tier: str | None = None
        self._over = False

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that say `deltas`."""
        for delta in deltas:
            if (
                type(delta) is TextDelta
                and delta.part == self._plain_part
                and self._plain is not None
                and delta.choice == 0
                and delta.logprobs is None
            ):
                self._plain.say(delta.text)
            elif not self._over and getattr(delta, "choice", 0) == 0:
                handler = HANDLERS.get(type(delta))
                if handler is not None:
                    handler(self, delta)
        return self._events.take()

    def flush(self) -> bytes:
        """What closes the stream: the whole answer."""
        if not self._over:
            self._close_all("completed")
            self._last(self._finish or Finish.STOP)
        return self._events.take()

    def _last(self, finish: Finish, error: ApiError | None = None) -> None:
        self._start()
        self._over = True
        if finish is not Finish.ERROR and refers(self._context):
            self._hold()
        created = int(self._envelope["created_at"])
        now = max(created, self._context.now)
        response = {**self._envelope, **ending(finish, self._refused, now, error)}
        response["output"] = [self._output[index] for index in sorted(self._output)]
        response["usage"] = usage_member(self._usage)
        response["service_tier"] = self._tier
        self._events.add(f"response.{response['status']}", response=response)

    def _hold(self) -> None:
        held = holder(self._output[index] for index in sorted(self._output))
        if held is not None:
            _, index = self._next()
            self._events.add("response.output_item.added", output_index=index, item=held)
            self._finish_item(index, held)

    def _begin(self, delta: Begin) -> None:
        self._usage = delta.usage or self._usage
        self._tier = delta.service_tier or self._tier
        if self._envelope:
            return
        context = self._context
        begun = envelope(
            delta.id or context.id, delta.model or context.model, delta.created or context.now
        )
        self._envelope = {**begun, **context.echo}
        self._events.add("response.created", response=self._envelope)
        self._events.add("response.in_progress", response=self._envelope)

    def _start(self) -> None:
        """A stream that was never begun begins now."""
        if not self._envelope:
            self._begin(Begin(id="", model=""))

    def _next(self) -> tuple[str, int]:
        """(unique part of the id, output index) of a new item."""
        self._start()
        index = self._items
        self._items += 1
        return f"{self._envelope['id']}_{index}", index

    def _close(self, part: int, status: str = "completed") -> None:
        index, item = self._open.pop(part)
        for other in [each for each, (at, _) in self._open.items() if at == index]:
            del self._open[other]
        self._finish_item(index, item.close(status))
        self._plain, self._plain_part = None, -1

    def _finish_item(self, index: int, item: Json) -> None:
        self._output[index] = item
        self._events.add("response.output_item.done", output_index=index, item=item)

    def _close_all(self, status: str) -> None:
        while self._open:
            part = next(iter(self._open))
            last = self._open[part][0] == self._items - 1
            self._close(part, status if last else "completed")

    def _settle(self) -> None:
        """Ends words and thoughts before another item begins; calls may be told side by side."""
        for part in [*self._open]:
            if part in self._open and not isinstance(self._open[part][1], CallItem):
                self._close(part)

    def _content(self, part: int, refusal: bool) -> Content:
        message = self._message(part)
        content = message.content(part, refusal)
        self._plain, self._plain_part = (None, -1) if refusal else (content, part)
        return content

    def _message(self, part: int) -> MessageItem:
        known = self._open.get(part)
        if known is not None and isinstance(known[1], MessageItem):
            return known[1]
        for index, item in self._open.values():
            if isinstance(item, MessageItem) and index == self._items - 1:
                self._open[part] = (index, item)
                return item
        self._settle()
        id, index = self._next()
        message = MessageItem(self._events, id, index)
        self._open[part] = (index, message)
        return message

    def _text(self, delta: TextDelta) -> None:
        content = self._content(delta.part, refusal=False)
        if delta.logprobs is None:
            content.say(delta.text)
        else:
            content.say_likely(delta.text, render_logprobs(delta.logprobs))

    def _refusal(self, delta: RefusalDelta) -> None:
        self._refused = True
        self._content(delta.part, refusal=True).say(delta.text)

    def _citation(self, delta: CitationDelta) -> None:
        self._content(delta.part, refusal=False).cite(delta.citation)

    def _thought(self, part: int) -> ThoughtItem:
        known = self._open.get(part)
        if known is not None and isinstance(known[1], ThoughtItem):
            return known[1]
        self._settle()
        id, index = self._next()
        thought = ThoughtItem(self._events, id, index)
        self._open[part] = (index, thought)
        return thought

    def _thinking(self, delta: ThinkingDelta) -> None:
        self._thought(delta.part).say(delta.text)

    def _signature(self, delta: SignatureDelta) -> None:
        known = self._open.get(delta.part)
        if known is None:
            self._thought(delta.part).signature = delta.signature
        elif isinstance(known[1], MessageItem):
            self._content(delta.part, refusal=False).signature = delta.signature
        else:
            known[1].signature = delta.signature

    def _announce(self, signature: Signature) -> None:
        """Says a call's signature in the thought before it."""
        for _, item in self._open.values():
            if isinstance(item, ThoughtItem) and item.signature is None:
                item.signature = of_next(signature)
                return
        self._whole(WholePart(value=Thinking(redacted=of_next(signature)), part=-1))

    def _call(self, delta: ToolCallBegin) -> None:
        if delta.signature is not None:
            self._announce(delta.signature)
        self._settle()
        id, index = self._next()
        self._open[delta.part] = (index, CallItem(self._events, id, index, delta))

    def _arguments(self, delta: ArgumentsDelta) -> None:
        known = self._open.get(delta.part)
        if known is not None and isinstance(known[1], CallItem):
            known[1].say(delta.text)

    def _whole(self, delta: WholePart) -> None:
        part = spoken(delta.value)
        if isinstance(part, Text | Refusal | ToolCall) or (
            isinstance(part, Thinking) and part.redacted is None
        ):
            for piece in (*pieces(part, delta.part), PartEnd(part=delta.part)):
                HANDLERS[type(piece)](self, piece)
            return
        item = whole_item(part, f"{self._envelope.get('id', self._context.id)}_{self._items}")
        if item is None:
            return
        self._settle()
        _, index = self._next()
        if item.get("type") == "custom_tool_call":
            self._events.custom_call(item, index)
        elif item.get("type") == CALL:
            self._events.searched(item, index)
        else:
            self._events.add("response.output_item.added", output_index=index, item=item)
        self._finish_item(index, item)

    def _audio(self, delta: AudioDelta) -> None:
        if delta.transcript:
            self._content(delta.part, refusal=False).say(delta.transcript)

    def _part_end(self, delta: PartEnd) -> None:
        known = self._open.get(delta.part)
        if known is None:
            return
        if not isinstance(known[1], MessageItem):
            self._close(delta.part)
        elif known[1].part == delta.part:
            # The next text belongs to the same message.
            known[1].close_content()
            self._plain, self._plain_part = None, -1

    def _end(self, delta: End) -> None:
        self._start()
        self._finish = delta.finish
        self._close_all("incomplete" if delta.finish is Finish.LENGTH else "completed")

    def _used(self, delta: Used) -> None:
        self._usage = delta.usage
        self._tier = delta.service_tier or self._tier

    def _ping(self, delta: Ping) -> None:
        self._events.comment()

    def _fail(self, delta: Failed) -> None:
        self._close_all("incomplete")
        self._last(Finish.ERROR, delta.error)


HANDLERS: dict[type, Callable[[ResponsesRenderer, Any], None]] = {
    Begin: ResponsesRenderer._begin,
    TextDelta: ResponsesRenderer._text,
    CitationDelta: ResponsesRenderer._citation,
    ThinkingDelta: ResponsesRenderer._thinking,
    SignatureDelta: ResponsesRenderer._signature,
    RefusalDelta: ResponsesRenderer._refusal,
    ToolCallBegin: ResponsesRenderer._call,
    ArgumentsDelta: ResponsesRenderer._arguments,
    WholePart: ResponsesRenderer._whole,
    AudioDelta: ResponsesRenderer._audio,
    PartEnd: ResponsesRenderer._part_end,
    End: ResponsesRenderer._end,
    Used: ResponsesRenderer._used,
    Ping: ResponsesRenderer._ping,
    Failed: ResponsesRenderer._fail,
}
