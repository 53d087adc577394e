"""Output items while a client is told of them, event by event.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from typing import Any

import orjson

from providers.dialects.openai.citations import placed, tells
from providers.dialects.openai.responses.items import call_item, content_of, message_item
from providers.dialects.openai.responses.media import NAME, render_annotation
from providers.dialects.openai.responses.thoughts import MADE, render_thinking
from providers.dialects.openai.searches import CALL
from providers.neutral.chat import Citation, Refusal, Signature, Text, Thinking, ToolCall
from providers.neutral.deltas import ToolCallBegin
from providers.wire.members import Json, string


class Events:
    """Writes events and numbers them."""

    def __init__(self) -> None:
        self.number = 0
        self._out: list[bytes] = []

    def add(self, kind: str, **members: Any) -> None:
        """One event."""
        event = {"type": kind, "sequence_number": self.number, **members}
        self._out.append(b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(event)))
        self.number += 1

    def text(self, head: bytes, text: str) -> None:
        """One event whose beginning is prepared, up to its text."""
        self._out.append(
            b'%b%b,"sequence_number":%d}\n\n' % (head, orjson.dumps(text), self.number)
        )
        self.number += 1

    def custom_call(self, item: Json, index: int) -> None:
        """A custom tool's call, whose input comes in one piece."""
        words = string(item.get("input"))
        place = {"item_id": string(item.get("id")), "output_index": index}
        self.add("response.output_item.added", output_index=index, item={**item, "input": ""})
        kind = "response.custom_tool_call_input"
        self.add(f"{kind}.delta", **place, delta=words)
        self.add(f"{kind}.done", **place, input=words)

    def searched(self, item: Json, index: int) -> None:
        """A search of the web that was made."""
        place = {"item_id": string(item.get("id")), "output_index": index}
        begun = {**item, "status": "in_progress"}
        self.add("response.output_item.added", output_index=index, item=begun)
        for stage in ("in_progress", "searching", "completed"):
            self.add(f"response.{CALL}.{stage}", **place)

    def comment(self) -> None:
        """Keeps the connection alive."""
        self._out.append(b": ping\n\n")

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._out)
        self._out.clear()
        return data


class Content:
    """A content part of a message, while it is told."""

    def __init__(self, events: Events, id: str, index: int, at: int, refusal: bool) -> None:
        self._events = events
        self._place = {"item_id": id, "output_index": index, "content_index": at}
        self._kind = "refusal" if refusal else "output_text"
        self._words: list[str] = []
        self._likely: list[Json] = []
        self._citations: list[Citation] = []
        self.signature: Signature | None = None
        self.head = self._head()
        events.add("response.content_part.added", **self._place, part=self._part(""))

    def _head(self) -> bytes:
        kind = f"response.{self._kind}.delta"
        event: Json = {"type": kind, **self._place}
        if self._kind == "output_text":
            event["logprobs"] = []
        return b'event: %b\ndata: %b,"delta":' % (kind.encode(), orjson.dumps(event)[:-1])

    def _part(self, words: str) -> Json:
        if self._kind == "refusal":
            return content_of(Refusal(text=words), [])
        citations = tuple(self._citations)
        text = Text(text=words, citations=citations, signature=self.signature)
        return content_of(text, self._likely)

    def say(self, text: str) -> None:
        """More words."""
        if text:
            self._words.append(text)
            self._events.text(self.head, text)

    def say_likely(self, text: str, likely: list[Json]) -> None:
        """More words, with their log probabilities."""
        self._words.append(text)
        self._likely += likely
        kind = f"response.{self._kind}.delta"
        self._events.add(kind, **self._place, delta=text, logprobs=likely)

    def cite(self, citation: Citation) -> None:
        """A citation of the words."""
        if not tells(citation, NAME):
            return
        cited = placed(citation, sum(map(len, self._words)))
        self._events.add(
            "response.output_text.annotation.added",
            **self._place,
            annotation_index=len(self._citations),
            annotation=render_annotation(cited),
        )
        self._citations.append(cited)

    def close(self) -> Json:
        """The part as it stands in the final answer."""
        words = "".join(self._words)
        if self._kind == "refusal":
            self._events.add("response.refusal.done", **self._place, refusal=words)
        else:
            self._events.add(
                "response.output_text.done", **self._place, text=words, logprobs=self._likely
            )
        part = self._part(words)
        self._events.add("response.content_part.done", **self._place, part=part)
        return part


class MessageItem:
    """What the assistant says, while it is told: one content part for each text."""

    def __init__(self, events: Events, id: str, index: int) -> None:
        self._events = events
        self._id, self._index = f"msg_{id}", index
        self._contents: list[Json] = []
        self.open: Content | None = None
        self.part = -1
        added = message_item(self._id, [], "in_progress")
        events.add("response.output_item.added", output_index=index, item=added)

    def content(self, part: int, refusal: bool) -> Content:
        """The content for a part; another one is closed."""
        if self.open is None or self.part != part:
            self.close_content()
            at = len(self._contents)
            self.open = Content(self._events, self._id, self._index, at, refusal)
            self.part = part
        return self.open

    def close_content(self) -> None:
        """Ends the running content part."""
        if self.open is not None:
            self._contents.append(self.open.close())
            self.open = None

    def close(self, status: str) -> Json:
        """The item as it stands in the final answer."""
        self.close_content()
        return message_item(self._id, self._contents, status)


class CallItem:
    """A function call, while it is told."""

    def __init__(self, events: Events, id: str, index: int, begin: ToolCallBegin) -> None:
        self._events = events
        self._id = f"fc_{id}"
        self._place = {"item_id": self._id, "output_index": index}
        self._call = begin
        self._pieces: list[str] = []
        self.signature = begin.signature
        item = self._item("", "in_progress")
        events.add("response.output_item.added", output_index=index, item=item)
        kind = "response.function_call_arguments.delta"
        head = orjson.dumps({"type": kind, **self._place})[:-1]
        self._head = b'event: %b\ndata: %b,"delta":' % (kind.encode(), head)

    def _item(self, arguments: str, status: str) -> Json:
        call = ToolCall(
            id=self._call.id,
            name=self._call.name,
            namespace=self._call.namespace,
            arguments=arguments,
            signature=self.signature,
        )
        return call_item(self._id, call, status)

    def say(self, text: str) -> None:
        """More of the arguments."""
        if text:
            self._pieces.append(text)
            self._events.text(self._head, text)

    def close(self, status: str) -> Json:
        """The item as it stands in the final answer."""
        if not self._pieces:
            self.say("{}")
        arguments = "".join(self._pieces)
        kind = "response.function_call_arguments.done"
        self._events.add(kind, **self._place, arguments=arguments)
        return self._item(arguments, status)


class ThoughtItem:
    """A thought, while its summary is told."""

    def __init__(self, events: Events, id: str, index: int) -> None:
        self._events = events
        self._id = f"{MADE}{id}"
        self._place = {"item_id": self._id, "output_index": index, "summary_index": 0}
        self._words: list[str] = []
        self.signature: Signature | None = None
        item = {"id": self._id, "type": "reasoning", "summary": []}
        events.add("response.output_item.added", output_index=index, item=item)
        part = {"type": "summary_text", "text": ""}
        events.add("response.reasoning_summary_part.added", **self._place, part=part)
        kind = "response.reasoning_summary_text.delta"
        head = orjson.dumps({"type": kind, **self._place})[:-1]
        self._head = b'event: %b\ndata: %b,"delta":' % (kind.encode(), head)

    def say(self, text: str) -> None:
        """More of the summary."""
        if text:
            self._words.append(text)
            self._events.text(self._head, text)

    def close(self, status: str) -> Json:
        """The item as it stands in the final answer, under the id that it began with."""
        text = "".join(self._words)
        self._events.add("response.reasoning_summary_text.done", **self._place, text=text)
        part = {"type": "summary_text", "text": text}
        self._events.add("response.reasoning_summary_part.done", **self._place, part=part)
        item = render_thinking(Thinking(text=text, signature=self.signature), self._id)
        if item["id"] != self._id:
            item = render_thinking(Thinking(text=text), self._id)
        return item
