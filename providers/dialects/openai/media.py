"""Pictures, sound and files as OpenAI's formats write them, and what marks them for a cache."""

from collections.abc import Mapping

from providers.errors import InvalidRequest
from providers.neutral.chat import Audio, Cache
from providers.neutral.media import Data, Source, Url, parse_data_uri, standard_base64
from providers.wire import members
from providers.wire.members import Json

AUDIO_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "opus": "audio/opus",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "aiff": "audio/aiff",
    "pcm16": "audio/pcm",
    "pcm24": "audio/l24",
    "webm": "audio/webm",
}
AUDIO_FORMATS = {media_type: name for name, media_type in AUDIO_TYPES.items()} | {
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
}

DOCUMENT_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
EXTENSIONS = {media_type: name for name, media_type in DOCUMENT_TYPES.items()}

# OpenAI's markers live for half an hour or half a day, Anthropic's for five minutes or an hour.
TTLS = {"30m": None, "12h": "1h"}


def source(text: str, at: str) -> Source:
    """Inline bytes or a URL."""
    if not text:
        raise members.wrong(at, "a URL or a data URI")
    if text[:5].lower() != "data:":
        return Url(url=text)
    data = parse_data_uri(text)
    if data is None:
        raise InvalidRequest(f"{at} must be a base64 data URI", param=at)
    return data


def _is_uri(text: str) -> bool:
    return text[:5].lower() == "data:" or "://" in text[:10]


def file_source(data: str, name: str | None, at: str) -> Source:
    """The `file_data` of a file called `name`: a data URI, as OpenAI wants it, or bare base64."""
    if _is_uri(data):
        return source(data, at)
    extension = (name or "").rpartition(".")[2].lower()
    media_type = DOCUMENT_TYPES.get(extension, "application/pdf")
    return Data(base64=standard_base64(data), media_type=media_type)


def file_name(media_type: str) -> str:
    """The name of a file that has none; OpenAI demands one beside the data."""
    return f"document.{EXTENSIONS.get(media_type, 'pdf')}"


BEGINNINGS = {"UklGR": "wav", "T2dnUw": "ogg", "ZkxhQw": "flac"}
"""How sound in base64 begins → its format; the rest is mostly MP3, with tags or without."""


def parse_audio(part: Json, at: str) -> Audio:
    """A part of type `input_audio`; Mistral's holds a string, a URL or base64.

    https://docs.mistral.ai/studio/audio/speech_to_text/offline_transcription
    """
    told = part.get("input_audio")
    if isinstance(told, str) and told:
        return Audio(source=_sound(told, f"{at}input_audio"), cache=cache(part, at))
    inner, place = members.required_mapping(part, "input_audio", at), f"{at}input_audio."
    data = members.required_text(inner, "data", place)
    form = members.text(inner, "format", place) or "wav"
    if _is_uri(data):
        found = source(data, f"{place}data")  # DashScope takes URLs and data URIs here
    else:
        found = Data(base64=data, media_type=AUDIO_TYPES.get(form, f"audio/{form}"))
    return Audio(source=found, cache=cache(part, at))


def _sound(told: str, at: str) -> Source:
    if _is_uri(told):
        return source(told, at)
    form = next((form for begin, form in BEGINNINGS.items() if told.startswith(begin)), "mp3")
    return Data(base64=told, media_type=AUDIO_TYPES[form])


def cache(owner: Json, at: str) -> Cache | None:
    """OpenAI's marker `prompt_cache_breakpoint`, or `cache_control` of OpenRouter and LiteLLM.

    https://openrouter.ai/docs/features/prompt-caching
    """
    marker = members.mapping(owner, "prompt_cache_breakpoint", at)
    if marker is not None:
        ttl = members.text(marker, "ttl", f"{at}prompt_cache_breakpoint.")
        return Cache(ttl=TTLS.get(ttl or ""))
    marker = members.mapping(owner, "cache_control", at)
    return None if marker is None else Cache(ttl=members.text(marker, "ttl", f"{at}cache_control."))


BY_URL = {"image_url": "image_url", "input_image": "image_url", "video_url": "video_url"}
"""Type of a part → the member that holds a URL, or an object with one."""


def inline(part: Json, files: Mapping[str, Data]) -> Json:
    """A part of a message, with the bytes where a URL was."""
    kind = part.get("type")
    if kind == "input_file" and isinstance(url := part.get("file_url"), str) and url in files:
        rest = {name: value for name, value in part.items() if name != "file_url"}
        filename = url.partition("?")[0].rpartition("/")[2] or "file"
        return {"filename": filename, **rest, "file_data": _uri(files[url])}
    name = BY_URL.get(kind) if isinstance(kind, str) else None
    if name is None:
        return part
    value = part.get(name)
    url = value.get("url") if isinstance(value, dict) else value
    if not isinstance(url, str) or url not in files:
        return part
    uri = _uri(files[url])
    return {**part, name: {**value, "url": uri} if isinstance(value, dict) else uri}


def _uri(data: Data) -> str:
    return f"data:{data.media_type};base64,{data.base64}"
