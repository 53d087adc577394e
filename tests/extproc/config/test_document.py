import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from extproc.config import document
from extproc.config.document import dotted, locate, parse


def data(text):
    read, problems = parse(text.encode(), "f")
    assert not problems
    return read.root.plain()


def said(text):
    text = text if isinstance(text, bytes) else text.encode()
    return [str(problem) for problem in parse(text, "f")[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("010", 10),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("on", "on"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("2025-04-01", "2025-04-01"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        (".inf", ".inf"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(text, value):
    found = data(f"a: {text}")["a"]
    assert (type(found), found) == (type(value), value)


def test_a_key_is_text_whatever_it_looks_like():
    assert data("on: 1\n429: 2\ntrue: 3\n~: 4") == {"on": 1, "429": 2, "true": 3, "~": 4}


def test_an_alias_is_the_value_of_its_anchor():
    assert data("a: &x {b: 1}\nc: *x\nd: [*x, *x]")["d"] == [{"b": 1}, {"b": 1}]


def test_a_merge_gives_way_to_the_keys_beside_it_and_to_earlier_merges():
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], z: 3}"
    assert data(text)["c"] == {"x": 1, "y": 1, "z": 3}


def test_a_merged_key_has_the_line_where_it_was_written():
    read, _ = parse(b"a: &a\n  x: 1\nb:\n  <<: *a", "f")
    assert locate(read.root, ("b", "x")) == (2, ("b", "x"))


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert parse(b"\xef\xbb\xbfa: 1", "f")[0].root.plain() == {"a": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "f:1: the file is empty"),
        ("# only a comment", "f:1: the file is empty"),
        ("- a", "f:1: must be a mapping"),
        ("a: 1\nb: 2\na: 3", "f:3: a: the key stands twice, first on line 1"),
        ("a:\n  - b: {c: 1,\n      c: 2}", "f:3: a[0].b.c: the key stands twice, first on line 2"),
        ("a: 1\n---\nb: 2", "f:2: a second document; one file holds one"),
        ("a: &a [*a]", "f:1: an alias inside its own anchor"),
        ("a: *b", "f:1: an alias of an anchor that does not stand before it"),
        ("{[a]: 1}", "f:1: a key must be plain text"),
        ("a: !!python/object:os.system x", "f:1: a: YAML tags are not allowed"),
        ("a: {<<: x}", "f:1: a.<<: takes a mapping or a list of mappings"),
        (b"a: 1\nb: \xff", "f:2: not UTF-8"),
        (b"a: 1\nb: \x00", "f:2: not YAML: a character that it does not allow"),
        ("a:\n\t- b", "f:2: not YAML: found character that cannot start any token"),
    ],
)
def test_bad_yaml_is_told_with_its_line(text, problem):
    assert said(text) == [problem]


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 1_000_000,
        "{a: " * 300_000,
        "- " * 200_000,
        "a0: &a0 " + "[" * 50 + "]" * 50 + "\na1: " + "[" * 50 + "*a0" + "]" * 50,
    ],
)
def test_deep_nesting_is_refused_before_it_costs_anything(text):
    assert said(text)[0].endswith("nested deeper than 64 levels")


def test_an_alias_bomb_is_refused():
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    rows += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert said("\n".join(rows)) == ["f:6: more than 1000000 values, aliases expanded"]


def test_a_merge_bomb_is_refused():
    rows = ["a0: &a0 {k: v}"]
    rows += [f"a{i}: &a{i} {{<<: *a{i - 1}, k{i}: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, 40)]
    assert said("\n".join(rows))[0].endswith("more than 1000000 values, aliases expanded")


def test_a_file_that_is_too_large_is_refused():
    assert said(b"a" * (document.MAX_BYTES + 1)) == ["f:1: larger than 16777216 bytes"]


def test_without_libyaml_the_same_comes_out(monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert data("a: {on: [1, 'b']}\nc: &x 2\nd: *x") == {"a": {"on": [1, "b"]}, "c": 2, "d": 2}
    assert said("a: *b") == ["f:1: an alias of an anchor that does not stand before it"]


@pytest.mark.parametrize(
    ("location", "found"),
    [
        (("a",), (1, ("a",))),
        (("a", "<tag>", "b"), (2, ("a", "b"))),
        (("a", "c", 1), (5, ("a", "c", 1))),
        (("a", "b", 0, "ref"), (2, ("a", "b"))),
        (("a", "missing"), (1, ("a", "missing"))),
        (("a", "b", "[key]"), (2, ("a", "b"))),
        ((), (1, ())),
    ],
)
def test_a_location_is_found_as_it_was_written(location, found):
    read, _ = parse(b"a:\n  b: 1\n  c:\n    - x\n    - y\n", "f")
    assert locate(read.root, location) == found


def test_a_key_that_looks_like_a_secret_is_not_shown():
    assert dotted(("a", "sk-proj-abcdefgh12345678", 0)) == "a.…[0]"


printable = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
words = st.text(printable, max_size=8).filter(lambda word: word != "<<")
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner),
    max_leaves=30,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(words, values, min_size=1))
def test_what_is_written_as_json_is_read_back(value):
    assert data(json.dumps(value, ensure_ascii=False)) == value


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*!<>|'\"\n #%?,", max_size=60))
def test_whatever_the_bytes_there_is_a_document_or_a_problem(text):
    text = text.encode() if isinstance(text, str) else text
    read, problems = parse(text, "f")
    assert read is not None or problems
    assert all(problem.line >= 1 for problem in problems)
