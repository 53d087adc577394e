"""The model finder by itself, under the LuaJIT that Envoy has."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lupa.luajit21 import LuaRuntime

from providers.bridging.dialect import Dialect
from providers.catalog import DIALECTS

SCRIPT = (Path(__file__).parents[2] / "envoy" / "model.lua").read_text()
CHAT = "/v1/chat/completions"

# What the script uses of Envoy's API
# (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter).
ENVOY = """
return function(headers, content)
  local seen = { metadata = {}, reads = 0 }
  local handle = {}
  function handle:headers()
    return {
      get = function(_, name) return headers[name] end,
      replace = function(_, name, value) headers[name] = value end,
      remove = function(_, name) headers[name] = nil end,
    }
  end
  function handle:body()
    seen.reads = seen.reads + 1
    if not content then return nil end
    return {
      length = function() return #content end,
      getBytes = function(_, from, length) return content:sub(from + 1, from + length) end,
    }
  end
  function handle:streamInfo()
    return {
      dynamicMetadata = function()
        return {
          set = function(_, namespace, key, value)
            seen.metadata[namespace .. "/" .. key] = value
          end,
        }
      end,
    }
  end
  function handle:respond(answer, text)
    seen.status, seen.type, seen.body = answer[":status"], answer["content-type"], text
  end
  function handle:clearRouteCache() seen.cleared = true end
  seen.handle, seen.headers = handle, headers
  return seen
end
"""

COUNT = """
return function(run, argument)
  local instructions = 0
  jit.off()
  jit.flush()
  debug.sethook(function() instructions = instructions + 1000 end, "", 1000)
  run(argument)
  debug.sethook()
  jit.on()
  return instructions
end
"""


class Found(msgspec.Struct):
    """What the finder did."""

    model: str | None
    call: str | None
    cleared: bool
    reads: int
    status: str | None
    refused: bool
    message: str | None


class Finder:
    def __init__(self, script: str = SCRIPT) -> None:
        # Bytes in, bytes out.
        self._lua = LuaRuntime(encoding=None)
        self._lua.execute(script.encode())
        self._new = self._lua.execute(ENVOY.encode())
        self._run = self._lua.globals()[b"envoy_on_request"]
        self._count = self._lua.execute(COUNT.encode())

    def request(self, body: bytes | None, **headers: str) -> Any:
        pairs = {":method": "POST", ":path": CHAT}
        pairs |= {name.replace("_", "-"): value for name, value in headers.items()}
        table = self._lua.table_from(
            {name.encode(): value.encode("latin-1") for name, value in pairs.items()}
        )
        return self._new(table, body)

    def find(self, body: bytes | None, **headers: str) -> Found:
        return self.run(self.request(body, **headers))

    def run(self, seen: Any) -> Found:
        self._run(seen[b"handle"])
        return Found(
            model=_text(seen[b"headers"][b"x-ai-model"]),
            call=_text(seen[b"metadata"][b"ai.finder/call"]),
            cleared=bool(seen[b"cleared"]),
            reads=seen[b"reads"],
            status=_text(seen[b"status"]),
            refused=bool(seen[b"metadata"][b"ai.finder/refused"]),
            message=_text(seen[b"body"]),
        )

    def instructions(self, body: bytes) -> int:
        """How many the interpreter needs."""
        return int(self._count(self._run, self.request(body)[b"handle"]))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")


FINDER = Finder()


def find(body: bytes | None, **headers: str) -> Found:
    return FINDER.find(body, **headers)


def refusal(body: bytes | None, **headers: str) -> str:
    """The message of the 400 that `body` gets."""
    found = find(body, **headers)
    assert found.status == "400"
    assert found.refused
    assert found.call is None
    assert not found.cleared
    assert found.message is not None
    return found.message


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
        {":path": "/v1/chat"},
        {":path": "/v1/chat/completions/"},
        {":path": "//v1/chat/completions"},
        {":path": ""},
        {"upgrade": "websocket"},
    ],
)
def test_all_else_loses_the_header_and_is_left_alone(headers: dict[str, str]) -> None:
    for extra in ({}, {"x_ai_model": "a"}):
        found = find(b'{"model":"a"}', **headers, **extra)
        assert found.model is None
        assert found.call is None
        assert found.status is None
        assert found.reads == 0
        assert found.cleared == bool(extra)


def test_a_query_is_part_of_the_call_in_ascii() -> None:
    found = find(b'{"model":"a"}', **{":path": f"{CHAT}?a=\xe9&b=%20"})
    assert found.call == f"body\n{CHAT}?a=%E9&b=%20\na"


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
    if dialect.name == "huggingface.generate":
        return  # no body of its names a model
    body = json.dumps({"model": model}).encode()
    for endpoint in dialect.client:
        in_path = "{model}" in endpoint.path
        path = endpoint.path.replace("{model}", quote(model, safe=""))
        found = find(b"{}" if in_path else body, **{":path": path})
        assert found.model == model
        assert found.call == f"{'path' if in_path else 'body'}\n{path}\n{model}"
        assert found.reads == (0 if in_path else 1)
        assert find(body, **{":path": path, "x_ai_model": "b"}).call == f"header\n{path}\nb"


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
        "/v1/models/a:embedContent",
        "/v1/models/a/b:generateContent",
        "/v1/models/:generateContent",
        "/v1/models/a",
        "/v1beta/models/a",
        "/model/a/b/converse",
        "/model//converse",
        "/model/a/invoke",
        "/model/a/converse/",
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


HOSTILE = [
    b'"',
    b"[",
    b"{",
    b"}{",
    b'[""]',
    b'{"":',
    b"\\",
    b'\\"',
    b'"\\\\',
    b",",
    b" ",
    b"0",
    b'""',
    b"\xff",
    b'{"model',
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("before", [b"{", b'{"', b'{"a":"', b'{"a":[', b'{"model":"'])
def test_work_on_a_hostile_body_is_bounded(before: bytes, piece: bytes) -> None:
    """2,000,000 steps of up to 32 instructions; compiled, a step takes 5 to 8 ns."""
    body = before + piece * (8_000_000 // len(piece))
    assert FINDER.instructions(body) < 70_000_000


def test_a_model_behind_too_much_structure_is_refused_and_text_is_not_structure() -> None:
    numbers = b'{"input":[' + b"1," * 1_100_000 + b'1],"model":"a"}'
    assert "too complex" in refusal(numbers)
    assert find(numbers.replace(b"{", b'{"model":"a",', 1)).model == "a"
    assert find(b'{"input":"' + b"1," * 20_000_000 + b'","model":"a"}').model == "a"
    escaped = json.dumps({"input": json.dumps([{"k": "v"}] * 100_000), "model": "a"}).encode()
    assert find(escaped).model == "a"


def first_model(pairs: list[tuple[str, Any]]) -> Any:
    """The first of equal keys, where JSON libraries take the last."""
    return dict(reversed(pairs))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["model", '"model":', "\\", '\\"', "}", "]", "\\\\", "{", "mode", "models"]
)
keys = texts.filter(lambda text: "\\" not in json.dumps(text, ensure_ascii=False))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
members = st.lists(st.tuples(keys | st.just("model"), values | texts), max_size=6)


@given(members, st.booleans(), st.sampled_from([None, 0, 2, "\t"]))
@example([("model", "a\\"), ("model", "b")], False, None)
@settings(max_examples=600, deadline=None)
def test_it_finds_what_a_parser_finds(
    pairs: list[tuple[str, Any]], ascii_only: bool, indent: int | str | None
) -> None:
    def dumped(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    # Keys are written as they are: an escape in one is refused, which is another test.
    parts = [f"{json.dumps(key, ensure_ascii=False)}: {dumped(value)}" for key, value in pairs]
    body = "{" + ", ".join(parts) + "}"
    expected = json.loads(body, object_pairs_hook=first_model).get("model")
    found = find(body.encode())
    if isinstance(expected, str) and fits(expected):
        assert found.model == expected
    else:
        assert found.status == "400"


def fits(model: str) -> bool:
    clean = not any(ord(char) < 32 or ord(char) == 127 for char in model)
    return bool(model) and clean and len(model.encode()) <= 256


@given(st.binary(max_size=64) | st.text(alphabet='{}[]":,\\ model\x00').map(str.encode))
@settings(max_examples=600, deadline=None)
def test_it_answers_every_body(body: bytes) -> None:
    found = find(body)
    assert (found.status is None) == (found.call is not None)


@given(st.binary(max_size=12))
@settings(max_examples=600, deadline=None)
def test_only_utf8_becomes_a_model(name: bytes) -> None:
    body = b'{"model":"' + name.replace(b"\\", b"").replace(b'"', b"") + b'"}'
    try:
        expected = json.loads(body.decode(), strict=False)["model"]
    except UnicodeDecodeError:
        assert find(body).status == "400"
    else:
        assert (find(body).model == expected) == fits(expected)
