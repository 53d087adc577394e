"""A client of Gemini's Live API, before a provider of another family.

https://ai.google.dev/api/live (checked 2026-11)
"""

import re
from collections.abc import Generator, Iterator

from providers.bridging.interpreting import Farewell, Opened
from providers.bridging.session import named
from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.answers import render_usage
from providers.dialects.gemini.generate_content.calls import (
    arguments_of,
    arguments_text,
    result_text,
)
from providers.dialects.gemini.live_setting import only, setting_of
from providers.dialects.gemini.live_usage import OTHERS
from providers.errors import GatewayError, InvalidRequest, Unsupported
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
    Message,
    Narrated,
    Noticed,
    Overheard,
    Pause,
    Picture,
    Ready,
    Recalled,
    Result,
    Said,
    Setting,
    Sound,
    Speak,
    Text,
    Voiced,
    Written,
)
from providers.usage import Usage
from providers.wire import pcm
from providers.wire.members import Json
from providers.wire.websocket import BINARY

KINDS = fields.spellings(("setup", "clientContent", "realtimeInput", "toolResponse"))
CONTENT = fields.spellings(("turns", "turnComplete"))
TURN = fields.spellings(("role", "parts"))
PART = fields.spellings(("text", "inlineData", "functionCall", "functionResponse"))
INPUT = fields.spellings(
    ("audio", "mediaChunks", "text", "activityStart", "activityEnd", "audioStreamEnd")
)
RESPONSE = fields.spellings(("id", "name", "response"))
DROPPED = "xAiDroppedParams"
"""In `setupComplete`: what of the setup nobody follows."""
ROLES = {"user": "user", "model": "assistant", None: "user"}
PCM = re.compile(r"audio/(?:pcm|l16)(?:;\s*rate=(\d{4,5}))?", re.IGNORECASE)
HEARD_RATE = 16_000
"""Samples a second, where nothing says how many."""
MOST_CALLS = 128
"""Calls that may wait for their results."""
MOST_SOUND = 256 * 1024
"""Bytes of Base64 that are brought to another rate at once, 6 s of 16,000 samples a second."""
RATED = f"audio/pcm;rate={RATE}"
FAULTS = {"content_filter": "RESPONSE_REJECTED"}
"""Why an answer is not whole → `turnCompleteReason`."""


class LiveClient:
    """One session: what its client has said, and what it is told."""

    opcode = BINARY

    def __init__(self, opened: Opened) -> None:
        self._model = "" if opened.by_header else opened.model
        self._setting: Setting | None = None
        self._dropped: list[str] = []
        self._calls: dict[str, str] = {}
        """Calls whose results are waited for → the function's name."""

    def greeting(self) -> Iterator[Json]:
        """Nothing: the client speaks first."""
        return iter(())

    def read(self, message: Json) -> Generator[Act | Said]:
        """As ClientSide."""
        only(message, "", KINDS, {}, [])
        if len(message) != 1:
            raise InvalidRequest("a message must say one thing")
        ((kind, inner),) = message.items()
        kind = KINDS[kind]
        if not isinstance(inner, dict):
            fields.wrong(kind, "an object")
        if (kind == "setup") != (self._setting is None):
            raise InvalidRequest("setup must be the first message and only the first")
        if kind == "setup":
            yield self._setup(inner)
        elif kind == "clientContent":
            yield from self._content(inner)
        elif kind == "realtimeInput":
            yield from self._heard(inner)
        else:
            yield self._returned(inner)

    def _setup(self, setup: Json) -> Begin:
        called = named(setup.get("model"))
        if called and self._model and called != self._model:
            raise InvalidRequest("model is given more than once, with different values")
        self._setting, self._dropped = setting_of(setup)
        return Begin(self._setting)

    def _content(self, content: Json) -> Iterator[Act]:
        only(content, "clientContent.", CONTENT, {}, [])
        for turn, at in fields.objects(content, "turns", "clientContent."):
            only(turn, at, TURN, {}, [])
            role = turn.get("role")
            if not isinstance(role, str | None) or role not in ROLES:
                fields.wrong(f"{at}role", "user or model")
            yield from self._turn(ROLES[role], turn, at)
        if fields.boolean(content, "turnComplete", "clientContent."):
            yield Answer()

    def _turn(self, role: str, turn: Json, at: str) -> Iterator[Act]:
        """Its parts in their order: calls and results are items beside messages."""
        parts: list[Text | Picture | Sound] = []
        acts: list[Act] = []
        for part, place in fields.objects(turn, "parts", at):
            only(part, place, PART, {}, [])
            call = fields.mapping(part, "functionCall", place)
            result = fields.mapping(part, "functionResponse", place)
            if call is not None:
                acts.append(_called(call, f"{place}functionCall."))
            elif result is not None:
                acts.append(_result(result, f"{place}functionResponse.", asked=False))
            else:
                parts.append(_part(part, place))
        if parts:
            yield Message(role, tuple(parts))
        yield from acts

    def _heard(self, heard: Json) -> Iterator[Act]:
        at = "realtimeInput."
        only(heard, at, INPUT, {}, [])
        assert self._setting is not None
        manual = self._setting.detection is None
        starts = fields.mapping(heard, "activityStart", at) is not None
        ends = fields.mapping(heard, "activityEnd", at) is not None
        if (starts or ends) and not manual:
            raise InvalidRequest("activity is detected automatically in this session")
        if starts:
            yield Speak()
        audio = fields.mapping(heard, "audio", at)
        if audio is not None:
            yield _sound(audio, f"{at}audio.")
        for chunk, place in fields.objects(heard, "mediaChunks", at):
            yield _sound(chunk, place)
        text = fields.text(heard, "text", at)
        if text:
            yield Message("user", (Text(text),))
            yield Answer()
        if fields.boolean(heard, "audioStreamEnd", at):
            yield Pause()
        if ends:
            yield Hush()

    def _returned(self, response: Json) -> Answer:
        at = "toolResponse."
        only(response, at, fields.spellings(("functionResponses",)), {}, [])
        found = []
        for one, place in fields.objects(response, "functionResponses", at):
            result = _result(one, place, asked=True)
            if self._calls.pop(result.id, None) is None:
                raise InvalidRequest(f"nobody waits for a result of {result.id}")
            found.append(result)
        return Answer(tuple(found))

    def refused(self, error: GatewayError, message: Json) -> Iterator[Json]:
        """Raises Farewell: the vendor hangs up, too."""
        raise Farewell(error.as_api_error())

    def tell(self, event: Event) -> Iterator[Json]:  # noqa: PLR0912  (one for each event)
        """As ClientSide."""
        match event:
            case Ready():
                yield {"setupComplete": {DROPPED: self._dropped} if self._dropped else {}}
            case Written(text):
                yield _turn_of({"text": text})
            case Voiced(data):
                yield _turn_of({"inlineData": {"mimeType": RATED, "data": data}})
            case Narrated(text):
                if self._setting is not None and self._setting.narrates:
                    yield {"serverContent": {"outputTranscription": {"text": text}}}
            case Overheard(text):
                yield {"serverContent": {"inputTranscription": {"text": text}}}
            case Calls(calls, usage):
                yield self._wanted(calls, usage)
            case Recalled(ids):
                yield {"toolCallCancellation": {"ids": [*ids]}}
            case Interrupted():
                yield {"serverContent": {"interrupted": True}}
            case Generated():
                yield {"serverContent": {"generationComplete": True}}
            case Done(usage, fault):
                content = fields.optional(turnComplete=True, turnCompleteReason=FAULTS.get(fault))
                yield {"serverContent": content, **_used(usage)}
            case Failed(error):
                raise Farewell(error)
            case Leaving() | Noticed():
                pass

    def _wanted(self, calls: tuple[Called, ...], usage: Usage | None) -> Json:
        made = []
        for call in calls:
            if len(self._calls) >= MOST_CALLS:
                raise Farewell(Unsupported("too many calls at once").as_api_error())
            self._calls[call.id] = call.name
            args = arguments_of(call.arguments)
            made.append({"id": call.id, "name": call.name, "args": args})
        return {"toolCall": {"functionCalls": made}, **_used(usage)}

    def ended(self, code: int, reason: str) -> Iterator[Json]:
        """Nothing: the close frame says it all."""
        return iter(())


def _turn_of(part: Json) -> Json:
    return {"serverContent": {"modelTurn": {"role": "model", "parts": [part]}}}


def _used(usage: Usage | None) -> Json:
    if usage is None:
        return {}
    raw = render_usage(usage)
    return {"usageMetadata": {OTHERS.get(name, name): value for name, value in raw.items()}}


def _part(part: Json, at: str) -> Text | Picture | Sound:
    data = fields.mapping(part, "inlineData", at)
    if data is None:
        return Text(fields.required_text(part, "text", at))
    kind = fields.required_text(data, "mimeType", f"{at}inlineData.")
    if kind.startswith("image/"):
        return Picture(kind, fields.required_text(data, "data", f"{at}inlineData."))
    return _sound(data, f"{at}inlineData.")


def _sound(blob: Json, at: str) -> Sound:
    kind = fields.required_text(blob, "mimeType", at)
    found = PCM.fullmatch(kind)
    if found is None:
        raise Unsupported(f"{kind} cannot be carried to the provider", param=f"{at}mimeType")
    rate = int(found[1] or HEARD_RATE)
    if not pcm.fits(rate, RATE):
        raise Unsupported(f"{rate} samples a second cannot be carried", param=f"{at}mimeType")
    data = pcm.checked(fields.required_text(blob, "data", at), f"{at}data")
    if rate != RATE and len(data) > MOST_SOUND:
        raise Unsupported(
            f"more than {MOST_SOUND} bytes of sound at once need {RATE} samples a second",
            param=f"{at}data",
        )
    return Sound(data, rate)


def _called(call: Json, at: str) -> Called:
    name = fields.required_text(call, "name", at)
    args = fields.mapping(call, "args", at)
    return Called(fields.text(call, "id", at) or name, name, arguments_text(args))


def _result(result: Json, at: str, *, asked: bool) -> Result:
    only(result, at, RESPONSE, {}, [])
    name = fields.text(result, "name", at) or ""
    text, _ = result_text(fields.mapping(result, "response", at) or {})
    return Result(fields.text(result, "id", at) or name, name, text, asked)
