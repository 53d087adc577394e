"""Media by URL for providers that take only bytes: what is wanted, and where it goes."""

import msgspec
import orjson
import pytest

from providers.bridging import remote
from providers.bridging.bridge import bridge
from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Call, Sent, Wanted
from providers.bridging.fidelity import Feature
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import TooLarge, Unsupported
from providers.neutral.chat import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Message,
    Role,
    Text,
    ToolResult,
    Video,
)
from providers.neutral.media import Data, FileId, Link, Url
from providers.wire.budget import Bounds

HTTPS = "https://media.test/a"
PIXEL = Data(base64="iVBORw0KGgo=", media_type="image/png")
OLLAMA, BEDROCK, GEMINI = (
    DIALECTS[name] for name in ("ollama.chat", "bedrock.converse", "gemini.generate_content")
)
OPENAI, ANTHROPIC = DIALECTS["openai.chat"], DIALECTS["anthropic.messages"]


def wanted(part, target, role=Role.USER):
    request = ChatRequest(model="m", messages=(Message(role=role, parts=(part,)),))
    return [link.url for link in remote.links(request, target, {})]


@pytest.mark.parametrize(
    ("target", "part", "url"),
    [
        (OLLAMA, Image, HTTPS),
        (OLLAMA, Image, "HTTP://media.test/a"),
        (BEDROCK, Image, HTTPS),
        (BEDROCK, Document, HTTPS),
        (BEDROCK, Video, "http://media.test/a"),
        (GEMINI, Image, "http://media.test/a"),
        (OPENAI, Audio, HTTPS),
        (OPENAI, Document, HTTPS),
    ],
)
def test_a_url_is_wanted_where_only_bytes_are_taken(target, part, url):
    assert wanted(part(source=Url(url=url)), target) == [url]


@pytest.mark.parametrize(
    ("target", "part", "url"),
    [
        (OPENAI, Image, HTTPS),
        (OPENAI, Image, "HTTPS://media.test/a"),
        (ANTHROPIC, Image, HTTPS),
        (ANTHROPIC, Document, HTTPS),
        (BEDROCK, Image, "s3://bucket/a.png"),
        (GEMINI, Image, "gs://bucket/a.png"),
        (GEMINI, Audio, HTTPS),
        (OLLAMA, Image, "gs://bucket/a.png"),
        (OLLAMA, Image, "file:///etc/passwd"),
        (OLLAMA, Audio, HTTPS),
        (OLLAMA, Document, HTTPS),
    ],
)
def test_a_url_is_not_wanted_that_the_provider_reads_or_nobody_can(target, part, url):
    assert wanted(part(source=Url(url=url)), target) == []


@pytest.mark.parametrize(
    ("target", "url"),
    [(OPENAI, "s3://bucket/a"), (BEDROCK, "gs://bucket/a"), (ANTHROPIC, "file:///etc/passwd")],
)
def test_a_url_that_nobody_can_read_is_refused(target, url):
    with pytest.raises(Unsupported, match="cannot read an address"):
        wanted(Image(source=Url(url=url)), target)


def test_what_is_no_url_is_not_wanted():
    assert wanted(Image(source=PIXEL), OLLAMA) == []
    assert wanted(Image(source=FileId(id=HTTPS)), OLLAMA) == []
    assert wanted(Text(text=HTTPS), OLLAMA) == []


@pytest.mark.parametrize("role", Role)
def test_a_url_is_found_in_every_role_and_in_tool_results(role):
    image = Image(source=Url(url=HTTPS), detail="high")
    assert wanted(image, OLLAMA, role) == [HTTPS]
    assert wanted(ToolResult(call_id="1", parts=(Text(text="a"), image)), OLLAMA, role) == [HTTPS]


def test_the_bytes_stand_where_the_url_stood():
    image = Image(source=Url(url=HTTPS), detail="high")
    kept = Image(source=Url(url="gs://bucket/a"))
    result = ToolResult(call_id="1", name="f", parts=(Text(text="a"), image))
    request = ChatRequest(
        model="m",
        messages=(
            Message(role=Role.SYSTEM, parts=(image,), name="n"),
            Message(role=Role.TOOL, parts=(result, kept)),
        ),
    )
    (first, second) = remote.inlined(request, OLLAMA, {HTTPS: PIXEL}).messages
    inline = Image(source=PIXEL, detail="high")
    assert first == Message(role=Role.SYSTEM, parts=(inline,), name="n")
    replaced = msgspec.structs.replace(result, parts=(Text(text="a"), inline))
    assert second == Message(role=Role.TOOL, parts=(replaced, kept))


def asked(*parts, **more):
    """A client's request of OpenAI's form."""
    content = [{"type": "text", "text": "what is it?"}, *parts]
    body = {"model": "m", "messages": [{"role": "user", "content": content}], **more}
    return Call(data=orjson.dumps(body), body=body, model="up", stream=False)


PICTURE = {"type": "image_url", "image_url": {"url": HTTPS}}


@pytest.mark.parametrize("target", ["ollama.chat", "bedrock.converse"])
def test_a_call_is_made_again_with_the_bytes(target):
    across = bridge(OPENAI, DIALECTS[target], Quirks())
    call = asked(PICTURE, PICTURE)
    first = across.request(call)
    assert first == Wanted(links=(Link(url=HTTPS, kind="image", name="messages.image_url"),))
    sent = across.request(msgspec.structs.replace(call, files={HTTPS: PIXEL}))
    assert isinstance(sent, Sent)
    assert sent.body.count(b"iVBORw0KGgo=") == 2
    assert b"media.test" not in sent.body


def test_between_equal_dialects_nothing_is_wanted():
    for dialect in DIALECTS.values():
        if isinstance(dialect, ChatDialect) and Feature.IMAGE_URL in dialect.carries:
            assert isinstance(bridge(dialect, dialect, Quirks()).request(asked(PICTURE)), Sent)


def test_a_request_that_is_refused_anyway_wants_nothing():
    across = bridge(OPENAI, OLLAMA, Quirks())
    with pytest.raises(Unsupported):
        across.request(asked(PICTURE, n=2))


def test_documents_and_pictures_in_tool_results_are_wanted_together():
    picture = {"type": "image", "source": {"type": "url", "url": HTTPS}}
    paper = {"type": "document", "title": "t", "source": {"type": "url", "url": f"{HTTPS}.pdf"}}
    call = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "c", "content": [picture]}
    body = {
        "model": "m",
        "max_tokens": 9,
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": [paper, {"type": "text", "text": "read it"}]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
    }
    across = bridge(ANTHROPIC, BEDROCK, Quirks())
    asked = Call(data=orjson.dumps(body), body=body, model="up", stream=False)
    links = across.request(asked).links
    assert {(link.url, link.kind) for link in links} == {
        (HTTPS, "image"),
        (f"{HTTPS}.pdf", "document"),
    }
    pdf = Data(base64="JVBERi0=", media_type="application/pdf")
    files = {HTTPS: PIXEL, f"{HTTPS}.pdf": pdf}
    sent = orjson.loads(across.request(msgspec.structs.replace(asked, files=files)).body)
    first, _, last = sent["messages"]
    (document,) = [block["document"] for block in first["content"] if "document" in block]
    assert document["source"] == {"bytes": pdf.base64}
    (shown,) = last["content"][0]["toolResult"]["content"]
    assert shown["image"] == {"format": "png", "source": {"bytes": PIXEL.base64}}


def test_a_picture_that_is_named_again_and_again_counts_each_time():
    part = {"type": "image_url", "image_url": {"url": HTTPS}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part] * 150}]}
    files = {HTTPS: Data(base64="iVBORw0KGgo=" * 100_000, media_type="image/png")}
    call = Call(data=b"", body=body, model="m", stream=False, files=files)
    between = bridge(OPENAI, BEDROCK, Quirks())
    with pytest.raises(TooLarge, match=r"envoy\.max_body_bytes"):
        between.request(call)
    roomy = between.request(msgspec.structs.replace(call, bounds=Bounds(size=200_000_000)))
    assert isinstance(roomy, Sent)


SAME = {
    "openai.chat": (
        "ollama",
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": HTTPS}]}]},
    ),
    "openai.responses": (
        "ollama",
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": HTTPS}]}]},
    ),
    "anthropic.messages": (
        "bedrock",
        {
            "max_tokens": 5,
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image", "source": {"type": "url", "url": HTTPS}}],
                }
            ],
        },
    ),
}
"""Dialect → (a provider of it that takes bytes only, a request with a URL)."""


def passing(name, body, files=None):
    provider, _ = SAME[name]
    talk, target = DIALECTS[name], PROVIDERS[provider].forms[name]
    crossing = bridge(talk, target, Quirks(functions_only=provider == "ollama"))
    data = orjson.dumps(body)
    call = Call(data=data, body=body, model="claude-sonnet-4-5", stream=False, files=files or {})
    return crossing.request(call)


@pytest.mark.parametrize("name", SAME)
def test_between_equal_dialects_bytes_take_the_place_of_a_url(name):
    body = {"model": "m", "odd": {"url": HTTPS}, **SAME[name][1]}
    wanted = passing(name, body)
    assert isinstance(wanted, Wanted)
    assert [link.url for link in wanted.links] == [HTTPS]
    assert wanted.links[0].name == DIALECTS[name].names.get(Feature.IMAGE_URL, "image.url")
    sent = passing(name, body, {HTTPS: PIXEL})
    told = orjson.loads(sent.body)
    assert told["odd"] == {"url": HTTPS}
    told.pop("odd")
    assert HTTPS not in str(told)
    assert PIXEL.base64 in str(told)
    request = DIALECTS[name].parse_request(told, "m", False)
    [part] = request.messages[0].parts
    assert part.source == PIXEL


@pytest.mark.parametrize("name", SAME)
def test_between_equal_dialects_bodies_without_media_pass(name):
    body = {"model": "claude-sonnet-4-5", "max_tokens": 5}
    text = {"role": "user", "content": f'see "{HTTPS}" or https://other.test'}
    body["input" if name == "openai.responses" else "messages"] = [text]
    sent = passing(name, body)
    assert isinstance(sent, Sent)
    plain = passing(name, {**body, **{k: [{**text, "content": "see"}] for k in ("messages",)}})
    assert (sent.body is None) == (plain.body is None)


def test_a_file_by_url_becomes_a_file_with_data_and_a_name():
    part = {"type": "input_file", "file_url": f"{HTTPS}.pdf?x"}
    body = {"model": "m", "input": [{"role": "user", "content": [part]}]}
    pdf = Data(base64="JVBERg==", media_type="application/pdf")
    sent = passing("openai.responses", body, {f"{HTTPS}.pdf?x": pdf})
    [told] = orjson.loads(sent.body)["input"][0]["content"]
    assert told == {
        "type": "input_file",
        "filename": "a.pdf",
        "file_data": "data:application/pdf;base64,JVBERg==",
    }


def test_between_equal_dialects_too_many_copies_are_refused():
    part = SAME["openai.chat"][1]["messages"][0]["content"][0]
    body = {"model": "m", "messages": [{"role": "user", "content": [part] * 3}]}
    large = Data(base64="A" * 400, media_type="image/png")
    talk, target = OPENAI, PROVIDERS["ollama"].forms["openai.chat"]
    call = Call(
        data=orjson.dumps(body),
        body=body,
        model="m",
        stream=False,
        files={HTTPS: large},
        bounds=Bounds(size=1000),
    )
    with pytest.raises(TooLarge):
        bridge(talk, target, Quirks()).request(call)
