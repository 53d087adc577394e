"""Contents and system instruction, both ways."""

from collections.abc import Iterator
from typing import Any

from providers.bridging.fidelity import Feature
from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.calls import (
    MADE,
    Pairing,
    arguments_of,
    response_of,
)
from providers.dialects.gemini.generate_content.content import parse_parts
from providers.dialects.gemini.generate_content.signatures import SKIP, render_signature
from providers.dialects.gemini.media import Media, render_media
from providers.dialects.gemini.names import FAMILY, NAME
from providers.errors import InvalidRequest, Unsupported
from providers.models.gemini import Model
from providers.neutral.carriers import attached
from providers.neutral.chat import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Message,
    Native,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from providers.neutral.turns import joined, results_apart
from providers.neutral.web_search import Searched
from providers.wire.members import Json

ROLES = {"user": Role.USER, "model": Role.ASSISTANT, "function": Role.USER, "tool": Role.USER}
VOICES = (Role.SYSTEM, Role.DEVELOPER)


EMPTY = Text(text="")


def parse_messages(body: Json, detail: str | None) -> Iterator[Message]:
    """The system instruction and the contents of a request.

    Google's SDK keeps what was streamed chunk by chunk, others keep the parts of all chunks, so
    consecutive contents of the model are one turn, and consecutive texts in it one text.
    """
    turn: tuple[Part, ...] = ()
    for message in _contents(body, detail):
        if message.role is Role.ASSISTANT:
            turn += message.parts
            continue
        if turn:
            yield _said(turn)
            turn = ()
        yield message
    if turn:
        yield _said(turn)


def _said(parts: tuple[Part, ...]) -> Message:
    """The model's turn, whole; the text of a stream's last chunk is empty."""
    spoken = tuple(part for part in parts if part != EMPTY)
    return Message(role=Role.ASSISTANT, parts=attached(joined(spoken or parts)))


def _contents(body: Json, detail: str | None) -> Iterator[Message]:
    pairing = Pairing()
    system = fields.find(body, "systemInstruction")
    if isinstance(system, str):
        yield Message(role=Role.SYSTEM, parts=(Text(text=system),))
    else:
        system = fields.mapping(body, "systemInstruction") or {}
        parts = parse_parts(system, "systemInstruction.", pairing)
        if parts:
            yield Message(role=Role.SYSTEM, parts=parts)
    for content, at in fields.objects(body, "contents"):
        role = ROLES.get(fields.text(content, "role", at) or "user")
        if role is None:
            fields.wrong(f"{at}role", "one of user, model")
        parts = parse_parts(content, at, pairing, detail)
        if role is Role.USER:
            yield from results_apart(parts)
        else:
            yield Message(role=role, parts=parts)


class Conversation:
    """Collects `systemInstruction` and `contents`, message by message."""

    def __init__(self, model: Model, dropped: list[str]) -> None:
        self.system: list[Json] = []
        self.contents: list[Json] = []
        self._model = model
        self._dropped = dropped
        self._answering = False
        """True while the last content holds results."""
        self._names: dict[str, str] = {}
        """Call id → function."""
        self._order: dict[str, int] = {}
        """Call id → its place in the conversation."""
        self._turn = 0
        """The first content of the current turn: what follows the user's last words."""

    def add(self, message: Message) -> None:
        """Appends a message."""
        if message.role in VOICES:
            self.system += [_system_part(part) for part in message.parts if not _is_empty(part)]
        elif message.role is Role.TOOL:
            self._results(message)
        else:
            self._said(message)

    def _said(self, message: Message) -> None:
        role = "model" if message.role is Role.ASSISTANT else "user"
        parts: list[Json] = []
        for part in message.parts:
            parts += self._part(part)
        if not parts:
            return
        if self.contents and self.contents[-1]["role"] == role and not self._answering:
            self.contents[-1]["parts"] += parts
        else:
            self.contents.append({"role": role, "parts": parts})
        # Words that come with results do not surely begin a turn.
        if role == "user" and not self._answering:
            self._turn = len(self.contents)
        self._answering = False

    def _results(self, message: Message) -> None:
        """Results stand in the order of their calls: without ids nothing else tells them apart."""
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        results.sort(key=lambda result: self._order.get(result.call_id, len(self._order)))
        parts: list[Json] = []
        beside: list[Json] = []
        for result in results:
            rendered, more = self._result(result)
            parts.append(rendered)
            beside += more
        if self._answering:
            self.contents[-1]["parts"] += parts + beside
        elif parts:
            self.contents.append({"role": "user", "parts": parts + beside})
            self._answering = True

    def _part(self, part: Part) -> list[Json]:
        match part:
            case Text(text=text, signature=signature):
                signed = _signed(signature)
                return [{"text": text, **signed}] if text or signed else []
            case Thinking():
                return self._thought(part)
            case Refusal(text=text):
                return [{"text": text}] if text else []
            case ToolCall():
                return [self._call(part)]
            case Image() | Audio() | Video() | Document():
                return [render_media(part)]
            case Native(dialect=dialect, value=value) | Searched(dialect=dialect, value=value) if (
                dialect == NAME
            ):
                return [dict(value)]
        kind = type(part).__name__.lower()
        raise Unsupported(f"a {kind} part cannot be expressed in {NAME}", param="messages")

    def _thought(self, part: Thinking) -> list[Json]:
        signature = part.redacted or part.signature
        if part.redacted is not None or (signature is not None and signature.origin != FAMILY):
            if Feature.THINKING.value not in self._dropped:
                self._dropped.append(Feature.THINKING.value)
            return []
        signed = _signed(signature)
        return [{"text": part.text, "thought": True, **signed}] if part.text or signed else []

    def _call(self, part: ToolCall) -> Json:
        self._names[part.id] = part.name
        self._order[part.id] = len(self._order)
        call: Json = {"name": part.name, "args": arguments_of(part.arguments)}
        if not part.id.startswith(MADE):
            call["id"] = part.id
        return {"functionCall": call, **_signed(part.signature)}

    def _result(self, part: ToolResult) -> tuple[Json, list[Json]]:
        """(the result, media that stand beside it because they cannot stand in it)."""
        name = part.name or self._names.get(part.call_id)
        if name is None:
            raise InvalidRequest(
                f"the tool result {part.call_id!r} answers no tool call", param="messages"
            )
        if any(not isinstance(inner, Text | Media) for inner in part.parts):
            raise Unsupported(
                f"a tool result of other parts than text and media cannot be expressed in {NAME}",
                param="messages",
            )
        texts = [inner.text for inner in part.parts if isinstance(inner, Text)]
        result: Json = {"name": name, "response": response_of("\n".join(texts), part.is_error)}
        if not part.call_id.startswith(MADE):
            result["id"] = part.call_id
        media = [render_media(inner) for inner in part.parts if isinstance(inner, Media)]
        if media and self._model.nests_media:
            result["parts"] = media
            media = []
        return {"functionResponse": result}, media

    def finish(self) -> tuple[list[Json], list[Json]]:
        """(parts of the system instruction, contents)."""
        if self._model.wants_signatures:
            self._sign()
        if not self.contents and self.system:
            return [], [{"role": "user", "parts": self.system}]
        return self.system, self.contents

    def _sign(self) -> None:
        """Gemini 3 refuses a step of the current turn whose first call is not signed."""
        for content in self.contents[self._turn :]:
            call = next((part for part in content["parts"] if "functionCall" in part), None)
            if call is not None and "thoughtSignature" not in call:
                call["thoughtSignature"] = SKIP


def _signed(signature: Any) -> Json:
    """The member that says a signature; nothing for what another provider issued."""
    if signature is None or signature.origin != FAMILY:
        return {}
    return {"thoughtSignature": render_signature(signature)}


def _is_empty(part: Part) -> bool:
    return isinstance(part, Text) and not part.text


def _system_part(part: Part) -> Json:
    if isinstance(part, Text):
        return {"text": part.text}
    kind = type(part).__name__.lower()
    raise Unsupported(f"a system message cannot hold {kind} parts", param="systemInstruction")


def render_messages(
    request: ChatRequest, model: Model, dropped: list[str]
) -> tuple[list[Json], list[Json]]:
    """(parts of the system instruction, contents)."""
    conversation = Conversation(model, dropped)
    for message in request.messages:
        conversation.add(message)
    return conversation.finish()
