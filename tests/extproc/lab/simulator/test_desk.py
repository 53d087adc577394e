"""What is decided and remembered: scripts, keys, records, and errors of requests."""

import json
import subprocess
import sys

import httpx
import pytest

from extproc.lab.simulator import RunningSimulator

from .asking import PATH, body


def test_the_script_is_used_up_in_order_and_a_message_may_add_to_it():
    with (
        RunningSimulator(script=[{"status": 503}, {}]) as sim,
        httpx.Client(base_url=sim.url) as web,
    ):
        told = [web.post(PATH, json=body()).status_code for _ in range(3)]
        sim.push({"status": 429})
        web.post("/__sim/script", json=[{"status": 500}]).raise_for_status()
        told += [web.post(PATH, json=body()).status_code for _ in range(3)]
    assert told == [503, 200, 200, 429, 500, 200]


def test_a_script_may_be_a_function_of_the_request():
    def script(seen):
        return {"status": 418} if seen.header("x-tea") else None

    with RunningSimulator(script=script) as sim:
        assert httpx.post(sim.url + PATH, json=body(), headers={"x-tea": "1"}).status_code == 418
        assert httpx.post(sim.url + PATH, json=body()).status_code == 200


def test_orders_may_follow_the_model_or_name_the_server():
    with RunningSimulator(name="b", by_model={"m": {"status": 529}}) as sim:
        answer = httpx.post(sim.url + PATH, json=body())
        assert answer.status_code == 529
        assert answer.json()["error"]["type"] == "server_error"
        assert httpx.post(sim.url + PATH, json=body(at="b", status=200)).status_code == 200
        assert httpx.post(sim.url + PATH, json=body(at="a", status=200)).status_code == 529


def test_a_key_is_asked_for_when_there_are_keys():
    with RunningSimulator(keys=frozenset({"good"})) as sim:
        bad = httpx.post(sim.url + PATH, json=body(), headers={"authorization": "Bearer bad"})
        assert (bad.status_code, bad.json()["error"]["code"]) == (401, "invalid_api_key")
        good = httpx.post(sim.url + PATH, json=body(), headers={"authorization": "Bearer good"})
        assert good.status_code == 200


def test_unique_answers_have_ids_of_their_own(web):
    ids = {web.post(PATH, json=body(unique=True)).json()["id"] for _ in range(3)}
    assert len(ids) == 3
    assert len({web.post(PATH, json=body()).json()["id"] for _ in range(3)}) == 1


def test_the_record_says_what_came(sim, web):
    web.post(f"{PATH}?api-version=1", json=body(), headers={"x-a": "1"})
    (seen,) = sim.requests
    assert (seen.path, seen.target) == (PATH, f"{PATH}?api-version=1")
    assert (seen.json, seen.header("x-a"), seen.header("x-b")) == (body(), "1", "")
    assert (seen.dialect, seen.outcome, seen.usage.prompt) == ("openai.chat", "sent", 5)


def test_orders_for_an_extra_event_or_field_are_obeyed(web):
    answer = web.post(PATH, json=body(stream=True, usage="always", extra={"x_vendor": {"a": 1}}))
    *chunks, done, _ = answer.text.split("\n\n")
    assert done == "data: [DONE]"
    assert all(json.loads(each[6:])["x_vendor"] == {"a": 1} for each in chunks)
    assert json.loads(chunks[-1][6:])["usage"]["completion_tokens"] == 3


def test_a_tool_that_is_not_offered_cannot_be_called(web):
    answer = web.post(PATH, json=body(call_tool=True))
    assert (answer.status_code, "offers none" in answer.text) == (400, True)
    tools = [{"type": "function", "function": {"name": "clock"}}]
    answer = web.post(PATH, json=body(call_tool="other") | {"tools": tools})
    assert (answer.status_code, "offered: ['clock']" in answer.text) == (400, True)


def test_every_answer_has_a_request_id(web):
    ids = {web.post(PATH, json=body()).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/v1/nothing", b"{}", 404),
        ("PUT", PATH, b"", 405),
        ("POST", PATH, b"{not json", 400),
        ("POST", PATH, b"[]", 400),
        ("POST", PATH, b'{"model": "m", "messages": 5}', 400),
        ("POST", PATH, b'{"model": "m", "messages": ["x"]}', 400),
        ("GET", "/v1/models/none", b"", 404),
    ],
)
def test_what_is_no_request_gets_an_error_in_openai_shape(web, method, path, content, status):
    answer = web.request(method, path, content=content)
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "x-sim-fault" not in answer.headers


def test_an_unknown_directive_is_the_fault_of_the_test(web):
    answer = web.post(PATH, json=body(statsu=503))
    assert (answer.status_code, answer.headers["x-sim-fault"]) == (400, "1")
    assert "statsu" in answer.json()["error"]["message"]


def test_the_record_can_be_read_and_reset_over_http(web):
    web.post(PATH, json=body(), headers={"x-a": "1"})
    (seen,) = web.get("/__sim/requests").json()
    assert (seen["method"], seen["target"], seen["status"]) == ("POST", PATH, 200)
    assert ["x-a", "1"] in seen["headers"]
    assert json.loads(seen["body"]) == body()
    assert seen["usage"]["prompt"] == 5
    web.post("/__sim/reset")
    assert web.get("/__sim/requests").json() == []
    assert web.get("/healthz").text == "ok"


def test_the_record_is_bounded():
    with RunningSimulator(keep=2, keep_body=10) as sim, httpx.Client(base_url=sim.url) as web:
        for _ in range(3):
            web.post(PATH, json=body())
        assert len(sim.requests) == 2
        assert len(sim.requests[0].body) == 10


def test_the_bodies_that_are_remembered_are_bounded_together():
    with RunningSimulator(keep_bytes=250) as sim, httpx.Client(base_url=sim.url) as web:
        for _ in range(8):
            web.post(PATH, json=body())
        kept = len(sim.requests)
        assert 1 <= kept < 8
        assert sum(len(each.body) for each in sim.requests) <= 250
        web.post("/__sim/reset")
        web.post(PATH, json=body())
        assert len(sim.requests) == 1


def test_a_missing_sdk_is_named():
    code = (
        "import json, sys; sys.modules['openai'] = None; import httpx;"
        "from extproc.lab.simulator import RunningSimulator;"
        "sim = RunningSimulator().__enter__();"
        f"answer = httpx.post(sim.url + '{PATH}', json={body()!r});"
        "print(answer.status_code, answer.json()['error']['message']);"
        f"print(httpx.post(sim.url + '{PATH}', json={body(validate=False)!r}).status_code);"
        "sim.__exit__()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("501 ")
    assert "'openai'" in first
    assert second == "200"


def test_what_begins_as_an_earlier_prompt_did_is_read_from_the_cache():
    first = [{"role": "user", "content": "hello " * 50}]
    more = [{"role": "assistant", "content": "hi"}, {"role": "user", "content": "and now?"}]
    with RunningSimulator(prompt_cache=True) as sim, httpx.Client(base_url=sim.url) as web:
        said = [
            web.post(PATH, json={**body(), "messages": messages}).json()["usage"]
            for messages in (first, [*first, *more], more[1:])
        ]
    cached = [usage["prompt_tokens_details"]["cached_tokens"] for usage in said]
    assert cached[0] == cached[2] == 0
    assert 0 < cached[1] < said[1]["prompt_tokens"]
