"""Items of OpenAI's realtime conversations, as clients create them and are shown them.

https://platform.openai.com/docs/api-reference/realtime-client-events/conversation/item/create
"""

import re
from typing import Any

from providers.dialects.openai.realtime_formats import heard
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.talks import Message, Picture, Sound, Text
from providers.wire import members, pcm
from providers.wire.members import Json

PICTURE = re.compile(r"data:(image/[\w.+-]+);base64,(.+)", re.DOTALL)
SPOKEN = frozenset({"audio"})
WRITTEN = {"user": ("input_text",), "assistant": ("output_text", "text")}


def message_of(item: Json, law: str | None = None) -> Message:
    """A message of the user's or the model's, whose sound has this law; raises InvalidRequest."""
    role = members.required_text(item, "role", "item.")
    if role not in WRITTEN:
        raise Unsupported(f"messages of the role {role} cannot be carried now", param="item.role")
    parts = [_part(part, at, role, law) for part, at in members.objects(item, "content", "item.")]
    if not parts:
        raise InvalidRequest("item.content must not be empty", param="item.content")
    return Message(role, tuple(parts))


def instructions_of(item: Json) -> str:
    """The text of a system's message."""
    return "\n".join(
        members.required_text(part, "text", at)
        for part, at in members.objects(item, "content", "item.")
    )


def _part(part: Json, at: str, role: str, law: str | None) -> Text | Picture | Sound:
    kind = part.get("type")
    if kind in WRITTEN[role]:
        return Text(members.required_text(part, "text", at))
    if kind == "output_audio" and role == "assistant":
        return Text(members.required_text(part, "transcript", at))
    if kind == "input_audio" and role == "user":
        return heard(sound(part, at), law, f"{at}audio")
    if kind == "input_image" and role == "user":
        found = PICTURE.fullmatch(members.required_text(part, "image_url", at))
        if found is None:
            raise Unsupported("a picture must come as a data URL", param=f"{at}image_url")
        return Picture(found[1], found[2])
    raise Unsupported(f"a part of the type {kind} cannot be carried", param=f"{at}type")


def sound(owner: Json, at: str = "") -> str:
    """The member `audio`; raises InvalidRequest where it is no Base64."""
    return pcm.checked(members.required_text(owner, "audio", at), f"{at}audio")


def samples(data: str) -> int:
    """Bytes of what is Base64."""
    return len(data) * 3 // 4 - data[-2:].count("=")


def shown(item: Json, id: str) -> Json:
    """A client's item as it is shown: without its sound, as OpenAI does."""
    content: Any = item.get("content")
    whole = {**item, "id": id, "object": "realtime.item", "status": "completed"}
    if isinstance(content, list):
        whole["content"] = [
            {name: value for name, value in part.items() if name not in SPOKEN}
            for part in content
            if isinstance(part, dict)
        ]
    return whole


def hints(item: Json) -> list[str]:
    """What of a client's item nobody follows: how closely a picture is looked at."""
    content: Any = item.get("content")
    parts = enumerate(content) if isinstance(content, list) else ()
    return [
        f"item.content[{at}].detail"
        for at, part in parts
        if isinstance(part, dict) and part.get("detail") not in (None, "auto")
    ]
