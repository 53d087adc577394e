"""A whole OpenAI chat answer, both ways.

https://platform.openai.com/docs/api-reference/chat/object
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec

from providers.bridging.dialect import Context
from providers.dialects.openai.answers import seconds
from providers.dialects.openai.chat.calls import parse_call, render_call
from providers.dialects.openai.chat.finish import finish_name
from providers.dialects.openai.chat.functions import recalled
from providers.dialects.openai.chat.media import (
    NAME,
    parse_annotations,
    render_annotation,
    render_part,
)
from providers.dialects.openai.chat.reasoning import (
    BLOCK,
    issued,
    issued_block,
    parse_thinking,
    render_thinking,
)
from providers.dialects.openai.chat.usage import usage_of
from providers.dialects.openai.citations import placed, tells
from providers.dialects.openai.finish import parse_finish
from providers.dialects.openai.media import AUDIO_TYPES
from providers.dialects.openai.signatures import parse_extra, render_extra
from providers.dialects.openai.usage import render_usage
from providers.errors import ApiError, BadAnswer, FailedAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Image,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.media import Data, parse_data_uri
from providers.wire.compatible_errors import describe
from providers.wire.members import Json, dicts, string

SHARED = frozenset(
    {"id", "object", "created", "model", "choices", "usage", "service_tier", "error"}
)
SHARED_CHOICE = frozenset({"index", "message", "finish_reason", "logprobs"})


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none."""
    said = body.get("choices")
    choices = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else ()
    if not choices:
        if body.get("error"):
            raise FailedAnswer(describe(body, None))
        raise BadAnswer("the provider's answer holds no choices")
    return ChatResponse(
        id=string(body.get("id")),
        model=string(body.get("model")),
        choices=tuple(_choice(choice, index, body) for index, choice in enumerate(choices)),
        created=seconds(body.get("created")),
        usage=usage_of(body),
        service_tier=string(body.get("service_tier")) or None,
        native=native_of(body),
    )


def native_of(body: Json) -> Json:
    """What an answer, or a chunk of one, says beside what other dialects know."""
    return _native(body, SHARED)


def _native(owner: Json, shared: frozenset[str]) -> Json:
    """What only this dialect says, under its name, so that no other renders it."""
    rest = {
        name: value for name, value in owner.items() if name not in shared and value is not None
    }
    return {NAME: rest} if rest else {}


def _choice(choice: Json, position: int, body: Json) -> Choice:
    message = choice.get("message")
    parts = tuple(_parts(message, body) if isinstance(message, dict) else ())
    index, logprobs = choice.get("index"), choice.get("logprobs")
    return Choice(
        parts=parts,
        error=failure_of(choice),
        finish=meant_finish(choice.get("finish_reason"), parts),
        stop_sequence=_stop_sequence(choice),
        index=index if isinstance(index, int) else position,
        logprobs=logprobs if isinstance(logprobs, dict) else None,
        native=_native(choice, SHARED_CHOICE),
    )


def failure_of(choice: Json) -> ApiError | None:
    """What OpenRouter says of a choice whose reason to finish is `error`.

    https://openrouter.ai/docs/api-reference/errors
    """
    return describe(choice, None) if isinstance(choice.get("error"), dict) else None


def _stop_sequence(choice: Json) -> str | None:
    # vLLM and SGLang say which stop string matched.
    value = choice.get("stop_reason", choice.get("matched_stop"))
    return value if isinstance(value, str) else None


def meant_finish(reason: Any, parts: tuple[Part, ...]) -> Finish | None:
    """Providers say `stop` also where the answer is a call or a refusal."""
    finish = parse_finish(reason)
    if finish is not Finish.STOP:
        return finish
    if any(isinstance(part, ToolCall) for part in parts):
        return Finish.TOOL_CALLS
    if any(isinstance(part, Refusal) for part in parts):
        return Finish.REFUSAL
    return finish


def _parts(message: Json, body: Json) -> Iterator[Part]:
    for thinking in parse_thinking(message):
        plain = thinking.signature is None and thinking.redacted is None
        yield msgspec.structs.replace(thinking, signature=issued(message)) if plain else thinking
    yield from content_parts(message, body)
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        yield Refusal(text=refusal)
    audio = message.get("audio")
    if isinstance(audio, dict):
        yield parse_audio(audio)
    images = message.get("images")
    for item in images if isinstance(images, list) else ():
        image = parse_image(item)
        if image is not None:
            yield image
    calls = message.get("tool_calls")
    for index, call in enumerate(calls if isinstance(calls, list) else ()):
        if isinstance(call, dict):
            yield parse_call(call, f"call_{index}")
    legacy = message.get("function_call")
    if isinstance(legacy, dict):
        yield parse_call({"function": legacy}, "call_0")


def content_parts(message: Json, body: Json) -> Iterator[Part]:
    """Text, and in Mistral's form thoughts too."""
    content = message.get("content")
    citations = parse_annotations(message.get("annotations")) or search_citations(body)
    if isinstance(content, str):
        if content or citations:
            yield Text(text=content, citations=citations, signature=parse_extra(message))
        return
    for thoughts, run in groupby(dicts(content), lambda item: item.get("type") == BLOCK):
        if thoughts:
            yield from map(issued_block, run)
        # Mistral's references stand between the texts, which are one.
        elif text := "".join(string(item.get("text")) for item in run):
            yield Text(text=text, citations=citations)
            citations = ()


SOURCES = ("search_results", "citations")


def search_citations(body: Json) -> tuple[Citation, ...]:
    """Perplexity's and xAI's sources, which stand beside the choices.

    https://docs.perplexity.ai/api-reference/chat-completions-post
    """
    results, urls = (body.get(name) for name in SOURCES)
    if isinstance(results, list) and results:
        return tuple(
            Citation(
                url=string(item.get("url")) or None,
                title=string(item.get("title")) or None,
                quote=string(item.get("snippet")) or None,
            )
            for item in results
            if isinstance(item, dict)
        )
    if isinstance(urls, list):
        return tuple(Citation(url=url) for url in urls if isinstance(url, str))
    return ()


def parse_audio(audio: Json) -> Audio:
    """A spoken answer; its format stands in the request only."""
    expires, transcript = audio.get("expires_at"), audio.get("transcript")
    return Audio(
        source=Data(base64=string(audio.get("data")), media_type=AUDIO_TYPES["wav"]),
        id=string(audio.get("id")) or None,
        transcript=transcript if isinstance(transcript, str) else None,
        expires_at=expires if isinstance(expires, int) else None,
    )


def parse_image(item: Any) -> Image | None:
    """A drawn answer, in OpenRouter's form.

    https://openrouter.ai/docs/features/multimodal/image-generation
    """
    inner = item.get("image_url") if isinstance(item, dict) else None
    data = parse_data_uri(string(inner.get("url"))) if isinstance(inner, dict) else None
    return Image(source=data) if data else None


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it."""
    choices = [_render_choice(choice) for choice in response.choices]
    body: Json = {
        "id": response.id or context.id,
        "object": "chat.completion",
        "created": response.created or context.now,
        "model": response.model or context.model,
        "choices": list(map(recalled, choices)) if context.echo else choices,
    }
    if response.usage is not None:
        body["usage"] = render_usage(response.usage)
    if response.service_tier is not None:
        body["service_tier"] = response.service_tier
    body.update(response.native.get(NAME, {}))
    return body


def _render_choice(choice: Choice) -> Json:
    refused = any(isinstance(part, Refusal) for part in choice.parts)
    rendered: Json = {
        "index": choice.index,
        "message": render_message(choice.parts),
        "logprobs": choice.logprobs,
        "finish_reason": finish_name(choice.finish or Finish.STOP, refused),
    }
    if choice.stop_sequence is not None:
        rendered["stop_reason"] = choice.stop_sequence
    rendered.update(choice.native.get(NAME, {}))
    return rendered


def render_message(parts: tuple[Part, ...]) -> Json:
    """The assistant's message of an answer."""
    message: Json = {"role": "assistant", "content": None, "refusal": None}
    message |= render_thinking([part for part in parts if isinstance(part, Thinking)])
    texts = [part for part in parts if isinstance(part, Text)]
    if texts:
        message |= _render_texts(texts)
    refusals = [part.text for part in parts if isinstance(part, Refusal)]
    if refusals:
        message["refusal"] = "".join(refusals)
    images = [render_part(part) for part in parts if isinstance(part, Image)]
    if images:
        message["images"] = images
    for part in parts:
        if isinstance(part, Audio):
            message["audio"] = render_audio(part)
    calls = [call for part in parts if (call := render_call(part)) is not None]
    if calls:
        message["tool_calls"] = calls
    if not (texts or refusals or calls or images or "audio" in message):
        message["content"] = ""
    return message


def _render_texts(texts: list[Text]) -> Json:
    """One string; the citations' places move with their text."""
    members: Json = {"content": "".join(part.text for part in texts)}
    annotations, offset = [], 0
    for part in texts:
        annotations += [
            render_annotation(placed(cited, len(part.text), offset))
            for cited in part.citations
            if tells(cited, NAME)
        ]
        offset += len(part.text)
        members |= render_extra(part.signature)
    if annotations:
        members["annotations"] = annotations
    return members


def render_audio(audio: Audio) -> Json:
    """A spoken answer; the SDK's types demand all four members."""
    return {
        "id": audio.id or "",
        "data": audio.source.base64 if isinstance(audio.source, Data) else "",
        "expires_at": audio.expires_at or 0,
        "transcript": audio.transcript or "",
    }
