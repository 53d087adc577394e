"""What OpenAI's types and rules refuse, the simulator refuses, and names it."""

import httpx
import pytest

from extproc.lab.simulator import RunningSimulator

USER = {"role": "user", "content": "hi"}
GOOD = {"model": "m", "messages": [USER]}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
OPEN = {"type": "object", "properties": {"a": {"type": "object"}}, "required": ["a"]}


def schema(inner):
    made = {"name": "x", "strict": True, "schema": inner}
    return {"response_format": {"type": "json_schema", "json_schema": made}}


REFUSED = [
    ({"foo": 1}, None),
    ({"model": None}, "model"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
    ({"messages": [USER, {"content": "x"}]}, "messages[1].role"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content[0].image_url",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]},
        "messages[0].content[0].text",
    ),
    ({"messages": [USER | {"cache_control": {}}]}, "messages[0].cache_control"),
    ({"messages": [{"role": "tool", "tool_call_id": "c1", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "assistant", "tool_calls": [CALL]}]}, "messages[1].role"),
    (
        {"messages": [{"role": "assistant", "tool_calls": [CALL | {"function": {"name": "f"}}]}]},
        "messages[0].tool_calls[0].function.arguments",
    ),
    (
        {"messages": [{"role": "assistant", "tool_calls": [CALL | {"id": "c" * 41}]}]},
        "messages[0].tool_calls[0].id",
    ),
    ({"user": "u" * 65}, "user"),
    ({"metadata": {"a": "b"}}, "metadata"),
    ({"prompt_cache_key": "k" * 65}, "prompt_cache_key"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": "0.5"}, "temperature"),
    ({"temperature": 2.5}, "temperature"),
    ({"top_p": -1}, "top_p"),
    ({"n": 0}, "n"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    ({"reasoning_effort": "immense"}, "reasoning_effort"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"stream": "yes"}, "stream"),
    ({"top_logprobs": 2}, "top_logprobs"),
    ({"tools": []}, "tools"),
    ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
    ({"tool_choice": "auto"}, "tool_choice"),
    ({"parallel_tool_calls": True}, "parallel_tool_calls"),
    (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
        "tool_choice",
    ),
    ({"response_format": {"type": "json_object"}}, "messages"),
    ({"response_format": {"type": "xml"}}, "response_format.type"),
    (schema(OPEN), "response_format"),
    (
        {
            "tools": [
                {"type": "function", "function": {"name": "f", "strict": True, "parameters": OPEN}}
            ]
        },
        "tools[0].function.parameters",
    ),
]


@pytest.fixture(scope="module")
def post():
    with RunningSimulator() as sim, httpx.Client(base_url=sim.url) as web:
        yield lambda body, path="/v1/chat/completions": web.post(path, json=body)


@pytest.mark.parametrize(("change", "param"), REFUSED)
def test_a_bad_request_is_refused_with_the_parameter_named(post, change, param):
    answer = post({key: value for key, value in (GOOD | change).items() if value is not None})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert error["message"]


def test_an_unknown_parameter_reads_as_openai_writes_it(post):
    error = post(GOOD | {"top_k": 1}).json()["error"]
    assert error["message"] == "Unrecognized request argument supplied: top_k"


def test_lenient_servers_accept_unknown_parameters_but_not_wrong_types():
    with RunningSimulator(strict=False) as sim:
        url = f"{sim.url}/v1/chat/completions"
        assert httpx.post(url, json=GOOD | {"top_k": 1}).status_code == 200
        assert httpx.post(url, json=GOOD | {"temperature": "x"}).status_code == 400


def test_validation_can_be_switched_off():
    with RunningSimulator(validate=False) as sim:
        url = f"{sim.url}/v1/chat/completions"
        assert httpx.post(url, json=GOOD | {"temperature": "x"}).status_code == 200


def test_an_azure_path_without_api_version_is_not_found(post):
    assert post(GOOD, "/openai/deployments/d/chat/completions").status_code == 404


def test_an_azure_body_needs_no_model(post):
    path = "/openai/deployments/d%20x/chat/completions?api-version=1"
    answer = post({"messages": [USER]}, path)
    assert (answer.status_code, answer.json()["model"]) == (200, "d x")


@pytest.mark.parametrize(
    "path",
    [
        "/chat/completions",
        "/v1/chat/completions",
        "/openai/v1/chat/completions",
        "/api/v1/chat/completions",
        "/compatible-mode/v1/chat/completions",
        "/inference/v1/chat/completions",
    ],
)
def test_any_prefix_will_do(post, path):
    assert post(GOOD, path).status_code == 200
