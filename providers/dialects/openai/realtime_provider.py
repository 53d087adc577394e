"""OpenAI's realtime sessions as the provider of a client that speaks another family's format.

https://platform.openai.com/docs/api-reference/realtime-client-events,
https://platform.openai.com/docs/api-reference/realtime-server-events (checked 2026-11)
"""

import base64
from collections.abc import Iterator

import orjson

from providers.bridging.interpreting import Opened
from providers.dialects.openai.realtime_setting import PCM
from providers.dialects.openai.usage import parse_usage
from providers.errors import Unsupported
from providers.neutral.chat import ToolChoice, ToolMode
from providers.neutral.functions import arguments_of
from providers.neutral.talks import (
    RATE,
    SAMPLE,
    Act,
    Answer,
    Begin,
    Called,
    Calls,
    Detection,
    Done,
    Event,
    Failed,
    Generated,
    Hush,
    Interrupted,
    Message,
    Narrated,
    Overheard,
    Pause,
    Picture,
    Ready,
    Result,
    Setting,
    Sound,
    Speak,
    Text,
    Voiced,
    Written,
)
from providers.wire.compatible_errors import parse_error
from providers.wire.members import Json, dicts, optional, string
from providers.wire.pcm import Resampler, resampled

TRANSCRIBES = "gpt-4o-mini-transcribe"
"""Who writes down what the user says, where its client names nobody."""
SILENCE = base64.b64encode(bytes(RATE * SAMPLE)).decode()
"""A second, behind which speech has ended."""
HARMLESS = frozenset({"response_cancel_not_active", "input_audio_buffer_commit_empty"})
"""Errors about what the client has not said in these words."""
ANSWERS_ALREADY = "conversation_already_has_active_response"
DELTAS: dict[str, type[Written | Voiced | Narrated]] = {
    "response.output_text.delta": Written,
    "response.output_audio.delta": Voiced,
    "response.output_audio_transcript.delta": Narrated,
}

CREATE: Json = {"type": "response.create"}


class RealtimeProvider:
    """One session: what its provider was told, and what it says."""

    def __init__(self, opened: Opened) -> None:
        self._ready = True
        self._setting = Setting()
        self._active = False
        """Whether it answers."""
        self._waits = False
        """Whether it is to answer once more when it has ended this."""
        self._interrupted = False
        self._owed: list[Json] = []
        self._resampler: tuple[int, Resampler] | None = None
        self._overheard = ""
        """The item of which a piece was written down last."""

    @property
    def ready(self) -> bool:
        """False until the first `session.updated`."""
        return self._ready

    def owed(self) -> list[Json]:
        """What it must be told after what it has said."""
        owed, self._owed = self._owed, []
        return owed

    def tell(self, act: Act) -> list[Json]:
        """As ProviderSide."""
        match act:
            case Begin(setting):
                made = session(setting)
                self._setting, self._ready = setting, False
                return [{"type": "session.update", "session": made}]
            case Message(role, parts):
                kind = "output_text" if role == "assistant" else "input_text"
                content = [self._part(part, kind) for part in parts]
                return [_item({"type": "message", "role": role, "content": content})]
            case Called(id, name, arguments):
                call = {"call_id": id, "name": name, "arguments": arguments}
                return [_item({"type": "function_call", **call})]
            case Result():
                return [_result(act)]
            case Answer(results):
                return [*map(_result, results), *self._answer()]
            case Sound():
                heard = self._sound(act)
                return [{"type": "input_audio_buffer.append", "audio": heard}] if heard else []
            case Speak():
                return [{"type": "response.cancel"}] if self._active else []
            case Hush():
                return [{"type": "input_audio_buffer.commit"}, *self._answer()]
            case Pause():
                return [{"type": "input_audio_buffer.append", "audio": SILENCE}]

    def _answer(self) -> list[Json]:
        """It gives one answer at a time, and what is new ends the one before."""
        if not self._active:
            self._active = True
            return [CREATE]
        if self._waits:
            return []
        self._waits = True
        return [{"type": "response.cancel"}]

    def _part(self, part: Text | Picture | Sound, kind: str) -> Json:
        if isinstance(part, Text):
            return {"type": kind, "text": part.text}
        if isinstance(part, Picture):
            return {"type": "input_image", "image_url": f"data:{part.type};base64,{part.data}"}
        whole = resampled(base64.b64decode(part.data), part.rate, RATE)
        return {"type": "input_audio", "audio": base64.b64encode(whole).decode()}

    def _sound(self, sound: Sound) -> str:
        if sound.rate == RATE:
            return sound.data
        if self._resampler is None or self._resampler[0] != sound.rate:
            self._resampler = sound.rate, Resampler(sound.rate, RATE)
        made = self._resampler[1].feed(base64.b64decode(sound.data))
        return base64.b64encode(made).decode()

    def read(self, event: Json) -> Iterator[Event]:
        """As ProviderSide."""
        kind = string(event.get("type"))
        told = DELTAS.get(kind)
        if told is not None:
            yield told(string(event.get("delta")))
            return
        match kind:
            case "session.updated" if not self._ready:
                self._ready = True
                yield Ready()
            case "response.created":
                self._active = True
            case "response.done":
                yield from self._done(event.get("response"))
            case "input_audio_buffer.speech_started":
                detection = self._setting.detection
                if self._active and detection is not None and detection.interrupts:
                    yield from self._broken_off()
            case "conversation.item.input_audio_transcription.delta":
                self._overheard = string(event.get("item_id"))
                yield Overheard(string(event.get("delta")))
            case "conversation.item.input_audio_transcription.completed":
                # Some models write it down at the end alone.
                if self._overheard != event.get("item_id"):
                    yield Overheard(string(event.get("transcript")))
            case "error":
                yield from self._refused(event.get("error"))

    def _refused(self, error: object) -> Iterator[Event]:
        """Where it has begun to answer by itself meanwhile, what is new ends that."""
        if isinstance(error, dict) and error.get("code") == ANSWERS_ALREADY:
            self._active = self._waits = True
            self._owed.append({"type": "response.cancel"})
        else:
            yield from _failed(error)

    def _broken_off(self) -> Iterator[Event]:
        if not self._interrupted:
            self._interrupted = True
            yield Interrupted()

    def _done(self, response: object) -> Iterator[Event]:
        self._active = False
        if self._waits:
            self._waits, self._active = False, True
            self._owed.append(CREATE)
        if not isinstance(response, dict):
            return
        usage = parse_usage(response.get("usage"))
        status = response.get("status")
        details = response.get("status_details")
        details = details if isinstance(details, dict) else {}
        if status == "failed":
            yield from _failed(details.get("error"))
        elif status == "cancelled":
            yield from self._broken_off()
            yield Done(usage, cancelled=True)
        else:
            calls = tuple(_calls(response))
            if calls:
                yield Calls(calls, usage)
            else:
                yield Generated()
                fault = string(details.get("reason")) if status == "incomplete" else ""
                yield Done(usage, fault)
        self._interrupted = False


def session(setting: Setting) -> Json:
    """What a `session.update` says; raises Unsupported."""
    if setting.temperature is not None:
        raise Unsupported("realtime sessions have no temperature", param="temperature")
    heard: Json = {"format": PCM, "turn_detection": _detection(setting.detection)}
    if setting.transcribes:
        heard["transcription"] = {"model": TRANSCRIBES}
    tools = [
        optional(type="function", name=tool.name, description=tool.description)
        | {"parameters": arguments_of(tool)}
        for tool in setting.tools
    ]
    return {
        "type": "realtime",
        **optional(
            instructions=setting.instructions or None,
            tools=tools,
            tool_choice=_choice(setting.choice),
            max_output_tokens=setting.most,
        ),
        "output_modalities": ["audio" if setting.sounds else "text"],
        "audio": {"input": heard, "output": optional(format=PCM, voice=setting.voice)},
    }


def _detection(detection: Detection | None) -> Json | None:
    if detection is None:
        return None
    made = optional(type="server_vad", silence_duration_ms=detection.silence_ms)
    return made if detection.interrupts else {**made, "interrupt_response": False}


def _choice(choice: ToolChoice | None) -> Json | str | None:
    if choice is None:
        return None
    if choice.mode is ToolMode.NAMED:
        return {"type": "function", "name": choice.name}
    return choice.mode.value


def _item(item: Json) -> Json:
    return {"type": "conversation.item.create", "item": item}


def _result(result: Result) -> Json:
    kind = "function_call_output"
    return _item({"type": kind, "call_id": result.id, "output": result.output})


def _calls(response: Json) -> Iterator[Called]:
    for item in dicts(response.get("output")):
        if item.get("type") == "function_call":
            arguments = string(item.get("arguments")) or "{}"
            yield Called(string(item.get("call_id")), string(item.get("name")), arguments)


def _failed(error: object) -> Iterator[Event]:
    error = error if isinstance(error, dict) else {}
    if string(error.get("code")) in HARMLESS:
        return
    blamed = string(error.get("type")) == "invalid_request_error"
    said = {"message": "the provider has failed", **error}
    yield Failed(parse_error(400 if blamed else 500, {}, orjson.dumps({"error": said})))
