"""Names of what the Gemini API keeps, and what only looks like one."""

import json
from base64 import b64encode

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, Reject
from extproc.exchange.ids import Seal, Showing, opened
from extproc.exchange.proof import BACKEND, CALL
from providers.dialects.gemini.kept_ids import ASKED, SHOWN
from providers.dialects.gemini.resources import bare, results
from providers.errors import NotFound
from providers.usage import Usage
from tests.plans import Keys, Pairs, RequestHeaders, exchange, request_body

SEAL = Seal("a", "ann", {"key": "secret"})
HOST = "https://generativelanguage.googleapis.com/v1beta/"
MINE = SEAL.closed("files/1")


def used(uri: str) -> tuple[bytes, dict]:
    return b'{"fileData": {"fileUri": "%s"}}' % uri.encode(), {"fileData": {"fileUri": uri}}


@pytest.mark.parametrize("before", ["", HOST, "https://proxy.test:8443/v1/"])
def test_a_name_is_opened_wherever_it_stands(before: str):
    assert opened(*used(before + MINE), ASKED, SEAL) == used(f"{before}files/1")[0]


def test_a_name_is_opened_however_it_is_spelt():
    data = b'{"file_data":{"file_uri":"%s"}}' % (HOST + MINE).replace("/", "\\/").encode()
    body = {"file_data": {"file_uri": HOST + MINE}}
    sent = json.loads(opened(data, body, ASKED, SEAL))
    assert sent == {"file_data": {"file_uri": f"{HOST}files/1"}}


@pytest.mark.parametrize(
    "uri",
    [
        "files/1",
        "1",
        f"{HOST}files/1",
        f"{HOST}files/1?x={MINE}",
        f"{HOST}files%2F1",
        "HTTPS://GenerativeLanguage.googleapis.com/v1beta/files/1",
        "https://generativelanguage.mtls.googleapis.com/v1beta/files/1",
        "https://a.test@generativelanguage.googleapis.com/v1beta/files/1",
        "https://a.test\\@generativelanguage.googleapis.com/files/1",
        "https:generativelanguage.googleapis.com/v1beta/files/1",
        "https://generativel\u0430nguage.googleapis.com/v1beta/files/1",
        Seal("a", "bob", {"key": "secret"}).closed("files/1"),
        Seal("b", "ann", {"key": "secret"}).closed("files/1"),
        MINE.replace("files/", "batches/"),
        MINE.replace("files/", "cachedContents/"),
        MINE.replace("files/", ""),
    ],
)
def test_what_is_not_the_clients_is_not_found(uri: str):
    with pytest.raises(NotFound):
        opened(*used(uri), ASKED, SEAL)


@pytest.mark.parametrize(
    "uri",
    [
        "gs://bucket/files/1",
        "https://storage.googleapis.com/bucket/files/1?X-Goog-Signature=a",
        "https://www.youtube.com/watch?v=files/1",
        "http://a.test:80/files/generativelanguage",
    ],
)
def test_what_is_elsewhere_passes(uri: str):
    assert opened(*used(uri), ASKED, SEAL) == used(uri)[0]


def test_a_clients_own_words_are_not_signed():
    said = (
        b'{"name":"batches/1","metadata":{"model":"models/m","output":{"responsesFile":"files/2",'
        b'"inlinedResponses":{"inlinedResponses":[{"metadata":{"name":"files/3"},'
        b'"response":{"candidates":[{"content":{"parts":[{"functionCall":{"name":"files/4"}}]}}]'
        b"}}]}}}}"
    )
    shown = Showing(ids=SHOWN, seal=SEAL).whole(said)
    expected = said.replace(b"batches/1", SEAL.closed("batches/1").encode())
    assert shown == expected.replace(b"files/2", SEAL.closed("files/2").encode())


EMBED = "/v1beta/models/m:batchEmbedContents"


def embedding(uri: str, call: str) -> object:
    backend = {"provider": "gemini", "credential": {"api_key": "env:K"}}
    plan = compile_plan(
        parse(
            {
                "version": 1,
                "backends": {"a": backend, "b": backend},
                "routes": [{"models": ["m"], "backends": [{"backend": "a"}]}],
                "resources": {"secret": "env:K"},
            }
        )
    )
    one = exchange(plan, side="secret")
    headers = Pairs(content_type="application/json")
    headers._pairs |= {":path": EMBED, ":method": "POST"}
    one.handle(RequestHeaders(headers, {BACKEND: "a", CALL: call}, False))
    part = {"content": {"parts": [{"fileData": {"fileUri": uri}}]}}
    return one.handle(request_body({"requests": [part]}))


def test_a_part_of_a_request_is_not_opened_again():
    own = "side " + b64encode(f"secret\n{EMBED}\nm".encode()).decode()
    assert isinstance(embedding("files/1", own), Change)
    client = f"path\n{EMBED}\nm"
    refused = embedding("files/1", client)
    assert isinstance(refused, Reject)
    assert refused.status == 404
    mine = Seal("a", "", Keys().get("/resources")).closed("files/1")
    sent = embedding(mine, client)
    assert isinstance(sent, Change)
    assert b'"files/1"' in (sent.body or b"")


ONE = {"response": {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}}}
TWO = {"response": {"embedding": {}, "tokenCount": "4"}, "error": None}


@pytest.mark.parametrize(
    "output",
    [
        {"inlinedResponses": {"inlinedResponses": [ONE, {"error": {"code": 13}}, ONE, TWO]}},
        {"inlinedEmbedContentResponses": {"inlinedResponses": [ONE, ONE, TWO]}},
    ],
)
def test_results_that_stand_twice_are_charged_once(output: dict):
    metadata = {"model": "models/m", "output": output}
    for batch in ({"metadata": metadata}, {"metadata": metadata, "response": output}):
        seen = results(batch)
        assert seen.usage is not None
        assert (seen.usage.input, seen.usage.output, seen.model) == (10, 4, "m")


@pytest.mark.parametrize(
    "batch", [{}, {"metadata": None, "response": []}, {"response": {"inlinedResponses": "x"}}]
)
def test_a_batch_without_results_costs_nothing(batch: dict):
    assert results(batch).usage == Usage()


@pytest.mark.parametrize("kind", ["inlinedResponses", "inlinedEmbedContentResponses"])
def test_a_list_of_batches_has_no_results(kind: str):
    output = {kind: {"inlinedResponses": [ONE, TWO]}, "responsesFile": "files/x"}
    rest = {"responsesFile": "files/x"}
    whole = {"name": "batches/x", "done": True, "metadata": {"state": "S", "output": output}}
    page = bare(
        {"operations": [{**whole, "response": output}, {"name": "y"}], "nextPageToken": "t"}
    )
    shown = {**whole, "metadata": {"state": "S", "output": rest}, "response": rest}
    assert page == {"operations": [shown, {"name": "y"}], "nextPageToken": "t"}


@pytest.mark.parametrize(
    "page", [{}, {"operations": [{"metadata": None, "response": 7}]}, {"nextPageToken": "t"}]
)
def test_a_list_without_results_stays_as_it_is(page: dict):
    assert bare(page) == page
