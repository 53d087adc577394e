"""What the model finder makes of any body: bounded work, and the model that a parser finds."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.envoy.finder import FINDER, find, refusal

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
