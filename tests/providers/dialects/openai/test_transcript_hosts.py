"""Transcripts in OpenAI's format at hosts that know only some of its forms."""

from typing import Any

import msgspec
import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Bridge, Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import Unsupported
from providers.wire import multipart
from providers.wire.multipart import Upload

FILE = Upload(data=b"a", filename="a.mp3", media_type="audio/mpeg")
NAME, ENGLISH, MISTRAL = "openai.transcriptions", "openai.translations", "mistral.transcripts"
WHOLE = {
    "text": "Hi you",
    "duration": "2.0",  # as vLLM says it
    "segments": [{"id": 0, "start": 0.0, "end": 1.5, "text": " Hi you"}],
}
WORDS = {"response_format": "verbose_json", "timestamp_granularities": ["word"]}
DIARIZED = {"response_format": "diarized_json"}


def between(client: str, host: str, name: str = "") -> Bridge:
    target = PROVIDERS[host].forms.get(name or client, DIALECTS[name or client])
    return bridge(DIALECTS[client], target, Quirks())


def sent(found: Bridge, *, stream: bool = False, **asked: Any) -> Sent:
    body = {"file": FILE, "model": "m", **asked}
    if stream:
        body["stream"] = "true"
    data, content_type = multipart.render(body)
    form = multipart.parse(data, content_type)
    call = Call(data=data, body=form.members(), model="m", stream=stream, form=form)
    request = found.request(call)
    assert isinstance(request, Sent)
    return request


def asks(request: Sent) -> dict[str, Any]:
    body = request.body or b""
    boundary = body.partition(b"\r\n")[0].removeprefix(b"--").decode()
    members = multipart.parse(body, f"{multipart.TYPE}; boundary={boundary}").members()
    return {name: said for name, said in members.items() if name not in ("file", "model")}


def told(found: Bridge, request: Sent, answer: Any, client: str = NAME) -> tuple[bytes, str]:
    context = Context(model="m", id="x", now=0, echo=request.echo)
    body, seen = found.whole(orjson.dumps(answer), context)
    return body or b"", seen.content_type


PASSES: list[tuple[str, dict[str, Any]]] = [
    ("groq", {}),
    ("groq", {"response_format": "text", "prompt": "p", "language": "de"}),
    ("groq", WORDS),
    ("together", WORDS),
    ("sambanova", {"response_format": "text"}),
    ("siliconflow", {"language": "de"}),
    ("vllm", WORDS),
    ("deepinfra", {"response_format": "srt"}),
    ("groq", {"response_format": "nonsense"}),
    ("openai", {"response_format": "srt"}),
    ("azure", {"response_format": "vtt"}),
]


@pytest.mark.parametrize(("host", "asked"), PASSES)
@pytest.mark.parametrize("client", [NAME, ENGLISH])
def test_what_a_host_knows_passes(host, asked, client):
    known = {} if client == ENGLISH else asked
    assert sent(between(client, host), **known).body is None


@pytest.mark.parametrize("host", ["groq", "together", "vllm"])
@pytest.mark.parametrize("client", [NAME, ENGLISH])
@pytest.mark.parametrize(
    ("form", "begin", "kind"),
    [
        ("srt", b"1\n00:00:00,000 --> 00:00:01,500\nHi you\n", "text/plain"),
        ("vtt", b"WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHi you\n", "text/vtt"),
    ],
)
def test_subtitles_are_made_of_the_times(host, client, form, begin, kind):
    found = between(client, host)
    request = sent(found, response_format=form)
    assert asks(request) == {"response_format": "verbose_json"}
    body, content_type = told(found, request, WHOLE)
    assert body.startswith(begin)
    assert content_type.startswith(kind)


@pytest.mark.parametrize(
    ("host", "asked"), [("together", {"response_format": "json"}), ("siliconflow", {})]
)
def test_a_text_is_made_of_json(host, asked):
    found = between(NAME, host)
    request = sent(found, response_format="text")
    assert asks(request) == asked
    assert told(found, request, {"text": "Hi you"}) == (b"Hi you\n", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("host", "asked", "named"),
    [
        ("groq", DIARIZED, "response_format"),
        ("together", DIARIZED, "response_format"),
        ("vllm", {"include": ["logprobs"]}, "include"),
        ("sambanova", {"response_format": "srt"}, "response_format"),
        ("sambanova", {"response_format": "verbose_json"}, "response_format"),
        ("siliconflow", WORDS, "response_format"),
        ("siliconflow-cn", {"response_format": "vtt"}, "response_format"),
    ],
)
def test_what_a_host_cannot_tell_is_refused_by_name(host, asked, named):
    with pytest.raises(Unsupported) as raised:
        sent(between(NAME, host), **asked)
    assert raised.value.param == named


@pytest.mark.parametrize("host", ["sambanova", "siliconflow"])
def test_mistrals_clients_are_refused_by_their_own_names(host):
    with pytest.raises(Unsupported) as raised:
        sent(between(MISTRAL, host, NAME), timestamp_granularities=["segment"])
    assert raised.value.param == "timestamp_granularities"


def test_a_hint_that_a_host_does_not_know_is_named():
    request = sent(between(NAME, "groq"), chunking_strategy="auto", prompt="p")
    assert asks(request) == {"response_format": "json", "prompt": "p"}
    assert request.dropped == ("chunking_strategy",)


HINTS = {"languages": ["de"], "known_speaker_names": ["a", "b"]}


HOSTS = ("groq", "together", "deepinfra", "sambanova", "vllm")
SUBTITLED = tuple(host for host in HOSTS if host != "sambanova")


@pytest.mark.parametrize(
    ("host", "form"),
    [*((host, "json") for host in HOSTS), *((host, "srt") for host in SUBTITLED)],
)
@pytest.mark.parametrize("name", HINTS)
def test_a_hint_for_openai_alone_is_named_whether_it_passes_or_not(host, form, name):
    target = PROVIDERS[host].forms[NAME]
    found = bridge(DIALECTS[NAME], target, Quirks(drops=target.drops))
    request = sent(found, response_format=form, **{name: HINTS[name]})
    assert asks(request) == {"response_format": asks(request)["response_format"]}
    assert request.dropped == (name,)


@pytest.mark.parametrize("host", HOSTS)
def test_words_that_may_be_heard_stand_in_the_prompt(host):
    target = PROVIDERS[host].forms[NAME]
    found = bridge(DIALECTS[NAME], target, Quirks(drops=target.drops))
    request = sent(found, prompt="An opera.", keywords=["Zoe", "Ann Lee"])
    assert (asks(request)["prompt"], request.dropped) == ("An opera.\nZoe, Ann Lee", ())


def test_who_does_not_stream_is_asked_for_a_whole_answer():
    found = between(NAME, "groq")
    request = sent(found, stream=True, **{"response_format": "json"})
    assert asks(request) == {"response_format": "json"}
    context = Context(model="m", id="x", now=0, echo=request.echo)
    events = found.replay(orjson.dumps({"text": "Hi you"}), context)[0]
    assert events.count(b"data: ") == 2


@pytest.mark.parametrize("host", ["groq", "vllm"])
@pytest.mark.parametrize("form", ["srt", "vtt", "verbose_json"])
def test_a_form_that_no_stream_has_is_named(host, form):
    request = sent(between(NAME, host), stream=True, response_format=form)
    assert request.dropped == ("response_format",)


@pytest.mark.parametrize(
    ("client", "asked", "stream"),
    [
        (NAME, {"response_format": "srt"}, None),
        (NAME, {"response_format": "verbose_json"}, None),
        (MISTRAL, {}, "true"),
        (MISTRAL, {"timestamp_granularities": ["segment"]}, None),
    ],
)
def test_vllm_streams_what_has_no_times(client, asked, stream):
    form = asks(sent(between(client, "vllm", NAME), stream=True, **asked))
    assert (form.get("stream"), form.get("stream_include_usage")) == (stream, stream)


def test_what_passed_comes_back_as_it_is():
    found = between(NAME, "vllm")
    context = Context(model="m", id="x", now=0, echo={"form": "verbose_json"})
    body, seen = found.whole(orjson.dumps(WHOLE), context)
    assert body is None
    assert seen.usage is not None and seen.usage.units is not None
    assert seen.usage.units.seconds == 2
    relay = found.stream(msgspec.structs.replace(context, echo={}))
    assert relay.feed(b"data: [DONE]\n\n") is None
    assert found.error(400, {}, b'{"error": {"message": "no"}}')[1] == 400


@pytest.mark.parametrize("target", [MISTRAL, "elevenlabs.transcripts"])
@pytest.mark.parametrize(
    ("form", "grains", "dropped"),
    [
        ("json", ["segment"], True),
        ("text", ["word"], True),
        ("srt", ["segment"], False),
        ("vtt", ["word", "segment"], True),
        ("diarized_json", ["word"], True),
        ("verbose_json", ["segment"], False),
    ],
)
def test_times_for_which_a_form_has_no_place_are_named(target, form, grains, dropped):
    found = bridge(DIALECTS[NAME], DIALECTS[target], Quirks())
    request = sent(found, response_format=form, timestamp_granularities=grains)
    assert request.dropped == (("timestamp_granularities",) if dropped else ())
