"""One response of a realtime session, told event by event as OpenAI's clients expect it.

https://platform.openai.com/docs/api-reference/realtime-server-events/response (checked 2026-11)
"""

from collections.abc import Iterator, Mapping
from typing import Any

from providers.errors import BadAnswer
from providers.neutral.talks import Called
from providers.usage import Usage
from providers.wire.members import Json

MOST = 1_000_000
"""Characters of a response that are told again at its end; what is beyond is told once."""

MOST_ITEMS = 256
"""Of a response."""


def usage_of(usage: Usage | None) -> Json | None:
    """The counts of a response."""
    if usage is None:
        return None
    return {
        "total_tokens": usage.total,
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "input_token_details": {
            "text_tokens": usage.input - usage.audio_input,
            "audio_tokens": usage.audio_input,
            "image_tokens": 0,
            "cached_tokens": usage.cache_read,
        },
        "output_token_details": {
            "text_tokens": usage.output - usage.audio_output,
            "audio_tokens": usage.audio_output,
        },
    }


class Response:
    """From `response.created` to `response.done`; events without their ids."""

    def __init__(self, id: str, session: Json, metadata: Any = None) -> None:
        """`session`: as its client is shown it."""
        self.id = f"resp_{id}"
        self.muted = False
        """Whether its client has cancelled it, so that the rest is told to nobody."""
        self._session = session
        self._metadata = metadata
        self._output: list[Json] = []
        self._kind = ""
        """Of the part under way: `text`, `audio`, or none."""
        self._text = ""

    @property
    def speaks(self) -> bool:
        """Whether the part under way is sound."""
        return self._kind == "audio"

    def created(self) -> Json:
        """The first event."""
        return {"type": "response.created", "response": self._whole("in_progress", None, None)}

    def _whole(self, status: str, details: Json | None, usage: Json | None) -> Json:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": list(self._output) if status != "in_progress" else [],
            "conversation_id": self._session["id"].replace("sess_", "conv_"),
            "output_modalities": self._session["output_modalities"],
            "max_output_tokens": self._session["max_output_tokens"],
            "metadata": self._metadata,
            "usage": usage,
        }

    def written(self, text: str) -> Iterator[Json]:
        """A piece of text."""
        yield from self._part("text")
        self._grow(text)
        yield {"type": "response.output_text.delta", **self._place(), "delta": text}

    def voiced(self, data: str) -> Iterator[Json]:
        """A piece of sound."""
        yield from self._part("audio")
        yield {"type": "response.output_audio.delta", **self._place(), "delta": data}

    def narrated(self, text: str) -> Iterator[Json]:
        """A piece of what is said, in writing."""
        yield from self._part("audio")
        self._grow(text)
        yield {"type": "response.output_audio_transcript.delta", **self._place(), "delta": text}

    def called(self, call: Called) -> Iterator[Json]:
        """A call, whole."""
        yield from self.closed()
        item = {
            "id": f"item_{self.id[5:]}_{len(self._output)}",
            "object": "realtime.item",
            "type": "function_call",
            "status": "in_progress",
            "call_id": call.id,
            "name": call.name,
            "arguments": "",
        }
        yield from self._item(item)
        place = {**self._place(content=False), "call_id": call.id}
        kind = "response.function_call_arguments"
        yield {"type": f"{kind}.delta", **place, "delta": call.arguments}
        yield {"type": f"{kind}.done", **place, "name": call.name, "arguments": call.arguments}
        yield from self._ended({**item, "arguments": call.arguments, "status": "completed"})

    def closed(self, status: str = "completed") -> Iterator[Json]:
        """The part under way, and its item, are over."""
        if not self._kind:
            return
        place, part = self._place(), self._content()
        if self._kind == "text":
            yield {"type": "response.output_text.done", **place, "text": self._text}
        else:
            yield {"type": "response.output_audio.done", **place}
            yield {
                "type": "response.output_audio_transcript.done",
                **place,
                "transcript": self._text,
            }
        yield {"type": "response.content_part.done", **place, "part": part}
        content = [{**part, "type": f"output_{self._kind}"}]
        item = {**self._output[-1], "status": status, "content": content}
        self._kind = self._text = ""
        yield from self._ended(item)

    def done(self, status: str, details: Json | None, usage: Usage | None) -> Iterator[Json]:
        """The last events."""
        yield from self.closed("completed" if status == "completed" else "incomplete")
        whole = self._whole(status, details, usage_of(usage))
        yield {"type": "response.done", "response": whole}

    def _grow(self, text: str) -> None:
        if len(self._text) < MOST:
            self._text += text

    def _part(self, kind: str) -> Iterator[Json]:
        if self._kind == kind:
            return
        yield from self.closed()
        item = {
            "id": f"item_{self.id[5:]}_{len(self._output)}",
            "object": "realtime.item",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        yield from self._item(item)
        self._kind = kind
        yield {"type": "response.content_part.added", **self._place(), "part": self._content()}

    def _content(self) -> Json:
        name = "text" if self._kind == "text" else "transcript"
        return {"type": self._kind, name: self._text}

    def _item(self, item: Json) -> Iterator[Json]:
        if len(self._output) >= MOST_ITEMS:
            raise BadAnswer(f"the provider's answer has more than {MOST_ITEMS} items")
        self._output.append(item)
        yield {"type": "response.output_item.added", **self._at(), "item": item}
        yield {"type": "conversation.item.added", "item": item}

    def _ended(self, item: Json) -> Iterator[Json]:
        self._output[-1] = item
        yield {"type": "response.output_item.done", **self._at(), "item": item}
        yield {"type": "conversation.item.done", "item": item}

    def _at(self) -> Mapping[str, Any]:
        return {"response_id": self.id, "output_index": len(self._output) - 1}

    def _place(self, *, content: bool = True) -> Mapping[str, Any]:
        place = {**self._at(), "item_id": self._output[-1]["id"]}
        return {**place, "content_index": 0} if content else place
