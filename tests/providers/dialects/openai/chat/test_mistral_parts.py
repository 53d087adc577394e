"""Content parts that only Mistral's clients send, to whoever answers."""

from typing import Any

import pytest
from mistralai.client.models import ChatCompletionRequest

from providers.neutral.chat import Audio, Document, Part, Text
from providers.neutral.media import Data, Url
from tests.providers.dialects.openai.chat.talk import ask


@pytest.mark.parametrize(
    ("part", "meant"),
    [
        (
            {"type": "document_url", "document_url": "https://e.test/a.pdf", "document_name": "a"},
            Document(source=Url(url="https://e.test/a.pdf"), name="a"),
        ),
        (
            {"type": "document_url", "document_url": "data:application/pdf;base64,JVBE"},
            Document(source=Data(base64="JVBE", media_type="application/pdf")),
        ),
        (
            {"type": "input_audio", "input_audio": "https://e.test/a.mp3"},
            Audio(source=Url(url="https://e.test/a.mp3")),
        ),
        (
            {"type": "input_audio", "input_audio": "UklGRiQA"},
            Audio(source=Data(base64="UklGRiQA", media_type="audio/wav")),
        ),
        (
            {"type": "input_audio", "input_audio": "SUQzBAAA"},
            Audio(source=Data(base64="SUQzBAAA", media_type="audio/mpeg")),
        ),
    ],
)
def test_mistrals_documents_and_sound_are_understood(part: dict[str, Any], meant: Part) -> None:
    ChatCompletionRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    )
    (message,) = ask({"role": "user", "content": [part]}).messages
    assert message.parts == (meant,)


def test_mistrals_references_are_left_out_of_what_was_said() -> None:
    content = [
        {"type": "text", "text": "Paris"},
        {"type": "reference", "reference_ids": [0, 1]},
        {"type": "text", "text": "."},
    ]
    (message,) = ask({"role": "assistant", "content": content}).messages
    assert message.parts == (Text(text="Paris"), Text(text="."))
