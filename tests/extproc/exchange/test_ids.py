"""Ids that lead back: nobody can make one up, and none is lost wherever bytes are cut."""

import json
import re
import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.exchange.ids import Closing, Seal, Showing, once, opened
from providers.bridging.resource import Lines
from providers.dialects.gemini.kept_ids import FILMED
from providers.dialects.openai.kept_ids import IDS
from providers.dialects.openai.resources import result
from providers.errors import BadAnswer, InvalidRequest, NotFound
from providers.wire.budget import PIECE

SECRET = {"key": "secret", "older0": "before"}
SEAL = Seal("a", "ann", SECRET)
SHOWING = Showing(ids=IDS, seal=SEAL)


@given(st.from_regex(r"[A-Za-z0-9_.:~-]{1,80}", fullmatch=True))
def test_an_id_comes_back_as_it_was(id):
    assert SEAL.opened(SEAL.closed(id)) == id
    assert SEAL.opened(SEAL.closed(SEAL.closed(id))) == SEAL.closed(id)


@pytest.mark.parametrize(
    "other",
    [
        Seal("b", "ann", SECRET),
        Seal("a", "bob", SECRET),
        Seal("a", "", SECRET),
        Seal("a", "ann", {"key": "another"}),
    ],
)
def test_nobody_else_can_use_it(other):
    assert other.opened(SEAL.closed("file-1")) is None
    assert SEAL.opened(other.closed("file-1")) is None


def test_a_secret_that_was_replaced_is_still_accepted():
    older = Seal("a", "ann", {"key": "before"})
    assert SEAL.opened(older.closed("file-1")) == "file-1"
    assert older.opened(SEAL.closed("file-1")) is None


@given(st.text(max_size=600))
def test_no_text_is_taken_for_an_id(text):
    assert SEAL.opened(text) is None
    assert SEAL.opened(SEAL.closed("x") + text) in ("x" if not text else None, None)


def test_a_body_is_given_with_the_providers_ids_and_else_unchanged():
    id = SEAL.closed("file-1")
    body = f'{{"n": 1.00, "file_ids": ["{id}"], "text": "{id} is \\"{id}\\"", "same": "{id}"}}'
    data = opened(body.encode(), json.loads(body), IDS, SEAL)
    assert data.decode() == (
        f'{{"n": 1.00, "file_ids": ["file-1"], "text": "{id} is \\"{id}\\"", "same": "file-1"}}'
    )


@pytest.mark.parametrize(
    "body",
    [
        {"file_id": "file-1"},
        {"input": [{"content": [{"file_id": "file-1"}]}]},
        {"conversation": {"id": "conv_1"}},
        {"tools": [{"vector_store_ids": ["vs_1"]}]},
        {"tools": [{"container": "cntr_1"}]},
        {"previous_response_id": Seal("a", "bob", SECRET).closed("resp_1")},
    ],
)
def test_an_id_that_was_not_shown_to_the_client_is_not_found(body):
    with pytest.raises(NotFound):
        opened(json.dumps(body).encode(), body, IDS, SEAL)


@pytest.mark.parametrize("name", ["metadata", "parameters", "schema"])
def test_a_clients_own_words_are_not_read(name):
    body = {name: {"file_id": "mine", "conversation": {"id": "mine"}}}
    data = json.dumps(body).encode()
    assert opened(data, body, IDS, SEAL) == data


def test_an_answer_says_ids_otherwise_wherever_they_stand():
    answer = {
        "object": "list",
        "data": [{"object": "batch", "id": "batch_1", "output_file_id": "file-1", "n": 1}],
        "first_id": "batch_1",
        "last_id": "batch_1",
    }
    shown = json.loads(SHOWING.whole(json.dumps(answer).encode()))
    assert shown["first_id"] == shown["last_id"] == shown["data"][0]["id"] == SEAL.closed("batch_1")
    assert shown["data"][0]["output_file_id"] == SEAL.closed("file-1")
    assert SHOWING.whole(b"no JSON") == b"no JSON"


EVENTS = (
    b'event: response.created\ndata: {"response": {"object": "response", "id": "resp_1"}}\n\n',
    b'event: response.output_text.delta\ndata: {"delta": "resp_1", "item_id": "m"}\n\n',
    b'event: response.completed\ndata: {"response": {"object": "response", "id": "resp_1"}}\n\n',
)
STREAM = b"".join(EVENTS)


@pytest.mark.parametrize("cut", range(1, len(STREAM)))
def test_a_stream_is_shown_alike_wherever_it_is_cut(cut):
    relay = Closing(Lines(None), SHOWING)
    pieces = [relay.feed(STREAM[:cut]) or b"", relay.feed(STREAM[cut:]) or b"", relay.flush()]
    shown = STREAM.replace(b'"id": "resp_1"', f'"id": "{SEAL.closed("resp_1")}"'.encode())
    assert b"".join(pieces) == shown


def test_a_line_without_an_end_is_not_kept_for_ever():
    relay = Closing(Lines(None), SHOWING)
    with pytest.raises(BadAnswer):
        for _ in range(PIECE // 1_000_000 + 2):
            relay.feed(b"x" * 1_000_000)


@pytest.mark.parametrize("cut", range(0, 150, 7))
def test_the_results_of_a_batch_are_added_up_wherever_they_are_cut(cut):
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    line = {"response": {"body": {"model": "m", "usage": usage}}}
    data = b"\n".join([json.dumps(line).encode()] * 2 + [b"nonsense", b'{"usage": 1}'])
    relay = Lines(result)
    relay.feed(data[:cut])
    relay.feed(data[cut:])
    relay.flush()
    assert relay.seen.usage is not None
    assert (relay.seen.usage.input, relay.seen.usage.output, relay.seen.model) == (14, 6, "m")


@pytest.mark.parametrize(
    "body",
    [
        b'{"previous_response_id": "resp_bare", "previous_response_id": "%s"}',
        b'{"previous_response_id" : "resp_bare","previous_response\\u005fid":"%s"}',
        b'{"tools":[{"file_ids":["file-bare"]}],"tools":[], "text":"\\":","more":"%s"}',
        b'{"conversation":{"id":"conv_bare","id":"%s"},"text":":a"}',
    ],
)
def test_an_id_that_hides_behind_another_is_refused(body: bytes):
    whole = body % SEAL.closed("resp_1").encode()
    with pytest.raises(InvalidRequest, match="twice"):
        once(whole, orjson.loads(whole))


def test_texts_that_look_like_names_are_none():
    whole = b'{"a":":b","c":"\\":d","e":["\\\\",":",{"a":"\\\\\\":"}],"n":' + b"9" * 300 + b"}"
    once(whole, orjson.loads(whole))


def test_many_ids_are_found_in_the_time_of_one_reading():
    items = [
        {"object": "file", "id": f"file-{n:08x}{n * 7919:012x}", "filename": f'"{n}\\'}
        for n in range(30_000)
    ]
    data = orjson.dumps({"object": "list", "data": items, "last_id": items[-1]["id"]})
    begun = time.process_time()
    shown = orjson.loads(SHOWING.whole(data))
    assert time.process_time() - begun < 5
    assert [SEAL.opened(one["id"]) for one in shown["data"]] == [one["id"] for one in items]
    assert [one["filename"] for one in shown["data"]] == [one["filename"] for one in items]
    assert SEAL.opened(shown["last_id"]) == items[-1]["id"]


def test_an_answer_of_too_many_values_is_not_read():
    with pytest.raises(BadAnswer, match=r"extproc\.max_values"):
        SHOWING.whole(b'{"id":[' + b"[]," * 700_000 + b"1]}")


def test_a_url_that_is_none_leads_to_the_gateway():
    showing = Showing(ids=IDS, seal=SEAL, urls=frozenset({"results_url"}), base="http://here")
    assert showing.whole(b'{"results_url":"https://[x"}') == b'{"results_url":"http://here"}'


HERE = Showing(ids=FILMED, seal=SEAL, urls=frozenset({"uri"}), base="http://here", leads=FILMED)


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("name", "models/m/operations/op1", "models/m/operations/{op1}"),
        (
            "uri",
            "https://there.test/v1beta/files/f1:download?alt=media",
            "http://here/v1beta/{files/f1}:download?alt=media",
        ),
        ("uri", "gs://a/b", "gs://a/b"),
        ("other", "models/m/operations/op1", "models/m/operations/op1"),
    ],
)
def test_an_id_within_a_path_is_signed_there(name: str, text: str, shown: str):
    shown = re.sub(r"{(.*)}", lambda match: SEAL.closed(match[1]), shown)
    said = HERE.whole(json.dumps({"a": [{"b": {name: text}}]}).encode())
    assert json.loads(said)["a"] == [{"b": {name: shown}}]


def test_a_client_is_sent_to_where_it_may_fetch_a_file():
    place = HERE.place("/v1beta/files/f1:download?alt=media")
    assert place == f"http://here/v1beta/{SEAL.closed('files/f1')}:download?alt=media"


def test_an_id_within_a_url_is_read_for_its_own_client_alone():
    url = f"http://here/v1beta/{SEAL.closed('files/f1')}:download?alt=media"
    body = {"video": {"uri": url}, "other": {"uri": "gs://a/b"}}
    data = orjson.dumps(body)
    assert orjson.loads(opened(data, body, FILMED, SEAL)) == {
        "video": {"uri": "http://here/v1beta/files/f1:download?alt=media"},
        "other": {"uri": "gs://a/b"},
    }
    stranger = Seal(SEAL.backend, "another", SEAL.secret)
    with pytest.raises(NotFound):
        opened(data, body, FILMED, stranger)
