"""A client of OpenAI's realtime sessions, before a provider of another family.

https://platform.openai.com/docs/api-reference/realtime-client-events,
https://platform.openai.com/docs/api-reference/realtime-server-events (checked 2026-11)
"""

from collections.abc import Generator, Iterable, Iterator
from typing import Any

from providers.bridging.interpreting import Farewell, Opened
from providers.dialects.openai import realtime_items as items
from providers.dialects.openai.realtime_answer import Response
from providers.dialects.openai.realtime_formats import Speech, heard, law_of
from providers.dialects.openai.realtime_setting import Wish, first, updated
from providers.dialects.openai.realtime_sound import UserSound
from providers.errors import ApiError, Cause, GatewayError, InvalidRequest, Unsupported
from providers.neutral.talks import (
    RATE,
    Act,
    Answer,
    Begin,
    Called,
    Calls,
    Done,
    Event,
    Failed,
    Generated,
    Hush,
    Interrupted,
    Leaving,
    Narrated,
    Noticed,
    Overheard,
    Pause,
    Ready,
    Recalled,
    Result,
    Said,
    Speak,
    Voiced,
    Written,
)
from providers.wire import members
from providers.wire.compatible_errors import error_body
from providers.wire.members import Json
from providers.wire.websocket import TEXT

DROPPED = "x_ai_dropped_params"
"""In `session.updated`: what of the setting nobody follows."""
MOST_CALLS = 128
"""Calls that may wait for their results."""
MOST_REFUSED = 1000
"""Events that are refused before the session is ended."""
NORMAL = (1000, 1001)


class RealtimeClient:
    """One session: what its client has said, and what it was told."""

    opcode = TEXT

    def __init__(self, opened: Opened) -> None:
        self._id = opened.id
        self._number = 0
        self._wish = first(opened.model, opened.id)
        self._begun = False
        self._last_item: str | None = None
        self._behind: str | None = None
        """The item before the last."""
        self._response: Response | None = None
        self._speech = Speech(None)
        """What is said in it."""
        self._calls: dict[str, str] = {}
        """Calls whose results are waited for → the function's name."""
        self._told_of: dict[str, str] = {}
        """The same of calls that the client has put into the conversation."""
        self._results: list[Result] = []
        self._sound = UserSound(self._new_item)
        self._speaking = False
        """Whether the provider knows that the client's user speaks, as the client says."""
        self._refused = 0

    # What the client says.

    def read(self, message: Json) -> Generator[Act | Said]:
        """As ClientSide."""
        match message.get("type"):
            case "session.update":
                yield from self._update(message)
            case "conversation.item.create":
                yield from self._create(message)
            case "response.create":
                yield from self._respond(message)
            case "response.cancel":
                yield from self._cancel(message.get("response_id"))
            case "input_audio_buffer.append":
                yield from self._append(message)
            case "input_audio_buffer.commit":
                yield from self._commit()
            case "input_audio_buffer.clear":
                yield from self._clear()
            case kind:
                raise Unsupported(f"{kind} cannot be carried to the provider", param="type")

    def _said(self, event: Json) -> Said:
        return Said(self._numbered(event))

    def _numbered(self, event: Json) -> Json:
        self._number += 1
        match event["type"]:
            case "input_audio_buffer.committed":
                event = {**event, "previous_item_id": self._last_item}
            case "conversation.item.added":
                self._behind, self._last_item = self._last_item, event["item"]["id"]
                event = {**event, "previous_item_id": self._behind}
            case "conversation.item.done" if event["item"]["id"] == self._last_item:
                event = {**event, "previous_item_id": self._behind}
        return {"event_id": f"event_{self._id}_{self._number}", **event}

    def greeting(self) -> Iterator[Json]:
        """As ClientSide."""
        yield self._numbered({"type": "session.created", "session": self._wish.session})

    def _begin(self, wish: Wish | None = None) -> Iterator[Act]:
        """The first act, unless it was; what cannot be carried has not begun."""
        if self._begun:
            return
        before = self._wish
        self._begun, self._wish = True, wish or before
        try:
            yield Begin(self._wish.setting)
        except GeneratorExit:
            self._begun, self._wish = False, before
            raise

    def _update(self, message: Json) -> Iterator[Act | Said]:
        wish = updated(self._wish, members.required_mapping(message, "session"))
        if self._begun and wish.setting != self._wish.setting:
            told = f"the provider takes no other {_changed(self._wish, wish)} in this session"
            raise Unsupported(told, param="session")
        yield from self._begin(wish)
        self._wish = wish
        event: Json = {"type": "session.updated", "session": wish.session}
        if wish.dropped:
            event[DROPPED] = list(wish.dropped)
        yield self._said(event)

    def _create(self, message: Json) -> Iterator[Act | Said]:
        item = members.required_mapping(message, "item")
        behind = message.get("previous_item_id")
        if behind is not None and behind != self._last_item:
            raise Unsupported(
                "items are added at the end of the conversation", param="previous_item_id"
            )
        if item.get("role") == "system" and not self._begun:
            self._instruct(items.instructions_of(item))
        else:
            act = self._item(item)
            yield from self._begin()
            if isinstance(act, Result) and act.asked:
                self._results.append(act)
            else:
                yield act
        shown = items.shown(item, members.text(item, "id", "item.") or self._new_item())
        hints = items.hints(item)
        more = {DROPPED: hints} if hints else {}
        yield self._said({"type": "conversation.item.added", "item": shown, **more})
        yield self._said({"type": "conversation.item.done", "item": shown})

    def _instruct(self, text: str) -> None:
        """A system's message, before the session has begun."""
        whole = "\n\n".join(filter(None, (self._wish.setting.instructions, text)))
        self._wish = updated(self._wish, {"instructions": whole})

    def _item(self, item: Json) -> Any:
        kind = item.get("type", "message")
        if kind == "message":
            return items.message_of(item, law_of(self._wish.session, "input"))
        if kind == "function_call":
            id = members.required_text(item, "call_id", "item.")
            name = members.required_text(item, "name", "item.")
            self._most(self._told_of)
            self._told_of[id] = name
            return Called(id, name, members.text(item, "arguments", "item.") or "{}")
        if kind == "function_call_output":
            return self._result(item)
        raise Unsupported(f"items of the type {kind} cannot be carried", param="item.type")

    def _most(self, calls: dict[str, str]) -> None:
        if len(calls) >= MOST_CALLS:
            raise Unsupported(f"more than {MOST_CALLS} calls without a result", param="item")

    def _result(self, item: Json) -> Result:
        id = members.required_text(item, "call_id", "item.")
        output = members.required_text(item, "output", "item.")
        if id in self._calls:
            return Result(id, self._calls.pop(id), output)
        if id in self._told_of:
            return Result(id, self._told_of.pop(id), output, asked=False)
        raise InvalidRequest(f"nobody waits for a result of {id}", param="item.call_id")

    def _respond(self, message: Json) -> Iterator[Act | Said]:
        wanted = members.mapping(message, "response") or {}
        for name, value in wanted.items():
            self._own(name, value)
        if self._response is not None and not self._response.muted:
            raise InvalidRequest(
                "Conversation already has an active response",
                code="conversation_already_has_active_response",
            )
        yield from self._begin()
        created = self._new_response(members.mapping(wanted, "metadata", "response."))
        results, self._results = tuple(self._results), []
        if results:
            yield Answer(results)
        elif self._speaking:
            self._speaking = False
            yield Hush()
        else:
            yield Answer()
        yield self._said(created)

    def _new_response(self, metadata: Any = None) -> Json:
        self._response = Response(self._next(), self._wish.session, metadata)
        self._speech = Speech(law_of(self._wish.session, "output"))
        return self._response.created()

    def _own(self, name: str, value: Any) -> None:
        """Refuses what holds for one response alone."""
        same = value == self._wish.session.get(name)
        if same or value is None or name == "metadata" or (name, value) == ("conversation", "auto"):
            return
        raise Unsupported(
            f"the provider takes {name} for a whole session alone", param=f"response.{name}"
        )

    def _cancel(self, id: Any) -> Iterator[Said]:
        response = self._response
        if response is None or response.muted or id not in (None, response.id):
            raise InvalidRequest(
                "Cancellation failed: no active response found", code="response_cancel_not_active"
            )
        details = {"type": "cancelled", "reason": "client_cancelled"}
        yield from map(self._said, response.done("cancelled", details, None))
        response.muted = True

    def _append(self, message: Json) -> Iterator[Act]:
        sound = heard(items.sound(message), law_of(self._wish.session, "input"), "audio")
        yield from self._begin()
        if self._wish.setting.detection is None and not self._speaking:
            self._speaking = True
            yield Speak()
        yield sound
        self._sound.appended(items.samples(sound.data) * RATE // sound.rate)

    def _commit(self) -> Iterator[Act | Said]:
        events = self._sound.committed()
        if self._wish.setting.detection is not None:
            yield Pause()
        yield from map(self._said, events)

    def _clear(self) -> Iterator[Said]:
        if self._sound.fresh:
            raise Unsupported("what was appended has gone to the provider already", param="type")
        yield self._said({"type": "input_audio_buffer.cleared"})

    def refused(self, error: GatewayError, message: Json) -> Iterator[Json]:
        """As ClientSide."""
        self._refused += 1
        if self._refused > MOST_REFUSED:
            raise Farewell(
                ApiError(status=400, cause=Cause.INVALID_REQUEST, message="too many refusals")
            )
        told = error_body(error.as_api_error())
        told["error"]["event_id"] = message.get("event_id")
        yield self._numbered({"type": "error", **told})

    # What the client is told.

    def tell(self, event: Event) -> Iterator[Json]:
        """As ClientSide."""
        yield from map(self._numbered, self._told(event))

    def _told(self, event: Event) -> Iterable[Json]:
        match event:
            case Written() | Voiced() | Narrated():
                return self._piece(event)
            case Calls():
                return self._called(event)
            case Overheard(text):
                return self._sound.written(text)
            case Noticed():
                return self._sound.started()
            case Interrupted():
                return self._interrupted()
            case Done():
                return self._done(event)
            case Recalled(ids):
                for id in ids:
                    self._calls.pop(id, None)
                self._results = [one for one in self._results if one.id not in ids]
                return ()
            case Failed(error):
                return ({"type": "error", **error_body(error)},)
            case Leaving(message):
                error = ApiError(
                    status=503, cause=Cause.UNAVAILABLE, message=message, code="session_expiring"
                )
                return ({"type": "error", **error_body(error)},)
            case Generated() | Ready():
                return ()

    def _next(self) -> str:
        self._number += 1
        return f"{self._id}_{self._number}"

    def _new_item(self) -> str:
        return f"item_{self._next()}"

    def _answering(self) -> Iterator[Json]:
        """The model begins to answer, if it has not."""
        if self._wish.setting.detection is not None and self._sound.fresh:
            yield from self._sound.started()
            yield from self._sound.item()
        if self._response is None:
            yield self._new_response()

    def _piece(self, event: Written | Voiced | Narrated) -> Iterator[Json]:
        yield from self._answering()
        assert self._response is not None
        if self._response.muted:
            return
        if isinstance(event, Written):
            yield from self._response.written(event.text)
        elif isinstance(event, Voiced):
            sound = self._speech.said(event.data)
            yield from self._response.voiced(sound) if sound else ()
        else:
            yield from self._response.narrated(event.text)

    def _called(self, event: Calls) -> Iterator[Json]:
        """The response is over with its calls: what comes then is another one."""
        yield from self._answering()
        assert self._response is not None
        yield from self._spoken()
        response, self._response = self._response, None
        for call in event.calls:
            if len(self._calls) >= MOST_CALLS:
                raise Farewell(
                    ApiError(status=502, cause=Cause.SERVER, message="too many calls at once")
                )
            self._calls[call.id] = call.name
            if not response.muted:
                yield from response.called(call)
        if not response.muted:
            yield from response.done("completed", {"type": "completed"}, event.usage)
        yield from self._sound.over()

    def _spoken(self) -> Iterator[Json]:
        """The last of what is said in a response."""
        said, data = self._response, self._speech.rest()
        if data and said is not None and said.speaks and not said.muted:
            yield from said.voiced(data)

    def _done(self, event: Done) -> Iterator[Json]:
        yield from self._spoken()
        response, self._response = self._response, None
        if response is not None and not response.muted:
            status, details = _status(event)
            yield from response.done(status, details, event.usage)
        yield from self._sound.over()

    def _interrupted(self) -> Iterator[Json]:
        """The client stops what it plays; the response ends with the turn, which follows."""
        if self._wish.setting.detection is not None and self._response is not None:
            yield from self._sound.started()

    def ended(self, code: int, reason: str) -> Iterator[Json]:
        """As ClientSide."""
        if code in NORMAL:
            return
        cause = Cause.INVALID_REQUEST if code in (1002, 1003, 1007, 1009) else Cause.SERVER
        status = 400 if cause is Cause.INVALID_REQUEST else 502
        message = reason or f"the provider has ended the session with {code}"
        error = ApiError(status=status, cause=cause, message=message)
        yield self._numbered({"type": "error", **error_body(error)})


def _status(event: Done) -> tuple[str, Json]:
    if event.cancelled:
        return "cancelled", {"type": "cancelled", "reason": "turn_detected"}
    if event.fault:
        error = {"type": "server_error", "code": event.fault}
        return "failed", {"type": "failed", "error": error}
    return "completed", {"type": "completed"}


def _changed(old: Wish, new: Wish) -> str:
    fields = old.setting.__struct_fields__
    return ", ".join(
        name for name in fields if getattr(old.setting, name) != getattr(new.setting, name)
    )
