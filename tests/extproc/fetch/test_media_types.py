"""What was fetched is of the kind that was asked for."""

import pytest

from providers.neutral.media import Link
from tests.extproc.fetch.asking import FIELD, link, made, refused
from tests.extproc.fetch.servers import PDF, PNG, answer


@pytest.mark.parametrize(
    ("kind", "said", "body", "media_type"),
    [
        ("image", "image/jpeg", PNG, "image/png"),
        ("image", "", PNG, "image/png"),
        ("image", "binary/octet-stream", PNG, "image/png"),
        ("image", "image/svg+xml; charset=utf-8", b"<svg/>", "image/svg+xml"),
        ("document", "application/octet-stream", PDF, "application/pdf"),
        ("document", "Text/Plain; charset=utf-8", b"words", "text/plain"),
        ("audio", "audio/mpeg", b"ID3\x03" + bytes(9), "audio/mpeg"),
        ("audio", "", b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        ("video", "video/mp4", b"\0\0\0\x18ftypisom", "video/mp4"),
        ("audio", "audio/mp4", b"\0\0\0\x18ftypisom", "audio/mp4"),
    ],
)
async def test_the_media_type_is_what_the_bytes_say(server, kind, said, body, media_type):
    server.at("/a", answer(body, said))
    found = await made(server)((link(server.url("/a"), kind),))
    assert found[server.url("/a")].media_type == media_type


@pytest.mark.parametrize(
    ("kind", "said", "body"),
    [
        ("image", "text/html", b"<html><body>log in</body></html>"),
        ("image", "image/png", b"\n<!DOCTYPE html><html></html>"),
        ("document", "text/html; charset=utf-8", b"words"),
        ("document", "text/plain", b"<html></html>"),
        ("document", "image/png", PNG),
        ("image", "application/pdf", PDF),
        ("image", "", b"words"),
        ("image", "application/octet-stream", b"words"),
        ("image", "application/json", b"{}"),
        ("audio", "video/mp4", b"\0\0\0\x18ftypisom"),
        ("video", "audio/mpeg", b"ID3\x03"),
    ],
)
async def test_what_is_not_of_the_kind_is_refused(server, kind, said, body):
    server.at("/a", answer(body, said))
    assert f"is no {kind}" in await refused(made(server), server.url("/a"), kind=kind)


@pytest.mark.parametrize(
    ("path", "said_by_client", "media_type"),
    [("/a.csv?x=1", "", "text/csv"), ("/a", "text/markdown", "text/markdown")],
)
async def test_where_nothing_else_tells_the_client_or_the_name_does(
    server, path, said_by_client, media_type
):
    server.at(path, answer(b"a;b", "application/octet-stream"))
    asked = Link(url=server.url(path), kind="document", name=FIELD, media_type=said_by_client)
    found = await made(server)((asked,))
    assert found[server.url(path)].media_type == media_type


async def test_nothing_is_no_file(server):
    server.at("/a.png", answer(b""))
    assert "empty" in await refused(made(server), server.url())
