"""Pictures, sound, films and files for Google."""

import pytest

from providers.errors import Unsupported
from providers.neutral.chat import Document, Image, Native, Video
from providers.neutral.media import Data, FileId, Url
from tests.providers.dialects.gemini.wire import (
    PIXEL,
    ask,
    parse,
    render,
    user,
)


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (Image(source=Url(url="s3://b/x.png")), "image.url"),
        (Document(source=Url(url="http://a.test/x.pdf")), "document.url"),
        (Image(source=FileId(id="file-abc")), "image.file_id"),
        (Native(dialect="anthropic.messages", value={}), "messages"),
    ],
)
def test_what_google_cannot_read_is_refused(part, param):
    with pytest.raises(Unsupported) as caught:
        render(ask(user(part)))
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        (
            Image(source=Url(url="gs://b/a.png")),
            {"mimeType": "image/png", "fileUri": "gs://b/a.png"},
        ),
        (Image(source=Url(url="gs://b/a")), {"mimeType": "image/jpeg", "fileUri": "gs://b/a"}),
        (Video(source=Url(url="https://youtu.be/x")), {"fileUri": "https://youtu.be/x"}),
        (Image(source=Url(url="https://youtu.be/x")), {"fileUri": "https://youtu.be/x"}),
        (
            Image(source=Url(url="https://a.test/x.webp?size=1")),
            {"mimeType": "image/webp", "fileUri": "https://a.test/x.webp?size=1"},
        ),
        (
            Document(source=Url(url="https://a.test/x")),
            {"mimeType": "application/pdf", "fileUri": "https://a.test/x"},
        ),
        (
            Document(source=FileId(id="files/x", media_type="application/pdf")),
            {
                "mimeType": "application/pdf",
                "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x",
            },
        ),
    ],
)
def test_files_that_google_reads_are_named(part, sent):
    body, dropped = render(ask(user(part)))
    assert body["contents"][0]["parts"] == [{"fileData": sent}]
    assert dropped == []


def test_a_closer_look_than_the_closest_is_named():
    picture = Image(source=Data(base64=PIXEL, media_type="image/png"), detail="original")
    body, dropped = render(ask(user(picture)))
    assert body["generationConfig"] == {"mediaResolution": "MEDIA_RESOLUTION_HIGH"}
    assert dropped == ["image.detail"]


def test_the_closest_look_wins():
    pictures = [
        Image(source=Data(base64=PIXEL, media_type="image/png"), detail=detail)
        for detail in ("low", "high")
    ]
    body, dropped = render(ask(user(*pictures)))
    assert body["generationConfig"] == {"mediaResolution": "MEDIA_RESOLUTION_HIGH"}
    assert dropped == ["image.detail"]
    assert [part.detail for part in parse(body).messages[0].parts] == ["high", "high"]
