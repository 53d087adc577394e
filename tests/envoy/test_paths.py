"""What the model finder reads of a path."""

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.bridging.dialect import Dialect
from providers.catalog import DIALECTS
from providers.wire import multipart
from tests.envoy.finder import CHAT, SCRIPT, Finder, find, refusal

MODELS = [
    "a",
    "gemini-2.0-flash",
    "vendor/model:1",
    "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude",
    "é€😀",
    "100%",
    "a:generateContent",
]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("model", MODELS)
def test_every_place_where_clients_find_a_dialect_is_known(dialect: Dialect, model: str) -> None:
    if dialect.name == "huggingface.generate" or dialect.model_in is not None:
        return  # no body of its names a model, or not at its top (test_arns.py)
    body, headers = json.dumps({dialect.member: model}).encode(), {}
    if dialect.form:
        body, kind = multipart.render({dialect.member: model})
        headers = {"content-type": kind}
    for endpoint in dialect.client:
        in_path = "model}" in endpoint.path
        path = re.sub(r"\{(?:org/)?model\}", quote(model, safe=""), endpoint.path)
        found = find(b"{}" if in_path else body, **{":path": path}, **headers)
        assert found.model == model
        assert found.call == f"{'path' if in_path else 'body'}\n{path}\n{model}"
        assert found.reads == (0 if in_path else 1)
        named = find(body, **{":path": path, "x_ai_model": "b"}, **headers)
        assert named.call == f"header\n{path}\nb"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages/count_tokens",
        "/anthropic/v1/messages/count_tokens",
        "/v1/responses/input_tokens",
        "/v1/models/a:countTokens",
        "/v1beta/models/a:countTokens",
    ],
)
def test_tokens_are_counted_by_the_same_models(path: str) -> None:
    assert find(b'{"model":"a"}', **{":path": path}).model == "a"


def test_a_colon_may_stand_in_a_path_as_it_is() -> None:
    found = find(b"{}", **{":path": "/model/anthropic.claude-v1:0/converse?x=:1/y"})
    assert found.model == "anthropic.claude-v1:0"
    assert find(b"{}", **{":path": "/v1/models/a:1:generateContent"}).model == "a:1"


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        ("a%", "invalid percent-encoding"),
        ("a%2", "invalid percent-encoding"),
        ("%zz", "invalid percent-encoding"),
        ("%%41", "invalid percent-encoding"),
        ("a%00", "control characters"),
        ("a%0d%0ab", "control characters"),
        ("%FF", "valid UTF-8"),
        ("a" * 257, "longer than 256 bytes"),
        ("%41" * 257, "longer than 256 bytes"),
    ],
)
def test_a_path_that_names_no_model_is_refused_with_the_reason(segment: str, words: str) -> None:
    for path in (f"/model/{segment}/converse", f"/v1beta/models/{segment}:generateContent"):
        assert words in refusal(b"{}", **{":path": path})


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/a:tuneContent",
        "/v1/models/a/b:generateContent",
        "/v1/models/:generateContent",
        "/v1/models/a",
        "/v1beta/models/a",
        "/model/a/b/converse",
        "/model//converse",
        "/model/a/invoke-later",
    ],
)
def test_a_path_that_is_none_of_these_is_left_alone(path: str) -> None:
    found = find(b'{"model":"a"}', **{":path": path})
    assert (found.model, found.call, found.status) == (None, None, None)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_name_that_was_percent_encoded_is_found_again(name: str) -> None:
    assert find(b"{}", **{":path": f"/model/{quote(name, safe='')}/converse"}).model == name


BELOW = Finder(SCRIPT.replace('local PREFIX = ""', 'local PREFIX = "/ai"'))


def test_below_a_prefix_everything_is_as_if_it_were_not_there() -> None:
    for before in ("", "/ai"):
        seen = BELOW.request(b'{"model":"a"}', **{":path": f"{before}{CHAT}?x"})
        assert BELOW.run(seen).call == f"body\n{CHAT}?x\na"
        assert seen[b"headers"][b":path"] == f"{CHAT}?x".encode()
        models = BELOW.request(b"", **{":method": "GET", ":path": f"{before}/v1/models"})
        assert BELOW.run(models).cleared == bool(before)
        assert models[b"headers"][b":path"] == b"/v1/models"
    for path in (f"/aix{CHAT}", "/ai", f"/AI{CHAT}", f"/ai/ai{CHAT}"):
        assert BELOW.find(b'{"model":"a"}', **{":path": path}).call is None


def test_models_of_bedrock_stand_in_the_path_and_of_a_count_on_vertex_in_the_body() -> None:
    for verb in ("invoke", "invoke-with-response-stream"):
        assert (
            find(b"{}", **{":path": f"/model/eu.anthropic.a%3A0/{verb}"}).model
            == "eu.anthropic.a:0"
        )
    models = "/v1/projects/p/locations/l/publishers/anthropic/models"
    counted = find(b'{"model":"a"}', **{":path": f"{models}/count-tokens:rawPredict"})
    assert (counted.model, counted.reads) == ("a", 1)
