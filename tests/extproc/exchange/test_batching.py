"""Batches of OpenAI's clients at other vendors, without an Envoy: files, answers, what is wrong."""

import json
from collections.abc import Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, Leave, Reject, Rest, Rested
from extproc.exchange.loading import LINES_AT_ONCE
from extproc.exchange.machine import Exchange, OrderError
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from providers.neutral.batch_lists import Standing
from providers.neutral.batches import Part, Slip
from tests.extproc.exchange.test_errand import FORM, form
from tests.plans import (
    Keys,
    Pairs,
    RequestBody,
    RequestHeaders,
    response_body,
    response_headers,
)

CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
FILES, BATCHES = "openai.files", "openai.batches"
MODELS = {"claude": "claude-sonnet-4-5", "gem": "gemini-2.5-flash", "vec": "gemini-embedding-001"}
VENDORS = [("anthropic", "claude"), ("gemini", "gem")]


def plan(provider: str, route: Mapping[str, Any] = MappingProxyType({}), **more: Any) -> Plan:
    one = {
        "provider": provider,
        "credential": {"api_key": "env:K"},
        "openai_batches": True,
    }
    routes = [
        {"models": [name], "backends": [{"backend": "up", "model": model}], **route}
        for name, model in MODELS.items()
    ]
    return compile_plan(parse({"version": 1, "backends": {"up": one}, "routes": routes, **more}))


def begun(
    made: Plan, method: str, path: str, kind: str, *, end: bool, pace: float = 0.001, **headers: str
):
    """`pace`: seconds between two looks at the clock."""
    one = Exchange(made, Keys(), count(1_700_000_000, pace).__next__)
    pairs = Pairs(**{"content_type": "application/json", **headers})
    pairs._pairs |= {":path": path, ":method": method}
    attributes = {BACKEND: "up", CALL: f"kept\n{path}\n{kind}"}
    return one, one.handle(RequestHeaders(pairs, attributes, end))


def rested(one: Exchange, action: Any) -> tuple[Any, int]:
    """The action after all rests, and how many there were."""
    rests = 0
    while isinstance(action, Rest):
        rests += 1
        action = one.handle(Rested())
    return action, rests


def line(id: str = "a", url: str = CHAT, model: str = "gem", **body: Any) -> dict[str, Any]:
    said = {"messages": [{"role": "user", "content": "hi"}]} if url == CHAT else {}
    return {"custom_id": id, "method": "POST", "url": url, "body": {"model": model, **said, **body}}


def sent(made: Plan, *lines: Any, purpose: bytes = b"batch", pace: float = 0.001):
    one, action = begun(made, "POST", "/v1/files", FILES, end=False, pace=pace, content_type=FORM)
    assert isinstance(action, Change), action
    written = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
    file = '"file"; filename="a.jsonl"', b"\n".join(written)
    return one, *rested(one, one.handle(RequestBody(form(('"purpose"', purpose), file))))


def words(action: Any) -> str:
    assert isinstance(action, Reject), action
    return json.loads(action.body)["error"]["message"]


LONG = "x" * 65
ODD_TOOL = {"type": "function", "function": {"name": "a.b c", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([b"{"], "line 1: it is not valid JSON"),
        ([b"[1]"], "line 1: it is no JSON object"),
        ([line(), b"", line("b") | {"methods": 1}], "line 3: it has an unknown member, 'methods'"),
        ([line(), line()], "line 2: custom_id 'a' is there twice"),
        ([line("")], "line 1: custom_id must be"),
        ([line() | {"method": "GET"}], "line 1: method must be POST"),
        ([line(url="/v1/completions")], "line 1: url must be one of"),
        ([line() | {"body": []}], "line 1: body must be"),
        ([line(stream=True)], "line 1: a batch cannot stream"),
        ([line(model="nobody")], "line 1: the model 'nobody' does not exist"),
        ([line(), line("b", model="claude")], "line 2: all lines must have one url and one model"),
        ([line(), line("b", EMBEDDINGS, input="x")], "line 2: all lines must have one url"),
        ([line(logprobs="x")], "line 1: logprobs"),
        (
            [line("a", EMBEDDINGS, "vec", input=["x", "y"])],
            "line 1: a line of a batch there",
        ),
        ([], "the file holds no requests"),
    ],
)
def test_a_file_is_refused_by_the_number_of_its_line(lines: list[Any], said: str):
    _, action, _ = sent(plan("gemini"), *lines)
    assert words(action).startswith(said)
    assert action.status in (400, 404)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (line(LONG, model="claude"), "is too long for its provider"),
        (line("é" * 30, model="claude"), "is too long for its provider"),
        (line(model="claude", tools=[ODD_TOOL]), "its tools would need other names"),
        (line(model="claude", n=2), "n cannot be expressed"),
    ],
)
def test_what_cannot_be_remembered_is_refused(one: dict[str, Any], said: str):
    _, action, _ = sent(plan("anthropic"), one)
    assert said in words(action)


def test_files_of_other_kinds_are_not_for_these_vendors():
    _, action, _ = sent(plan("gemini"), line(), purpose=b"user_data")
    assert "purpose: batch" in words(action)


def test_others_have_their_turn_while_a_file_is_read():
    lines = [line(f"r{number}") for number in range(5 * LINES_AT_ONCE)]
    one, action, rests = sent(plan("gemini"), *lines)
    assert rests >= 5
    assert isinstance(action, Change)
    assert action.body.count(b'"key":') == len(lines)
    with pytest.raises(OrderError):
        one.handle(Rested())


def test_a_file_that_takes_too_long_is_given_up():
    lines = [line(f"r{number}") for number in range(5 * LINES_AT_ONCE)]
    _, action, _ = sent(plan("gemini"), *lines, pace=30)
    assert action.status == 413
    assert "fewer lines" in words(action)


def test_a_file_grows_no_further_than_a_body_may():
    small = plan("anthropic", envoy={"max_body_bytes": 65_536})
    lines = [line(f"r{n}", model="claude", max_tokens=5) for n in range(900)]
    _, action, _ = sent(small, *lines)
    assert action.status == 413
    assert words(action).startswith("line ")


def test_a_file_has_no_more_lines_than_a_vendor_takes():
    _, action, _ = sent(plan("anthropic"), *[b"{}"] * 100_001)
    assert action.status == 413
    assert "more than 100000 lines" in words(action)
    _, action, _ = sent(plan("anthropic"), *[b"{}"] * 100_000, b"")
    assert words(action).startswith("line 1:")


def test_what_a_route_says_of_requests_holds_for_lines():
    edits = {"limits": {"max_tokens": 50}, "override": {"temperature": 0.5}}
    made = plan("anthropic", {"request": edits})
    one, action, _ = sent(made, line(model="claude", max_tokens=500, seed=1))
    params = json.loads(action.body)["requests"][0]["params"]
    assert (params["max_tokens"], params["temperature"]) == (50, 0.5)
    named = dict(one.handle(response_headers()).set_headers)["x-ai-dropped-params"]
    assert named == "max_tokens, seed"
    strict = plan("anthropic", {"request": {"losses": "refuse"}})
    _, action, _ = sent(strict, line(model="claude", seed=1))
    assert words(action).startswith("line 1: seed would be lost")


def test_a_model_of_others_is_none():
    keys = {"clients": {"api_keys": {"file": "c.yaml"}}, "resources": {"secret": "env:IDS"}}
    _, action, _ = sent(plan("gemini", {"clients": ["bob"]}, **keys), line())
    assert action.status == 404
    assert words(action) == "line 1: the model 'gem' does not exist"


def slip(provider: str, part: Part, **more: Any) -> str:
    model, ref = ("claude", "msgbatch_1") if provider == "anthropic" else ("gem", "files/x")
    if part is Part.BATCH and provider == "gemini":
        ref = "batches/x"
    facts = {"endpoint": "c", "lines": 2, "size": 9, "created": 7, "model": model, "ref": ref}
    prefix = "batch_" if part is Part.BATCH else "file-"
    return prefix + Slip(part=part, **facts | more).text()


def asked(provider: str, body: dict[str, Any]) -> Any:
    one, _ = begun(plan(provider), "POST", "/v1/batches", BATCHES, end=False)
    return one.handle(RequestBody(json.dumps(body).encode()))


ASKED = {"endpoint": CHAT, "completion_window": "24h"}


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"completion_window": "1h"}, 400, "completion_window must be 24h"),
        ({"endpoint": EMBEDDINGS}, 400, "endpoint must be the url"),
        ({"endpoint": "/v1/x"}, 400, "endpoint must be one of"),
        ({"input_file_id": None}, 400, "input_file_id"),
        ({"input_file_id": "file-abc"}, 404, "there is nothing"),
        ({"input_file_id": slip("gemini", Part.OUTPUT)}, 404, "there is no file of requests"),
        ({"input_file_id": slip("gemini", Part.BATCH)}, 404, "there is no file of requests"),
        ({"input_file_id": slip("gemini", Part.INPUT, endpoint="x")}, 404, "there is nothing"),
        ({"input_file_id": slip("gemini", Part.INPUT, model="nobody")}, 404, "does not exist"),
    ],
)
def test_a_batch_is_refused_in_words(changes: dict[str, Any], status: int, said: str):
    body = {"input_file_id": slip("gemini", Part.INPUT), **ASKED, **changes}
    action = asked("gemini", body)
    assert said in words(action)
    assert action.status == status


def shown(provider: str, answer: dict[str, Any], part: Part = Part.BATCH) -> dict[str, Any]:
    id = slip(provider, part)
    one, action = begun(plan(provider), "GET", f"/v1/batches/{id}", BATCHES, end=True)
    assert type(action) is Leave, action
    one.handle(response_headers())
    return json.loads(one.handle(response_body(answer)).body)


COUNTS = {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}


@pytest.mark.parametrize(
    ("said", "counts", "state", "files"),
    [
        ({"processing_status": "in_progress"}, {"processing": 2}, "in_progress", (False, False)),
        ({"processing_status": "canceling"}, {"processing": 2}, "cancelling", (False, False)),
        ({"processing_status": "ended"}, {"succeeded": 2}, "completed", (True, False)),
        ({"processing_status": "ended"}, {"errored": 2}, "completed", (False, True)),
        ({"processing_status": "ended"}, {"succeeded": 1, "expired": 1}, "expired", (True, True)),
        (
            {"processing_status": "ended", "cancel_initiated_at": "2026-01-01T00:00:00Z"},
            {"succeeded": 1, "canceled": 1},
            "cancelled",
            (True, True),
        ),
    ],
)
def test_a_batch_of_anthropics_is_shown(
    said: dict[str, Any], counts: dict[str, int], state: str, files: tuple[bool, bool]
):
    url = "https://x.test" if said["processing_status"] == "ended" else None
    times = {"created_at": "2026-01-01T00:00:01.5Z", "ended_at": "2026-01-02T00:00:00Z"}
    facts = {"id": "msgbatch_1", "request_counts": COUNTS | counts, "results_url": url, **times}
    batch = shown("anthropic", facts | said)
    assert batch["status"] == state
    assert (bool(batch["output_file_id"]), bool(batch["error_file_id"])) == files
    assert batch["created_at"] == 1767225601
    if url:
        assert batch[f"{state}_at"] == 1767312000
    assert batch["request_counts"]["total"] == 2


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("PENDING", "validating"),
        ("RUNNING", "in_progress"),
        ("SUCCEEDED", "completed"),
        ("FAILED", "failed"),
        ("CANCELLED", "cancelled"),
        ("EXPIRED", "expired"),
    ],
)
def test_a_batch_of_geminis_is_shown(state: str, told: str):
    output = {"responsesFile": "files/batch-x"} if state == "SUCCEEDED" else {}
    stats = {"requestCount": "3", "successfulRequestCount": "2", "failedRequestCount": "1"}
    metadata = {"state": f"BATCH_STATE_{state}", "batchStats": stats, "output": output}
    failed = {"error": {"code": 13, "message": "no"}} if state == "FAILED" else {}
    batch = shown("gemini", {"name": "batches/x", "metadata": metadata, **failed})
    assert batch["status"] == told
    assert batch["request_counts"] == {"total": 3, "completed": 2, "failed": 1}
    assert bool(batch["output_file_id"]) is bool(batch["error_file_id"]) is bool(output)
    assert bool(batch["errors"]) is bool(failed)


@pytest.mark.parametrize(
    ("provider", "answer"),
    [("anthropic", {"id": "x"}), ("gemini", {"name": "batches/x"}), ("gemini", {"metadata": 1})],
)
def test_an_answer_that_is_no_batch_is_an_error(provider: str, answer: dict[str, Any]):
    assert "no batch" in shown(provider, answer)["error"]["message"]


def fetched(provider: str, part: Part, data: bytes, cut: int, **more: Any) -> tuple[list[Any], Any]:
    """(the lines that a client gets of a vendor's, what is reported)."""
    id = slip(provider, part, **more)
    one, action = begun(plan(provider), "GET", f"/v1/files/{id}/content", FILES, end=True)
    assert type(action) is Leave, action
    headers = one.handle(response_headers(content_type="application/octet-stream"))
    assert ("content-type", "application/jsonl") in headers.set_headers
    found, last = b"", None
    for at in range(0, len(data), cut):
        last = one.handle(response_body(data[at : at + cut], end=at + cut >= len(data)))
        found += last.body or b""
    return [json.loads(each) for each in found.splitlines()], last.metadata


def claude(id: str, text: str) -> dict[str, Any]:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    return {"custom_id": id, "result": {"type": "succeeded", "message": message}}


ERROR = {"type": "error", "error": {"type": "rate_limit_error", "message": "slower"}}
OF_CLAUDE = [
    claude("a", "one"),
    {"custom_id": "b", "result": {"type": "errored", "error": ERROR}},
    claude("gw_j_w7w", '```json\n{"a": 1}\n```'),
    {"custom_id": "c", "result": {"type": "expired"}},
]
CALL_OF = {"functionCall": {"name": "f", "args": {}}}
OF_GEMINI = [
    {
        "key": key,
        "response": {
            "candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4},
            "modelVersion": "gemini-2.5-flash",
        },
    }
    for key, parts in (("a", [{"text": "one"}]), ("gw_f_w7w", [CALL_OF, CALL_OF]))
] + [
    {"key": "b", "error": {"code": 8, "message": "slower"}},
    {"key": "c", "response": {"candidates": [], "usageMetadata": {"promptTokenCount": 5}}},
]


def jsonl(lines: list[Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


@pytest.mark.parametrize("cut", [1, 7, 100, 10_000])
def test_answers_are_told_wherever_they_are_cut(cut: int):
    said, record = fetched("anthropic", Part.OUTPUT, jsonl(OF_CLAUDE)[:-1], cut)
    assert [one["custom_id"] for one in said] == ["a", "ü"]
    texts = [one["response"]["body"]["choices"][0]["message"]["content"] for one in said]
    assert texts == ["one", '{"a": 1}']
    assert (record["input_tokens"], record["output_tokens"]) == (6, 8)
    said, record = fetched("gemini", Part.OUTPUT, jsonl(OF_GEMINI), cut)
    assert [one["custom_id"] for one in said] == ["a", "ü", "c"]
    calls = said[1]["response"]["body"]["choices"][0]["message"]["tool_calls"]
    assert len(calls) == 1
    assert said[2]["response"]["status_code"] == 502
    assert (record["input_tokens"], record["output_tokens"]) == (11, 8)


def test_what_failed_is_told_apart_and_costs_nothing():
    said, record = fetched("anthropic", Part.ERRORS, jsonl(OF_CLAUDE), 50)
    assert [one["custom_id"] for one in said] == ["b", "c"]
    assert said[0]["response"]["status_code"] == 429
    assert said[0]["response"]["body"]["error"]["message"] == "slower"
    assert said[1]["error"]["code"] == "batch_expired"
    assert record["total_tokens"] == 0
    said, _ = fetched("gemini", Part.ERRORS, jsonl(OF_GEMINI), 50)
    assert [(one["custom_id"], one["response"]["status_code"]) for one in said] == [("b", 429)]


def test_vectors_are_told_and_counted():
    row = {"key": "a", "response": {"embedding": {"values": [0.5]}, "tokenCount": "9"}}
    said, record = fetched("gemini", Part.OUTPUT, jsonl([row]), 9, model="vec", endpoint="e")
    assert said[0]["response"]["body"]["data"][0]["embedding"] == [0.5]
    assert record["input_tokens"] == 9


@pytest.mark.parametrize("wrong", [b"{\n", b"nothing\n"])
def test_results_that_are_none_end_with_an_error(wrong: bytes):
    said, record = fetched("anthropic", Part.OUTPUT, jsonl(OF_CLAUDE[:1]) + wrong, 10_000)
    assert said == [] or [one["custom_id"] for one in said] == ["a"]
    assert record["error_type"]


@pytest.mark.parametrize(("provider", "model"), VENDORS)
def test_a_file_of_requests_cannot_be_read_again(provider: str, model: str):
    id = slip(provider, Part.INPUT)
    _, action = begun(plan(provider), "GET", f"/v1/files/{id}/content", FILES, end=True)
    assert action.status == 400
    assert "file" in words(action)


def test_only_the_output_of_anthropics_batches_can_be_deleted():
    for part in (Part.INPUT, Part.ERRORS):
        id = slip("anthropic", part)
        _, action = begun(plan("anthropic"), "DELETE", f"/v1/files/{id}", FILES, end=True)
        assert action.status == 400


REFS = ("../x", "files/../x", "models/x", "files/x?y=1", "files/..", "..", ".", "", "x/y", "a?b")


@pytest.mark.parametrize("ref", REFS)
@pytest.mark.parametrize(("provider", "model"), VENDORS)
def test_no_made_up_id_changes_the_path(provider: str, model: str, ref: str):
    for part, path, kind in ((Part.OUTPUT, "files", FILES), (Part.BATCH, "batches", BATCHES)):
        id = slip(provider, part, ref=ref)
        _, action = begun(plan(provider), "GET", f"/v1/{path}/{id}", kind, end=True)
        assert isinstance(action, Reject), action
        assert action.status == 404


ODD: tuple[Any, ...] = (None, [], {}, 1, -1.5, True, "x", [{}], {"a": []})


def spoilt(value: Any) -> Iterator[Any]:
    """The same with one thing at a time replaced by something else, or left out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            rest = {key: each for key, each in value.items() if key != name}
            yield rest
            yield from ({**value, name: odd} for odd in (*ODD, *spoilt(inner)))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from ([*value[:at], odd, *value[at + 1 :]] for odd in (*ODD, *spoilt(inner)))


def test_no_line_breaks_anything():
    made = plan("anthropic")
    for odd in spoilt(line(model="claude")):
        _, action, _ = sent(made, odd)
        assert isinstance(action, Change | Reject)


@pytest.mark.parametrize(
    ("provider", "lines"), [("anthropic", OF_CLAUDE[:2]), ("gemini", [OF_GEMINI[0], OF_GEMINI[2]])]
)
def test_no_result_breaks_anything(provider: str, lines: list[Any]):
    rows = [each for one in lines for each in spoilt(one)]
    for part in (Part.OUTPUT, Part.ERRORS):
        said, _ = fetched(provider, part, jsonl(rows), 10_000)
        assert all(one["custom_id"] for one in said)


@pytest.mark.parametrize(
    ("provider", "answer"),
    [
        (
            "anthropic",
            {
                "id": "msgbatch_1",
                "processing_status": "ended",
                "request_counts": COUNTS,
                "created_at": "2026-01-01T00:00:00Z",
                "results_url": "https://x.test",
            },
        ),
        (
            "gemini",
            {
                "name": "batches/x",
                "metadata": {
                    "state": "BATCH_STATE_SUCCEEDED",
                    "createTime": "2026-01-01T00:00:00Z",
                    "batchStats": {"requestCount": "3"},
                    "output": {"responsesFile": "files/x"},
                },
                "error": {"message": "no"},
            },
        ),
    ],
)
def test_no_batch_breaks_anything(provider: str, answer: dict[str, Any]):
    for odd in spoilt(answer):
        said = shown(provider, odd)
        assert said.get("object") == "batch" or said["error"]["message"]


def listed(provider: str, answer: Any, query: str = "", **more: Any) -> tuple[str, dict[str, Any]]:
    """(what a vendor is asked, the list that a client gets)."""
    one, action = begun(plan(provider, **more), "GET", f"/v1/batches{query}", BATCHES, end=True)
    assert type(action) is Leave, action
    one.handle(response_headers())
    return dict(action.set_headers)[":path"], json.loads(one.handle(response_body(answer)).body)


def of_gemini(name: str, label: str, model: str = "gemini-2.5-flash") -> dict[str, Any]:
    metadata = {"state": "BATCH_STATE_RUNNING", "model": f"models/{model}", "displayName": label}
    return {"name": f"batches/{name}", "metadata": metadata}


LABEL = "openai c 2 9 7 files/x gem"
RUNS = [of_gemini("x", LABEL), of_gemini("y", LABEL), of_gemini("z", LABEL)]


def standing(id: str) -> Standing:
    return Standing.of(id.removeprefix("batch_"))


def test_a_list_at_gemini_is_made_of_what_names_say():
    theirs = [
        of_gemini("native", "my batch"),
        of_gemini("other", LABEL, "gemini-3-pro"),
        of_gemini("alias", "openai r 1 2 3 files/y renamed"),
        of_gemini("bare", "openai e 1 2 3 files/y", "gemini-embedding-001"),
        of_gemini("odd", "openai x9 1 2 3 files/y gem"),
    ]
    path, page = listed("gemini", {"operations": [RUNS[0], *theirs]})
    assert path == "/v1beta/batches?pageSize=100"
    assert [one["model"] for one in page["data"]] == ["gem", "gem", "vec"]
    assert [one["endpoint"] for one in page["data"]] == [CHAT, "/v1/responses", EMBEDDINGS]
    assert page["data"][0]["id"] == slip("gemini", Part.BATCH, file="files/x")
    assert (page["first_id"], page["last_id"]) == tuple(page["data"][n]["id"] for n in (0, -1))
    assert page["has_more"] is False


def test_a_page_at_gemini_goes_on_where_an_id_says_it():
    answer = {"operations": RUNS, "nextPageToken": "Ab_1=="}
    _, first = listed("gemini", answer, "?limit=2")
    assert (len(first["data"]), first["has_more"]) == (2, True)
    assert standing(first["last_id"]).page == ""
    path, second = listed("gemini", answer, f"?limit=2&after={first['last_id']}")
    assert path == "/v1beta/batches?pageSize=100"
    assert [standing(one["id"]).slip.ref for one in second["data"]] == ["batches/z"]
    assert standing(second["last_id"]).page == "Ab_1=="
    path, third = listed("gemini", {"operations": RUNS[:2]}, f"?after={second['last_id']}")
    assert path == "/v1beta/batches?pageSize=100&pageToken=Ab_1%3D%3D"
    assert (len(third["data"]), third["has_more"]) == (2, False)
    # In the middle of a further page.
    path, rest = listed("gemini", {"operations": RUNS[:2]}, f"?after={third['data'][0]['id']}")
    assert path.endswith("pageToken=Ab_1%3D%3D")
    assert [standing(one["id"]).slip.ref for one in rest["data"]] == ["batches/y"]


def test_a_page_of_others_batches_still_says_where_the_next_begins():
    none = {"operations": [of_gemini("x", "theirs")], "nextPageToken": "a/b c"}
    _, page = listed("gemini", none)
    assert (page["data"], page["first_id"], page["has_more"]) == ([], None, True)
    path, _ = listed("gemini", {}, f"?after={page['last_id']}")
    assert path.endswith("pageToken=a%2Fb+c")


@pytest.mark.parametrize(
    ("provider", "answer", "query", "said"),
    [
        ("gemini", {"operations": RUNS, "nextPageToken": "x" * 400}, "", "does not go on"),
        ("gemini", {"operations": RUNS[1:]}, f"?after={slip('gemini', Part.BATCH)}", "go on"),
        ("gemini", {"operations": [of_gemini("../x", LABEL)]}, "", "names nothing"),
        ("anthropic", {"data": None}, "", "no list of batches"),
        ("anthropic", {"data": [{"id": "msgbatch_1"}]}, "", "no batch"),
    ],
)
def test_a_list_that_is_none_is_an_error(provider: str, answer: Any, query: str, said: str):
    _, page = listed(provider, answer, query)
    assert said in page["error"]["message"]


def test_an_id_that_has_no_room_for_its_page_says_none():
    token = "x" * 200
    answer = {"operations": RUNS, "nextPageToken": token}
    _, first = listed("gemini", answer)
    long = "y" * 100
    named = [of_gemini(long, LABEL), RUNS[0]]
    _, second = listed("gemini", {"operations": named}, f"?after={first['last_id']}")
    assert [standing(one["id"]).page for one in second["data"]] == ["", token]


def test_a_list_at_anthropic_says_null_of_what_nobody_says():
    facts = {"id": "msgbatch_1", "request_counts": COUNTS | {"processing": 2}}
    runs = {"processing_status": "in_progress", "created_at": "2026-01-01T00:00:00Z"}
    behind = slip("anthropic", Part.BATCH)
    answer = {"data": [facts | runs], "has_more": True}
    path, page = listed("anthropic", answer, f"?limit=300&after={behind}")
    assert path == "/v1/messages/batches?limit=100&after_id=msgbatch_1"
    [batch] = page["data"]
    assert (batch["model"], batch["endpoint"], batch["metadata"]) == (None, None, None)
    assert (batch["status"], batch["created_at"]) == ("in_progress", 1767225600)
    assert (batch["id"], page["has_more"]) == (page["last_id"], True)


@pytest.mark.parametrize(
    "query", ["?order=asc", "?limit=0", "?limit=x", "?after=batch_", "?after=x"]
)
@pytest.mark.parametrize(("provider", "model"), VENDORS)
def test_a_list_is_not_asked_for_what_it_has_not(provider: str, model: str, query: str):
    _, action = begun(plan(provider), "GET", f"/v1/batches{query}", BATCHES, end=True)
    assert action.status in (400, 404)


@pytest.mark.parametrize("mark", [":!", ":_w", "\u00fc"])
def test_a_page_that_nobody_has_named_is_not_found(mark: str):
    after = quote(f"{slip('gemini', Part.BATCH)}.{mark}")
    _, action = begun(plan("gemini"), "GET", f"/v1/batches?after={after}", BATCHES, end=True)
    assert isinstance(action, Reject), action
    assert action.status == 404


@pytest.mark.parametrize("cut", [1, 10_000])
def test_lines_say_what_they_asked_for_where_the_batch_does_not(cut: int):
    lines = [claude("a", "one"), claude("gw_r_w7w", "two"), claude("gw_rj_Yg", "{}")]
    said, _ = fetched("anthropic", Part.OUTPUT, jsonl(lines), cut, endpoint="", model="")
    kinds = [(one["custom_id"], one["response"]["body"]["object"]) for one in said]
    assert kinds == [("a", "chat.completion"), ("ü", "response"), ("b", "response")]
    assert said[1]["response"]["body"]["model"] == "claude-sonnet-4-5"


def test_lines_at_anthropic_are_marked_with_what_they_ask_for():
    one = line("a", "/v1/responses", model="claude", input="hi")
    _, action, _ = sent(plan("anthropic"), one)
    assert json.loads(action.body)["requests"][0]["custom_id"] == "gw_r_YQ"
    _, action, _ = sent(plan("anthropic"), line("a", model="claude"))
    assert json.loads(action.body)["requests"][0]["custom_id"] == "a"
    _, action, _ = sent(plan("gemini"), line("a", "/v1/responses", input="hi"))
    assert b'"key":"a"' in action.body
