"""OpenAI's format of transcripts as single hosts take it: few know all of its forms.

A form that a host does not know is made of one that it knows: subtitles of `verbose_json`, which
has the times. All of this was looked up in 2026-11.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from providers.bridging.plain import PlainDialect
from providers.dialects.openai import transcriptions
from providers.errors import Unsupported
from providers.neutral.transcripts import Form, Transcript, TranscriptRequest
from providers.wire.members import Json

Transcripts = PlainDialect[TranscriptRequest, Transcript]
OPENAIS = frozenset({"speakers", "logprobs", "chunking"})
"""What is told by members that no host but OpenAI and Azure has."""
HINTS = frozenset({"languages", "known_speaker_names", "known_speaker_references"})
"""Their hints about languages and voices, of which hosts say nothing, or an error.
https://platform.openai.com/docs/api-reference/audio/createTranscription"""


def known_at(
    host: str, *forms: Form, streams: bool = False, **facts: Any
) -> Mapping[str, Transcripts]:
    """Transcripts and translations at a host that knows only these forms of them."""
    found = {}
    for plain in transcriptions.DIALECTS:
        carries = plain.carries - OPENAIS
        found[plain.name] = msgspec.structs.replace(
            plain,
            host=host,
            client=(),
            carries=carries,
            takes=_taking(forms, carries, streams),
            render_request=_writing(host, forms),
            parser=plain.parser if streams else None,
            drops=HINTS if plain is transcriptions.DIALECT else frozenset(),
            **facts,
        )
    return found


def _taking(
    forms: tuple[Form, ...], carries: frozenset[str], streams: bool
) -> Callable[[TranscriptRequest, bool], bool]:
    """Whether a request may pass; what has times is never streamed, and words stand in a prompt."""

    def takes(request: TranscriptRequest, stream: bool) -> bool:
        if stream and (not streams or transcriptions.is_timed(request)):
            return False
        return not request.terms and request.form in forms and carries.issuperset(request.said())

    return takes


def _writing(
    host: str, forms: tuple[Form, ...]
) -> Callable[[TranscriptRequest, str, list[str]], Json]:
    def render_request(request: TranscriptRequest, model: str, dropped: list[str]) -> Json:
        if Form.VERBOSE not in forms and transcriptions.is_timed(request):
            name = "segments" if request.form in (Form.JSON, Form.TEXT) else "form"
            raise Unsupported(f"{host} tells no times of what it hears", param=name)
        body = transcriptions.render_request(request, model, dropped)
        if forms == (Form.JSON,):
            del body["response_format"]  # there is no choice
        return body

    return render_request


def _with_usage(body: Json) -> Json:
    asked = transcriptions.asks_stream(body)
    return {**asked, "stream_include_usage": True} if asked else asked


# "formats vtt and srt are not supported": https://console.groq.com/docs/speech-text
GROQ = known_at("groq", Form.JSON, Form.TEXT, Form.VERBOSE)
# https://docs.together.ai/reference/audio-transcriptions
TOGETHER = known_at("together", Form.JSON, Form.VERBOSE)
# https://docs.deepinfra.com/api-reference/openai-audio-transcriptions
DEEPINFRA = known_at("deepinfra", *Form)
# https://docs.sambanova.ai/docs/api-reference/audio/transcribes-audio-into-the-input-language
SAMBANOVA = known_at("sambanova", Form.JSON, Form.TEXT, streams=True)
# https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/speech_to_text.py
VLLM = known_at("vllm", Form.JSON, Form.TEXT, Form.VERBOSE, streams=True, asks_stream=_with_usage)


def siliconflow(host: str) -> Mapping[str, Transcripts]:
    """https://docs.siliconflow.com/en/api-reference/audio/create-audio-transcriptions"""
    return known_at(host, Form.JSON)
