"""Which voices are a client's own, and which are everybody's."""

import pytest

from providers.dialects.openai.kept_ids import SPOKEN, VOICES
from providers.dialects.openai.speech import DIALECT


@pytest.mark.parametrize(
    ("voice", "own"),
    [
        ({"id": "voice_1"}, {"voice_1"}),
        ("voice_1", {"voice_1"}),
        ("alloy", set()),
        ({"id": "alloy"}, set()),
        ("Kore\n", set()),
        (None, set()),
    ],
)
def test_a_voice_of_ones_own_is_known_by_its_id(voice: object, own: set[str]):
    assert DIALECT.ids is not None
    assert DIALECT.ids({}) is SPOKEN
    assert SPOKEN.within({"model": "tts-1", "input": "voice_2", "voice": voice}) == own


def test_a_deleted_voice_and_a_consent_have_ids():
    gone = {"id": "voice_1", "object": "audio.voice.deleted", "deleted": True}
    page = {"data": [{"id": "cons_1", "object": "audio.voice_consent"}], "first_id": "cons_1"}
    assert VOICES.within(gone) == {"voice_1"}
    assert VOICES.within(page) == {"cons_1"}
