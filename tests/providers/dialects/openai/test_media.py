"""Pictures, files, cache markers and citations, which OpenAI's formats write alike."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.dialects.openai.citations import tells
from providers.dialects.openai.media import cache, file_source, parse_audio, source
from providers.errors import InvalidRequest
from providers.neutral.chat import Cache, Citation
from providers.neutral.media import Data, Url

CONTEXT = Context(model="shown", id="c-1", now=1_700_000_000)


@pytest.mark.parametrize(
    ("marker", "ttl"),
    [
        ({"prompt_cache_breakpoint": {"mode": "explicit"}}, None),
        ({"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}, None),
        ({"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}, "1h"),
        ({"cache_control": {"type": "ephemeral", "ttl": "5m"}}, "5m"),
    ],
)
def test_openais_marker_lives_as_long_as_others_can_say(
    marker: dict[str, Any], ttl: str | None
) -> None:
    assert cache(marker, "") == Cache(ttl=ttl)


def test_no_marker_is_none() -> None:
    assert cache({"prompt_cache_breakpoint": None, "cache_control": None}, "") is None


def test_a_marker_of_chat_reaches_anthropic_in_its_own_words() -> None:
    marked = {"type": "text", "text": "x", "prompt_cache_breakpoint": {"ttl": "30m"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [marked]}]}
    sent, _ = crossed("openai.chat", "anthropic.messages", body)
    assert sent["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}


def crossed(
    client: str, target: str, body: dict[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    crossing = bridge(DIALECTS[client], DIALECTS[target], Quirks())
    sent = crossing.request(Call(data=orjson.dumps(body), body=body, model="m", stream=False))
    assert isinstance(sent, Sent)
    return orjson.loads(sent.body or b""), sent.dropped


def test_a_source_is_bytes_or_an_address() -> None:
    assert source("https://a.test/x.png", "at") == Url(url="https://a.test/x.png")
    assert source("DATA:image/png;base64,AAAA", "at") == Data(base64="AAAA", media_type="image/png")
    for bad in ("", "data:image/png,plain"):
        with pytest.raises(InvalidRequest) as refused:
            source(bad, "at")
        assert refused.value.param == "at"


def test_bare_base64_of_a_file_has_the_type_that_its_name_says() -> None:
    assert file_source("AA-_", "a.csv", "at") == Data(base64="AA+/", media_type="text/csv")
    assert file_source("AAAA", None, "at") == Data(base64="AAAA", media_type="application/pdf")
    assert file_source("https://a.test/a.pdf", None, "at") == Url(url="https://a.test/a.pdf")


def test_sound_may_be_an_address() -> None:
    part = {"type": "input_audio", "input_audio": {"data": "https://a.test/a.mp3", "format": "mp3"}}
    assert parse_audio(part, "").source == Url(url="https://a.test/a.mp3")


@pytest.mark.parametrize("target", ["openai.chat", "openai.responses"])
def test_the_title_of_a_document_given_as_text_is_named_as_lost(target: str) -> None:
    document = {"type": "text", "media_type": "text/plain", "data": "words"}
    part = {"type": "document", "title": "T", "source": document}
    body = {"model": "m", "max_tokens": 20, "messages": [{"role": "user", "content": [part]}]}
    sent, dropped = crossed("anthropic.messages", target, body)
    assert "words" in orjson.dumps(sent).decode()
    assert dropped == ("document.title",)


@pytest.mark.parametrize(
    ("citation", "told"),
    [
        (Citation(url="https://a.test/"), True),
        (Citation(title="a.pdf", native={"a": 1}, dialect="openai.responses"), True),
        (Citation(native={"a": 1}, dialect="openai.chat"), True),
        (Citation(native={"a": 1}, dialect="openai.responses"), False),
        (Citation(start=1, end=2), False),
    ],
)
def test_a_citation_of_nothing_is_not_told(citation: Citation, told: bool) -> None:
    assert tells(citation, "openai.chat") is told


FILE = {"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 1}
PATH = {"type": "file_path", "file_id": "f", "index": 1}
ANSWER = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "m",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi", "annotations": [FILE, PATH]}],
        },
    ],
}


def test_a_cited_file_reaches_clients_of_chat_by_its_name_and_hidden_thoughts_do_not() -> None:
    crossing = bridge(DIALECTS["openai.chat"], DIALECTS["openai.responses"], Quirks())
    body, _ = crossing.whole(orjson.dumps(ANSWER), CONTEXT)
    message = orjson.loads(body or b"")["choices"][0]["message"]
    cited = {"url": "", "title": "a.pdf", "start_index": 1, "end_index": 1}
    assert message["annotations"] == [{"type": "url_citation", "url_citation": cited}]
    assert message.keys() == {"role", "content", "refusal", "annotations"}


def test_a_thought_that_says_nothing_is_no_part() -> None:
    assert [type(part).__name__ for part in parts_of(ANSWER)] == ["Text"]


def parts_of(body: dict[str, Any]) -> tuple[Any, ...]:
    return DIALECTS["openai.responses"].parse_response(body).choices[0].parts
