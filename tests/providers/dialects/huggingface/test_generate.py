"""Requests for Text Generation Inference, judged by huggingface_hub's types."""

from typing import Any

import pytest
from huggingface_hub import TextGenerationInput

from providers.dialects.huggingface.generate import DIALECT
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import ChatRequest, JsonOutput
from providers.neutral.prompts import said

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def asked(**parameters: Any) -> ChatRequest:
    return DIALECT.parse_request({"inputs": "say", "parameters": parameters}, "m", False)


def rendered(dropped: list[str] | None = None, **members: Any) -> dict[str, Any]:
    request = ChatRequest(model="m", messages=said("say"), **members)
    body = DIALECT.render_request(request, [] if dropped is None else dropped)
    TextGenerationInput.parse_obj_as_instance(body)
    parameters: dict[str, Any] = body["parameters"]
    return parameters


def test_no_body_names_a_model_and_none_is_changed() -> None:
    assert DIALECT.parse_request({"inputs": "say"}, "", False).messages == said("say")
    assert DIALECT.edits({"inputs": "say"}, "m", True) == {}
    assert asked().model == "m"


def test_every_parameter_survives() -> None:
    parameters = {
        "max_new_tokens": 5,
        "temperature": 0.5,
        "do_sample": True,
        "top_k": 3,
        "top_p": 0.5,
        "seed": 1,
        "frequency_penalty": 0.5,
        "repetition_penalty": 1.5,
        "stop": ["x"],
        "top_n_tokens": 3,
        "grammar": {"type": "json", "value": SCHEMA},
        "typical_p": 0.5,
        "truncate": 9,
        "watermark": True,
    }
    dropped: list[str] = []
    body = DIALECT.render_request(asked(**parameters), dropped)
    counts = {"details": True, "return_full_text": False, "decoder_input_details": True}
    assert body == {"inputs": "say", "parameters": {**parameters, **counts}}
    assert dropped == []


@pytest.mark.parametrize(
    ("given", "temperature"),
    [
        ({}, None),
        ({"do_sample": False}, 0),
        ({"do_sample": True}, 1),
        ({"do_sample": False, "temperature": 0.5}, 0.5),
    ],
)
def test_whether_to_sample_is_a_temperature_elsewhere(
    given: dict[str, Any], temperature: float | None
) -> None:
    assert asked(**given).temperature == temperature


@pytest.mark.parametrize(
    ("members", "parameters", "lost"),
    [
        ({"temperature": 0}, {"do_sample": False}, []),
        ({"temperature": 1}, {"do_sample": True, "temperature": 1}, []),
        ({"top_p": 1}, {}, []),
        ({"top_p": 0}, {}, ["top_p"]),
        ({"top_k": -1}, {}, []),
        ({"seed": -1}, {}, ["seed"]),
        ({"frequency_penalty": 3}, {}, ["frequency_penalty"]),
        ({"repetition_penalty": 0}, {}, ["repetition_penalty"]),
        ({"logprobs": True}, {"top_n_tokens": 1}, []),
        ({"top_logprobs": 9}, {"top_n_tokens": 5}, ["top_logprobs"]),
        ({"extras": {"x": 1, "typical_p": 0.5}}, {"typical_p": 0.5}, ["x"]),
    ],
)
def test_only_what_the_server_takes_is_sent(
    members: dict[str, Any], parameters: dict[str, Any], lost: list[str]
) -> None:
    dropped: list[str] = []
    found = rendered(dropped, **members)
    assert found.items() - parameters.items() <= rendered().items()
    assert {name: found.get(name) for name in parameters} == parameters
    assert found.keys() - parameters.keys() == rendered().keys()
    assert dropped == lost


def test_the_prompts_details_are_not_asked_of_a_stream_which_would_be_refused() -> None:
    assert "decoder_input_details" not in rendered(stream=True)
    request = ChatRequest(model="m", messages=said("say"), stream=True)
    assert DIALECT.render_request(request, [])["stream"] is True
    assert DIALECT.parse_request({"inputs": "x", "stream": True}, "", False).stream
    assert DIALECT.parse_request({"inputs": "x"}, "", True).stream


@pytest.mark.parametrize(
    ("grammar", "output"),
    [
        ({"type": "json", "value": SCHEMA}, JsonOutput(schema=SCHEMA)),
        (
            {"type": "json_schema", "value": {"name": "n", "schema": SCHEMA}},
            JsonOutput(schema=SCHEMA, name="n"),
        ),
    ],
)
def test_a_grammar_is_structured_output(grammar: dict[str, Any], output: JsonOutput) -> None:
    assert asked(grammar=grammar).output == output


REFUSED: list[tuple[dict[str, Any], type[InvalidRequest], str]] = [
    ({"parameters": {"best_of": 2}}, Unsupported, "parameters.best_of"),
    ({"parameters": {"adapter_id": "a"}}, Unsupported, "parameters.adapter_id"),
    (
        {"parameters": {"grammar": {"type": "regex", "value": "a"}}},
        Unsupported,
        "parameters.grammar",
    ),
    (
        {"parameters": {"grammar": {"type": "x", "value": "a"}}},
        InvalidRequest,
        "parameters.grammar",
    ),
    ({"inputs": ["a"]}, InvalidRequest, "inputs"),
    ({"inputs": None}, InvalidRequest, "inputs"),
    ({"parameters": []}, InvalidRequest, "parameters"),
    ({"parameters": {"stop": ["a", 1]}}, InvalidRequest, "parameters.stop[1]"),
]


@pytest.mark.parametrize(("body", "error", "param"), REFUSED)
def test_what_cannot_be_said_elsewhere_is_refused_by_name(
    body: dict[str, Any], error: type[InvalidRequest], param: str
) -> None:
    with pytest.raises(error) as refused:
        DIALECT.parse_request({"inputs": "say", **body}, "", False)
    assert refused.value.param == param


def test_what_asks_for_nothing_is_taken_and_the_rest_is_named() -> None:
    idle = asked(best_of=1, watermark=False, top_n_tokens=0, details=True, return_full_text=True)
    assert idle == asked()
    body = {"inputs": "say", "options": {"use_cache": False}, "parameters": {"watermark": True}}
    assert DIALECT.parse_request(body, "m", False).extras == {
        "options": {"use_cache": False},
        "watermark": True,
    }


@pytest.mark.parametrize(
    ("body", "echo"),
    [
        ({"inputs": "a"}, {}),
        ({"inputs": "a", "parameters": {"details": True}}, {"details": True, "prompt": ""}),
        (
            {"inputs": "a", "parameters": {"return_full_text": True}},
            {"details": False, "prompt": "a"},
        ),
        (
            {"inputs": 5, "parameters": {"return_full_text": True}},
            {"details": False, "prompt": ""},
        ),
        ({"inputs": "a", "parameters": 5}, {}),
    ],
)
def test_the_form_of_an_answer_is_the_requests(body: dict[str, Any], echo: dict[str, Any]) -> None:
    assert DIALECT.echo(body) == echo
