"""ElevenLabs' clients before others: what their paths and bodies say."""

from typing import Any

import orjson
import pytest

from extproc.exchange.entrances import Entrances
from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import ApiError, BadAnswer, Cause, InvalidRequest, Unsupported
from providers.usage import Units, Usage
from providers.wire import multipart
from providers.wire.multipart import Upload

SPEECH, TIMED, HEARD = "elevenlabs.speech", "elevenlabs.timed_speech", "elevenlabs.transcripts"
FILE = Upload(data=b"abcd", filename="a.mp3", media_type="audio/mpeg")
FIND = Entrances(DIALECTS.values()).find
SAY = "/v1/text-to-speech/v"
WRITE = "/v1/speech-to-text"


def sent(path: str, body: dict[str, Any], target: str, data: bytes = b"{}") -> Sent:
    place = FIND(path)
    call = Call(data=data, body=body, model="m", stream=False, address=place.address)
    found = bridge(place.dialect, DIALECTS[target], Quirks()).request(call)
    assert isinstance(found, Sent)
    return found


def spoken(query: str = "", **body: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    found = sent(SAY + query, {"text": "a", **body}, "openai.speech")
    return orjson.loads(found.body or b""), found.dropped


def written(target: str = "openai.transcriptions", query: str = "", **body: Any) -> Any:
    found = sent(WRITE + query, {"file": FILE, **body}, target)
    return multipart.parse(found.body or b"", found.content_type).members(), found.dropped


@pytest.mark.parametrize(
    ("path", "name", "stream"),
    [
        (SAY, SPEECH, None),
        (f"{SAY}/stream", SPEECH, None),
        (f"{SAY}/with-timestamps", TIMED, False),
        (f"{SAY}/stream/with-timestamps", TIMED, True),
        (WRITE, HEARD, None),
    ],
)
def test_each_place_is_found_with_and_without_a_version(path, name, stream):
    for near in (path, path.removeprefix("/v1"), f"/v1{path}"):
        place = FIND(near)
        assert (place.dialect.name, place.stream, place.path_model) == (name, stream, "")


def test_the_path_names_the_voice():
    assert spoken()[0] == {"model": "m", "input": "a", "voice": "v"}
    assert sent("/v1/text-to-speech/a%2Fb", {"text": "a"}, "openai.speech").body == (
        b'{"model":"m","input":"a","voice":"a/b"}'
    )


def test_no_body_names_another_voice_but_the_settings_of_a_backend():
    assert spoken(voice="alloy")[0]["voice"] == "v"
    quirks = Quirks(override={"voice": "alloy"})
    call = Call(data=b"", body={"text": "a"}, model="m", stream=False, address=FIND(SAY).address)
    found = bridge(DIALECTS[SPEECH], DIALECTS["openai.speech"], quirks).request(call)
    assert isinstance(found, Sent)
    assert orjson.loads(found.body or b"")["voice"] == "alloy"


@pytest.mark.parametrize(
    ("said", "asked", "lost"),
    [
        ("mp3_44100_128", "mp3", ()),
        ("pcm_24000", "pcm", ()),
        ("mp3_22050_32", "mp3", ("output_format",)),
        ("wav_8000", "wav", ("output_format",)),
    ],
)
def test_a_format_is_named_where_its_rate_is_not_sure(said, asked, lost):
    body, dropped = spoken(f"?output_format={said}")
    assert (body["response_format"], dropped) == (asked, lost)


@pytest.mark.parametrize("format", ["pcm_16000", "ulaw_8000", "alaw_8000", "ogg", ""])
def test_bare_samples_of_another_rate_are_refused_with_what_there_is(format):
    with pytest.raises(Unsupported, match="mp3_44100_128, pcm_24000") as refused:
        spoken(f"?x=1&output_format={format}")
    assert refused.value.param == "output_format"


def test_what_others_cannot_be_told_is_named():
    settings = {"speed": 1.1, "stability": 0.5, "style": None}
    body, dropped = spoken(
        "?optimize_streaming_latency=2", voice_settings=settings, language_code="de", seed=7
    )
    assert body["speed"] == 1.1
    assert set(dropped) == {
        *("optimize_streaming_latency", "voice_settings.stability", "language_code", "seed"),
    }


@pytest.mark.parametrize("target", ["openai.speech", "openai.transcriptions"])
def test_who_wants_nothing_kept_is_not_sent_elsewhere(target):
    path = SAY if target == "openai.speech" else WRITE
    with pytest.raises(Unsupported, match="enable_logging"):
        sent(f"{path}?enable_logging=false", {"text": "a", "file": FILE}, target)


def test_a_text_in_the_query_is_none():
    with pytest.raises(InvalidRequest, match="text"):
        sent(f"{SAY}?text=a", {}, "openai.speech")


@pytest.mark.parametrize(
    ("path", "target", "ending"),
    [
        (SAY, SPEECH, ""),
        (
            f"{SAY}/stream?output_format=pcm_8000&new=1",
            SPEECH,
            "/stream?output_format=pcm_8000&new=1",
        ),
        (f"{SAY}/with-timestamps?output_format=a%26b", TIMED, "?output_format=a%26b"),
        (f"{SAY}?key=secret&a=1&%6bey=secret", SPEECH, "?a=1"),
        (f"{WRITE}?token=secret&enable_logging=false", HEARD, "?enable_logging=false"),
    ],
)
def test_at_elevenlabs_a_path_ends_as_the_client_has_said_but_for_its_key(path, target, ending):
    found = sent(path, {"text": "a", "model_id": "m"}, target)
    assert (found.body, found.ending) == (None, ending)


def test_the_model_is_put_where_it_belongs():
    assert sent(SAY, {"text": "a"}, SPEECH, b'{"text":"a"}').body == b'{"model_id":"m","text":"a"}'


@pytest.mark.parametrize("target", ["openai.speech", "gemini.speech", SPEECH])
def test_times_of_letters_are_told_by_nobody_else(target):
    with pytest.raises(Unsupported, match="with-timestamps"):
        sent(f"{SAY}/with-timestamps", {"text": "a"}, target)


def test_samples_come_bare_where_they_are_asked_for_so():
    found = sent(f"{SAY}?output_format=pcm_24000", {"text": "a"}, "gemini.speech")
    between = bridge(DIALECTS[SPEECH], DIALECTS["gemini.speech"], Quirks())
    part = {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAA="}}
    answer = orjson.dumps({"candidates": [{"content": {"parts": [part]}}]})
    data, seen = between.whole(answer, Context(model="m", id="x", now=0, echo=found.echo))
    assert (data, seen.content_type) == (b"\0\0", "audio/pcm")


@pytest.mark.parametrize("answer", [{}, {"audio_base64": "%"}, {"audio_base64": 5}])
def test_an_answer_without_sound_is_bad(answer):
    dialect = DIALECTS[TIMED]
    with pytest.raises(BadAnswer):
        dialect.parse_response(answer)


def test_a_recording_and_its_language_are_carried():
    body, dropped = written(language_code="deu", temperature="0.5", keyterms=["Ann", "Bob"])
    assert dropped == ()
    assert body == {
        "model": "m",
        "file": FILE,
        "language": "de",
        "temperature": "0.5",
        "prompt": "Ann, Bob",
        "response_format": "json",
    }


def test_times_and_speakers_are_asked_for_where_they_are_wanted():
    assert written(timestamps_granularity="word")[0]["timestamp_granularities"] == ["word"]
    assert written(diarize="true")[0]["response_format"] == "diarized_json"
    assert written(diarize="false")[0]["response_format"] == "json"


def test_hints_for_recordings_are_named():
    assert set(written(num_speakers="2", tag_audio_events="true", seed="7")[1]) == {
        *("num_speakers", "tag_audio_events", "seed"),
    }


def test_what_the_sdk_was_not_told_is_not_said():
    assert written(entity_detection="null", webhook_metadata="null")[1] == ()


def test_bare_samples_get_a_header():
    file = written(file_format="pcm_s16le_16")[0]["file"]
    assert (file.filename, file.media_type, file.data[:4]) == ("a.wav", "audio/wav", b"RIFF")
    assert file.data.endswith(FILE.data)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"webhook": "true"}, "webhook"),
        ({"use_multi_channel": "True"}, "use_multi_channel"),
        ({"additional_formats": "[{}]"}, "additional_formats"),
        ({"entity_redaction": ["pii"]}, "entity_redaction"),
        ({"source_url": "https://a", "file": None}, "source_url"),
        ({"timestamps_granularity": "character"}, "timestamps_granularity"),
    ],
)
def test_what_only_elevenlabs_does_is_refused_by_name(said, name):
    with pytest.raises(Unsupported) as refused:
        written(**said)
    assert refused.value.param == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"file": None}, "file"),
        ({"file": "a"}, "file"),
        ({"seed": "1.5"}, "seed"),
        ({"seed": "inf"}, "seed"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": ["1", "2"]}, "temperature"),
    ],
)
def test_what_is_wrong_in_a_form_is_named(said, name):
    with pytest.raises(InvalidRequest) as refused:
        written(**said)
    assert refused.value.param == name


def told(answer: dict[str, Any]) -> dict[str, Any]:
    between = bridge(DIALECTS[HEARD], DIALECTS["openai.transcriptions"], Quirks())
    context = Context(model="m", id="x", now=0)
    return orjson.loads(between.whole(orjson.dumps(answer), context)[0] or b"")


def test_words_come_with_spaces_between_them():
    words = [{"word": "a", "start": 0, "end": 1}, {"word": "b", "start": 2, "end": 3}]
    said = told({"text": "a b", "language": "en", "duration": 3, "words": words})
    assert "".join(one["text"] for one in said["words"]) == "a b"
    assert [(one["type"], one["start"], one["end"]) for one in said["words"]] == [
        ("word", 0, 1),
        ("spacing", 1, 2),
        ("word", 2, 3),
    ]
    assert (said["language_code"], said["language_probability"]) == ("eng", 1)
    assert said["audio_duration_secs"] == 3


def test_speakers_are_told_where_there_are_no_words():
    turns = [{"text": "Hi.", "start": 0, "end": 1, "speaker": "A"}]
    turns.append({"text": "Ho.", "start": 1, "end": 2, "speaker": "B"})
    said = told({"text": "Hi. Ho.", "segments": turns})
    assert [(one["text"], one["speaker_id"]) for one in said["words"]] == [
        *[("Hi.", "A"), (" ", "A"), ("Ho.", "B")],
    ]


def test_a_transcript_without_times_has_no_words():
    said = {"language_code": "", "language_probability": 0, "text": "a", "words": []}
    assert told({"text": "a"}) == said


@pytest.mark.parametrize("said", [{"audio_duration_secs": 7.5}, {}])
def test_all_channels_of_a_recording_are_charged(said):
    words = [{"text": "a", "start": 0, "end": 2, "type": "word"}]
    channels = [{"text": "a", "words": words}, {"text": "a", "words": [words[0] | {"end": 7.5}]}]
    seen = DIALECTS[HEARD].watch({"transcripts": channels, **said})
    assert seen.usage == Usage(units=Units(seconds=7.5))


def test_errors_are_in_the_form_of_elevenlabs():
    error = ApiError(status=404, cause=Cause.NOT_FOUND, message="no", code=None)
    status, _, body = DIALECTS[SPEECH].render_error(error)
    assert status == 404
    assert orjson.loads(body)["detail"] == {"status": "model_not_found", "message": "no"}
