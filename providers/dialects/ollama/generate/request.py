"""A request of Ollama's generate API, both ways: what a system and a user say, and pictures.

https://docs.ollama.com/api/generate
"""

from providers.dialects.ollama import asking
from providers.dialects.ollama.asking import parse_asked, render_asked
from providers.dialects.ollama.pictures import parse_pictures
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import ChatRequest, Image, Message, Part, Role, Text
from providers.neutral.media import Data
from providers.neutral.prompts import text_of
from providers.wire import members
from providers.wire.members import Json

NAME = "ollama.generate"

ONLY_OLLAMA = {
    "raw": "a prompt without the model's template cannot be expressed elsewhere",
    "template": "the template belongs to the model elsewhere",
    "context": "the tokens of an earlier answer are known to its own server only",
}
"""What changes the meaning, and why no other provider can be told."""

READ = asking.READ | {"prompt", "suffix", "system", "images", *ONLY_OLLAMA}
"""Every member that the neutral conversation has a place for, or that is refused."""

VOICES = (Role.SYSTEM, Role.DEVELOPER)


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    for name, why in ONLY_OLLAMA.items():
        if body.get(name):
            raise Unsupported(f"{name}: {why}", param=name)
    asked = parse_asked(body, path_model, READ)
    suffix = members.text(body, "suffix") or None
    return ChatRequest(**asked, suffix=suffix, messages=_messages(body))


def _messages(body: Json) -> tuple[Message, ...]:
    prompt, system = members.text(body, "prompt"), members.text(body, "system")
    parts: list[Part] = [Text(text=prompt)] if prompt else []
    parts += parse_pictures(body)
    if not parts:
        raise InvalidRequest(
            "prompt must not be empty: only an Ollama server loads and unloads models",
            param="prompt",
        )
    said = Message(role=Role.USER, parts=tuple(parts))
    if not system:
        return (said,)
    return Message(role=Role.SYSTEM, parts=(Text(text=system),)), said


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; raises Unsupported for more than one user's words."""
    *before, last = request.messages or (Message(role=Role.SYSTEM),)
    if last.role is not Role.USER or any(message.role not in VOICES for message in before):
        raise Unsupported(f"a conversation cannot be expressed in {NAME}", param="messages")
    pictures = [part for part in last.parts if isinstance(part, Image)]
    words = tuple(part for part in last.parts if not isinstance(part, Image))
    body: Json = {
        "model": request.model,
        "prompt": text_of(Message(role=Role.USER, parts=words), NAME),
    }
    if before:
        body["system"] = "\n".join(text_of(message, NAME) for message in before)
    if request.suffix is not None:
        body["suffix"] = request.suffix
    if pictures:
        body["images"] = [_base64(picture) for picture in pictures]
    return body | render_asked(request, dropped)


def _base64(picture: Image) -> str:
    if isinstance(picture.source, Data):
        return picture.source.base64
    raise Unsupported(f"a picture that is no data cannot stand in {NAME}", param="messages")
