"""What generationConfig can hold, and what is left of the rest."""

import pytest

from providers.errors import Unsupported
from providers.neutral.chat import AudioOutput, JsonOutput
from tests.providers.dialects.gemini.wire import (
    ask,
    parse,
    render,
)


def test_values_out_of_range_become_the_nearest_and_are_named():
    body, dropped = render(
        ask(seed=2**40 + 7, service_tier="scale", audio=AudioOutput(voice="alloy", format="mp3"))
    )
    assert body["generationConfig"] == {"seed": 7, "responseModalities": ["AUDIO"]}
    assert dropped == ["seed", "audio.format", "audio.voice", "service_tier"]
    with pytest.raises(Unsupported, match="at most 5"):
        render(ask(stop=tuple("abcdef")))


@pytest.mark.parametrize(
    ("tier", "sent"), [("default", "standard"), ("auto", None), ("priority", "priority")]
)
def test_tiers_have_googles_names(tier, sent):
    assert render(ask(service_tier=tier))[0].get("serviceTier") == sent


def test_who_wants_text_and_sound_gets_sound():
    speech = AudioOutput(voice="Kore", format="pcm16")
    body, dropped = render(ask(audio=speech, modalities=("text", "audio")))
    assert body["generationConfig"]["responseModalities"] == ["AUDIO"]
    assert dropped == []


@pytest.mark.parametrize(
    ("said", "output", "rest"),
    [
        (
            [{"text": {"mimeType": "application/json", "schema": {"type": "object"}}}],
            JsonOutput(schema={"type": "object"}),
            {},
        ),
        ({"text": {"mime_type": "APPLICATION/JSON"}}, JsonOutput(), {}),
        ([{"text": {"mimeType": "text/plain"}}], None, None),
        ([{"image": {"aspectRatio": "1:1"}}], None, None),
        ([{"text": {"mimeType": "application/json"}}, {"audio": {}}], None, None),
    ],
)
def test_the_newer_place_of_a_schema_is_read(said, output, rest):
    asked = parse({"contents": [], "generationConfig": {"responseFormat": said}})
    assert asked.output == output
    kept = {"responseFormat": said} if rest is None else rest
    assert asked.extras == ({"generationConfig": kept} if kept else {})
