"""Paths that are nearly the place of an operation: what base URLs with and without /v1 make."""

import pytest

from extproc.exchange.entrances import Entrances, Listings
from providers.catalog import DIALECTS
from providers.errors import NotFound
from tests.envoy.finder import CHAT, FINDER, find

NEAR = [
    ("/chat/completions", CHAT),
    ("/v1/v1/chat/completions", CHAT),
    ("/v1/chat/completions/", CHAT),
    ("//v1/chat//completions//", CHAT),
    ("/api/v1/chat/completions", CHAT),
    ("/v1//messages", "/v1/messages"),
    ("/messages", "/v1/messages"),
    ("/v1/v1/messages/count_tokens", "/v1/messages/count_tokens"),
    ("/responses/", "/v1/responses"),
    ("/v1/api/chat", "/api/chat"),
    ("/api/api/chat", "/api/chat"),
    ("/v1/v2/chat", "/v2/chat"),
    ("/v2/v2/chat", "/v2/chat"),
    ("/models/a:generateContent", "/v1/models/a:generateContent"),
    ("/v1beta/v1beta/models/a:generateContent", "/v1beta/models/a:generateContent"),
    ("/v1/v1beta/models/a:generateContent", "/v1beta/models/a:generateContent"),
    ("/v1/model/a/converse", "/model/a/converse"),
    ("/model/a/converse/", "/model/a/converse"),
]

WRONG = [
    ("/v1/chat/completion", CHAT),
    ("/v1/chat/completitions", CHAT),
    ("/v1/message", "/v1/messages"),
    ("/v2/chats", "/v2/chat"),
]


class NoHeaders:
    def get(self, name: str) -> str | None:
        return None

    def items(self) -> list[tuple[str, str]]:
        return []


ENTRANCES = Entrances(DIALECTS.values())


@pytest.mark.parametrize(("path", "meant"), NEAR)
@pytest.mark.parametrize("query", ["", "?beta=true"])
def test_a_path_is_found_where_it_can_mean_only_one(path: str, meant: str, query: str) -> None:
    seen = FINDER.request(b'{"model":"a"}', **{":path": f"{path}{query}"})
    found = FINDER.run(seen)
    source = "path" if "/a" in meant and "/api" not in meant else "body"
    assert found.call == f"{source}\n{meant}{query}\na"
    assert seen[b"headers"][b":path"] == f"{meant}{query}".encode()


@pytest.mark.parametrize(("path", "meant"), NEAR)
def test_the_server_finds_it_without_a_finder(path: str, meant: str) -> None:
    if "count_tokens" not in path:
        assert ENTRANCES.find(path).dialect is ENTRANCES.find(meant).dialect


@pytest.mark.parametrize(("path", "meant"), WRONG)
def test_of_a_wrong_path_the_nearest_is_named(path: str, meant: str) -> None:
    seen = FINDER.request(b'{"model":"a"}', **{":path": path})
    assert FINDER.run(seen).call is None
    assert seen[b"metadata"][b"ai.finder/meant"] == meant.encode()
    with pytest.raises(NotFound, match=f"did you mean {meant}"):
        ENTRANCES.find(path)


@pytest.mark.parametrize("path", ["/", "/x", "/v1", "/v1/nothing/of/the/kind", "/" + "v1/" * 5000])
def test_a_path_that_is_like_none_names_none(path: str) -> None:
    seen = FINDER.request(b'{"model":"a"}', **{":path": path})
    assert FINDER.run(seen).call is None
    assert seen[b"metadata"][b"ai.finder/meant"] is None
    with pytest.raises(NotFound) as caught:
        ENTRANCES.find(path)
    assert "did you mean" not in caught.value.message


def test_an_operation_is_named_to_who_only_looks() -> None:
    seen = FINDER.request(b"", **{":method": "GET", ":path": CHAT})
    FINDER.run(seen)
    assert seen[b"metadata"][b"ai.finder/meant"] == CHAT.encode()
    assert find(b"", **{":method": "GET", ":path": "/v1/models"}).call is None


@pytest.mark.parametrize("path", ["/models", "/v1/v1/models", "/v1//models", "/v1/models/"])
def test_lists_are_found_there_too(path: str) -> None:
    listed = Listings(DIALECTS).find(path, NoHeaders())
    assert listed is not None
    assert listed.model is None
