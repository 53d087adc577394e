"""Requests about what is kept, without an Envoy: bodies that are none, and what goes wrong."""

import json

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, Leave, Reject
from extproc.exchange.ids import Seal
from extproc.exchange.machine import UNHEARD
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from providers.wire.budget import FILED, LINES
from tests.plans import (
    Keys,
    Pairs,
    RequestHeaders,
    exchange,
    request_body,
    response_body,
    response_headers,
)


def alone() -> Plan:
    one = {"provider": "openai", "credential": {"api_key": "env:K"}}
    return compile_plan(parse({"version": 1, "backends": {"up": one}}))


def signed() -> Plan:
    one = {"provider": "openai", "credential": {"api_key": "env:K"}}
    route = {"models": ["m"], "backends": [{"backend": "up", "model": "theirs"}]}
    settings = {"clients": {"api_keys": {"file": "c.yaml"}}, "resources": {"secret": "env:IDS"}}
    return compile_plan(
        parse({"version": 1, "backends": {"up": one}, "routes": [route], **settings})
    )


SEAL = Seal("up", "ann", Keys().get("/resources"))
MINE, BARE = SEAL.closed("file-1"), "file-2"


def begun(
    method: str,
    path: str,
    *,
    kind: str = "openai.files",
    end: bool = True,
    made: Plan | None = None,
    **more: str,
):
    one = exchange(made or alone())
    headers = Pairs(**{"content_type": "application/json", "x_ai_client": "ann", **more})
    headers._pairs |= {":path": path, ":method": method}
    attributes = {BACKEND: "up", CALL: f"kept\n{path}\n{kind}"}
    return one, one.handle(RequestHeaders(headers, attributes, end))


def test_an_answer_without_a_body_stays_so():
    one, action = begun("DELETE", "/v1/containers/c", kind="openai.containers")
    assert type(action) is Leave
    answer = one.handle(response_headers(204, end=True))
    assert isinstance(answer, Change)
    assert answer.body is None
    assert answer.metadata["status"] == 204
    assert answer.metadata["total_tokens"] == 0


def test_a_refusal_is_shown_as_the_provider_says_it_and_costs_nothing():
    one, _ = begun("GET", "/v1/files/x")
    one.handle(response_headers(404))
    error = {
        "message": "No such File",
        "type": "invalid_request_error",
        "param": "id",
        "code": None,
    }
    answer = one.handle(response_body({"error": error}))
    assert json.loads(answer.body or json.dumps({"error": error}))["error"]["message"]
    assert answer.metadata["status"] == 404


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes):
    one, action = begun("POST", "/v1/batches", kind="openai.batches", end=False)
    assert isinstance(action, Change)
    refused = one.handle(request_body(body))
    assert isinstance(refused, Reject)
    assert refused.status == 400


@pytest.mark.parametrize(
    "path", ["/v1/files/..", "/v1/files/%2e%2e", "/v1/files/%2E/content", "/v1/files/a/b/c"]
)
def test_no_id_changes_the_path(path: str):
    _, action = begun("GET", path)
    assert isinstance(action, Reject)
    assert action.status == 404


def test_an_id_is_one_segment_whatever_is_in_it():
    _, action = begun("GET", "/v1/files/a%2Fb%3Fc%0d%0ad/content?x=1%262&key=secret&api-version=9")
    assert dict(action.set_headers)[":path"] == "/v1/files/a%2Fb%3Fc%0D%0Ad/content?x=1%262"


def test_an_answer_before_a_body_that_was_announced_is_envoys_own():
    one, _ = begun("POST", "/v1/batches", kind="openai.batches", end=False)
    assert one.handle(response_headers()) == UNHEARD


def form(*parts: tuple[str, bytes]) -> bytes:
    """Each part is what follows `name=`, and its content."""
    head = b"--b\r\nContent-Disposition: form-data; name="
    return b"".join(
        [head + said.encode() + b"\r\n\r\n" + content + b"\r\n" for said, content in parts]
        + [b"--b--\r\n"]
    )


FORM = "multipart/form-data; boundary=b"
BATCH, FILE = ('"purpose"', b"batch"), '"file"; filename="a.jsonl"'


def sent(path: str, body: bytes, content_type: str = FORM, *, kind: str = "openai.files"):
    one, _ = begun("POST", path, kind=kind, end=False, made=signed(), content_type=content_type)
    return one.handle(request_body(body))


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/vnd.x+json", "multipart/mixed; boundary=b", "application/x", "*"],
)
def test_ids_are_looked_for_whatever_a_body_is_called(content_type: str):
    body = json.dumps({"file_ids": [BARE]}).encode()
    kind = "openai.vector_stores"
    refused = sent("/v1/vector_stores", body, content_type, kind=kind)
    assert isinstance(refused, Reject)
    assert refused.status == 404
    passed = sent("/v1/vector_stores", body.replace(BARE.encode(), MINE.encode()), kind=kind)
    assert isinstance(passed, Reject)  # it is no form
    mine = body.replace(BARE.encode(), MINE.encode())
    passed = sent("/v1/vector_stores", mine, content_type, kind=kind)
    assert passed.body == json.dumps({"file_ids": ["file-1"]}).encode()


@pytest.mark.parametrize(
    "parts",
    [
        [('"file_id"', BARE)],
        [('"file_id"', MINE), ('"file_id"', BARE)],
        [('"file_ids[]"', BARE)],
        [('"file_ids[0]"', BARE)],
        [('"conversation[id]"', BARE)],
        [('"file_id"; filename="x"', BARE)],
    ],
)
def test_no_form_holds_an_id_that_is_not_the_clients(parts: list[tuple[str, str]]):
    body = form(*((said, content.encode()) for said, content in parts))
    refused = sent("/v1/containers/" + MINE + "/files", body, kind="openai.containers")
    assert isinstance(refused, Reject)
    assert refused.status in (400, 404)


def test_a_form_of_several_ids_is_sent_with_the_providers():
    body = form(('"file_ids[]"', MINE.encode()), ('"file_ids[]"', SEAL.closed("file-3").encode()))
    passed = sent("/v1/containers/" + MINE + "/files", body, kind="openai.containers")
    assert passed.body == form(('"file_ids[]"', b"file-1"), ('"file_ids[]"', b"file-3"))


LINE = b'{"body":{"model":"nobody"}}\n'


@pytest.mark.parametrize(
    "parts",
    [
        [BATCH, (FILE, LINE)],
        [BATCH, BATCH, (FILE, LINE)],
        [BATCH, (FILE, LINE), (FILE, LINE)],
        [BATCH, ('"file"', LINE)],
        [('"purpose"; filename="p"', b"batch"), (FILE, LINE)],
        [('"purpose[]"', b"batch"), (FILE, LINE)],
    ],
)
def test_the_lines_of_a_batch_are_read_however_its_form_is_written(parts):
    refused = sent("/v1/files", form(*parts))
    assert isinstance(refused, Reject)
    assert refused.status in (400, 404)


@pytest.mark.parametrize(
    "content",
    [b"\n" * (LINES + 1), (b'{"a":[' + b"[]," * 100_000 + b"1]}\n") * (2 * FILED)],
)
def test_a_batch_that_would_hold_others_up_is_refused(content: bytes):
    refused = sent("/v1/files", form(BATCH, (FILE, content)))
    assert isinstance(refused, Reject)
    assert refused.status == 413
    assert sent("/v1/files", form(('"purpose"', b"user_data"), (FILE, content))).body


def test_what_is_charged_is_not_given_in_parts():
    for path, parted in ((f"/v1/files/{MINE}/content", False), (f"/v1/files/{MINE}", True)):
        _, action = begun("GET", path, made=signed(), range="bytes=0-9", if_range='"x"')
        assert isinstance(action, Leave)
        assert ("range" not in action.remove_headers) == parted


def test_pages_of_a_store_begin_behind_its_files():
    store = f"/v1/vector_stores/{SEAL.closed('vs_1')}/files"
    kind = "openai.vector_stores"
    _, action = begun("GET", f"{store}?after={MINE}&limit=2", made=signed(), kind=kind)
    path = dict(action.set_headers)[":path"]
    assert path == "/v1/vector_stores/vs_1/files?after=file-1&limit=2"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/evals", {"data_source_config": {"type": "stored_completions"}}),
        ("/v1/evals", {"data_source_config": {"type": "logs"}}),
        ("/runs", {"data_source": {"type": "responses", "source": {"type": "responses"}}}),
        ("/runs", {"data_source": {"source": {"type": "file_id", "id": BARE}}}),
    ],
)
def test_no_eval_reads_what_others_keep(path: str, body):
    whole = path if path[1] == "v" else f"/v1/evals/{SEAL.closed('eval_1')}{path}"
    refused = sent(whole, json.dumps(body).encode(), "application/json", kind="openai.evals")
    assert isinstance(refused, Reject)
    assert refused.status in (400, 404)


def test_an_eval_of_a_clients_own_file_is_run():
    source = {"type": "file_id", "id": MINE}
    body = json.dumps({"data_source": {"type": "jsonl", "source": source}}).encode()
    path = f"/v1/evals/{SEAL.closed('eval_1')}/runs"
    passed = sent(path, body, "application/json", kind="openai.evals")
    assert json.loads(passed.body)["data_source"]["source"]["id"] == "file-1"


def test_an_id_that_stands_twice_is_refused():
    body = f'{{"file_ids": ["{BARE}"], "file_ids": ["{MINE}"]}}'.encode()
    refused = sent("/v1/vector_stores", body, "application/json", kind="openai.vector_stores")
    assert isinstance(refused, Reject)
    assert refused.status == 400
    refused = sent("/v1/files", form(BATCH, (FILE, body)))
    assert isinstance(refused, Reject)
    assert refused.status == 400
