"""What the model finder reads of a body and of headers."""

import pytest

from tests.envoy.finder import CHAT, find, refusal


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (b'{"model":"a"}', "a"),
        (b' \r\n\t{ "model" \n:\t "a" , "x":1}', "a"),
        (b'\xef\xbb\xbf{"model":"a"}', "a"),
        (b'{"messages":[{"model":"no"},"model",{"a":{"model":"no"}}],"model":"a"}', "a"),
        (b'{"x":"model","y":"\\"model\\":\\"no\\"","model":"a"}', "a"),
        (b'{"x":"\\\\","model":"a"}', "a"),
        (b'{"x":"\\\\\\"","model":"a"}', "a"),
        (b'{"model":"a","model":"b"}', "a"),
        (b'{"Model":"no","models":"no","mode":"no","model":"a"}', "a"),
        (b'{"model":"openai\\/gpt-4"}', "openai/gpt-4"),
        (b'{"model":"\\u0061\\u00e9\\u20AC\\ud83d\\ude00"}', "aé€😀"),
        ('{"model":"é€😀"}'.encode(), "é€😀"),
        (b'{"model":"a"', "a"),
        (b'{"model":"' + b"a" * 256 + b'"}', "a" * 256),
    ],
)
def test_the_first_top_level_model_is_found(body: bytes, model: str) -> None:
    found = find(body)
    assert found.model == model
    assert found.call == f"body\n{CHAT}\n{model}"
    assert found.cleared
    assert found.status is None


def test_the_route_of_a_name_is_what_the_virtual_host_says_whatever_the_client_does() -> None:
    forged = {"x-ai-route": "first"}
    assert find(b'{"model":"named"}').route == "first"
    assert find(b'{"model":"named"}', **{"x-ai-route": "other"}).route == "first"
    assert find(b'{"model":"unknown"}', **forged).route is None
    assert find(b'{"model":"named"}', **{"x-ai-model": "unknown"}, **forged).route is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "no body"),
        (b"", "no body"),
        (b" ", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'["model"]', "must be a JSON object"),
        (b'"model"', "must be a JSON object"),
        (b"{}", "no top-level 'model'"),
        (b'{"a":{"model":"x"}}', "no top-level 'model'"),
        (b'{"a":"model"}', "no top-level 'model'"),
        (b"{", "ends too early"),
        (b'{"model', "ends too early"),
        (b'{"model"', "ends too early"),
        (b'{"model":', "ends too early"),
        (b'{"model":"a', "ends too early"),
        (b'{"model":"a\\"', "ends too early"),
        (b'{"x":[1,2', "ends too early"),
        (b'{"model":null}', "must be a string"),
        (b'{"model":7}', "must be a string"),
        (b'{"model":{"model":"x"}}', "must be a string"),
        (b'{"model":""}', "must not be empty"),
        (b'{"model":"' + b"a" * 257 + b'"}', "longer than 256 bytes"),
        (b'{"model":"' + b"a" * 5000 + b'"}', "longer than 256 bytes"),
        (b'{"model":"a\\nb"}', "control characters"),
        (b'{"model":"a\\u0000"}', "control characters"),
        (b'{"model":"a\x7f"}', "control characters"),
        (b'{"model":"a\rb"}', "control characters"),
        (b'{"model":"\\x"}', "invalid escape"),
        (b'{"model":"\\u12"}', "invalid escape"),
        (b'{"model":"\\ud83d"}', "invalid escape"),
        (b'{"model":"\\udc00\\ud83d"}', "invalid escape"),
        (b'{"model":"\xff"}', "valid UTF-8"),
        (b'{"model":"\xc0\x80"}', "valid UTF-8"),
        (b'{"model":"\xed\xa0\x80"}', "valid UTF-8"),
        (b'{"model":"a\xe2\x82"}', "valid UTF-8"),
        (b'{"mode\\u006c":"a","model":"b"}', "must not hold escapes"),
    ],
)
def test_what_names_no_model_is_refused_with_the_reason(body: bytes | None, words: str) -> None:
    assert words in refusal(body)


@pytest.mark.parametrize("before", [*range(16_330, 16_400), 100_000])
def test_the_model_is_found_wherever_it_stands_in_a_large_body(before: int) -> None:
    body = b'{"x":"' + b"x" * before + b'", "model" : "gpt-4o", "y":"' + b"y" * 100_000 + b'"}'
    assert find(body).model == "gpt-4o"
    assert find(b" " * before + b'{"model":"a"}').model == "a"


def test_an_escape_in_a_key_after_the_model_or_below_the_top_is_the_servers_business() -> None:
    assert find(b'{"a":{"\\u0061":1},"model":"x","\\u006dodel":"y"}').model == "x"


def test_a_header_wins_and_the_body_is_not_even_read() -> None:
    for name in ("x_ai_model", "x_ai_eg_model"):
        found = find(b'{"model":"body"}', **{name: "header"})
        assert (found.model, found.call) == ("header", f"header\n{CHAT}\nheader")
        assert found.reads == 0
    assert find(b"{}", x_ai_model="a", x_ai_eg_model="b").model == "a"
    assert find(b'{"model":"body"}', x_ai_model="").model == "body"


def test_a_header_is_held_to_the_same_rules() -> None:
    assert "256 bytes" in refusal(b"{}", x_ai_model="a" * 257)
    assert "UTF-8" in refusal(b"{}", x_ai_model="\xff")
    assert "control" in refusal(b"{}", x_ai_model="a\tb")


@pytest.mark.parametrize("path", ["/generate", "/generate_stream"])
def test_where_only_a_header_can_name_the_model_the_body_is_not_even_read(path: str) -> None:
    found = find(b'{"model":"body"}', **{":path": path, "x_ai_model": "a"})
    assert (found.call, found.reads) == (f"header\n{path}\na", 0)
    assert "x-ai-model" in refusal(b'{"model":"body"}', **{":path": path})


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_a_415(encoding: str) -> None:
    found = find(b"\x1f\x8b", content_encoding=encoding)
    assert found.status == "415"
    assert "compressed" in str(found.message)
    assert found.reads == 0


def test_identity_is_no_compression() -> None:
    assert find(b'{"model":"a"}', content_encoding="Identity").model == "a"


@pytest.mark.parametrize(
    "headers",
    [
        {":method": "GET"},
        {":method": "PUT"},
        {":path": "/v1/chats"},
        {":path": "/v1/chat/completions/x"},
        {":path": ""},
        {"upgrade": "websocket"},
    ],
)
def test_all_else_loses_the_headers_and_is_left_alone(headers: dict[str, str]) -> None:
    for extra in ({}, {"x_ai_model": "a"}, {"x_ai_route": "first"}):
        found = find(b'{"model":"a"}', **headers, **extra)
        assert found.model is None
        assert found.call is None
        assert found.status is None
        assert found.reads == 0
        assert found.cleared == bool(extra)
        assert found.route is None


def test_a_query_is_part_of_the_call_in_ascii() -> None:
    found = find(b'{"model":"a"}', **{":path": f"{CHAT}?a=\xe9&b=%20"})
    assert found.call == f"body\n{CHAT}?a=%E9&b=%20\na"
