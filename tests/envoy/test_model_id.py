"""ElevenLabs' clients name their model as `model_id`, and a voice in the path."""

import pytest

from providers.wire import multipart
from tests.envoy.finder import find

SAY = "/v1/text-to-speech/v"


@pytest.mark.parametrize("verb", ["", "/stream", "/with-timestamps", "/stream/with-timestamps"])
def test_a_model_is_found_at_each_path_of_a_voice(verb: str) -> None:
    path = f"{SAY}{verb}?output_format=pcm_24000"
    found = find(b'{"model":"a","text":"x","model_id":"b"}', **{":path": path})
    assert found.call == f"body\n{path}\nb"


def test_a_model_is_found_in_a_form() -> None:
    body, kind = multipart.render({"model": "a", "model_id": "b"})
    path = "/v1/speech-to-text"
    assert find(body, **{":path": path, "content-type": kind}).call == f"body\n{path}\nb"


def test_who_names_none_is_told_how_to() -> None:
    form, kind = multipart.render({"model": "a"})
    for path, body, said in (
        (SAY, b'{"model":"a"}', "application/json"),
        ("/v1/speech-to-text", form, kind),
    ):
        found = find(body, **{":path": path, "content-type": said})
        assert found.status == "400"
        assert "no top-level 'model_id'" in found.message
        assert "x-ai-model" in found.message


@pytest.mark.parametrize(
    "path", [f"{SAY}/x", f"{SAY}/stream/x", "/v1/text-to-speech", "/v1/text-to"]
)
def test_other_paths_of_a_voice_are_none(path: str) -> None:
    assert find(b'{"model_id":"a"}', **{":path": path}).call is None
