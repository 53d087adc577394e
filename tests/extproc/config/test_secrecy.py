"""Whatever a person puts where, a secret is never shown."""

import re

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extproc.config import ConfigError, load, problems
from extproc.config.document import read
from extproc.config.redaction import looks_secret, shown
from tests.extproc.config.conftest import ENVIRONMENT
from tests.extproc.config.test_schema import EVERYTHING

LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
tails = st.text(LETTERS, min_size=24, max_size=48).filter(
    lambda text: re.search("[0-9]", text) and re.search("[a-zA-Z]", text)
)
secrets = st.one_of(
    st.builds("{}{}".format, st.sampled_from(["sk-", "sk-proj-", "gsk_", "xai-", "hf_"]), tails),
    st.builds("AKIA{}".format, st.text("ABCDEFGHIJKLMNOP234567", min_size=16, max_size=16)),
    st.builds("eyJ{}.{}.{}".format, tails, tails, tails),
    st.builds("Bearer {}".format, tails),
    tails,
)

BROKEN = ("*{}", "a: [{}", "a: '{}", "? {}\n- x", "!{} x", "%{}", "&{} *{}")


def bounded(examples):
    """The fixture is a directory, whose files each example writes anew."""
    shared = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples, deadline=None, suppress_health_check=shared)


def places(value, at=()):
    """The locations of every value."""
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*at, index))


def put(value, at, new, as_key):
    """A copy of `value` with `new` at the location, as its value or as its key."""
    if not at:
        return new
    head, rest = at[0], at[1:]
    if isinstance(value, dict):
        changed = {key: item for key, item in value.items() if key != head}
        key = new if as_key and not rest else head
        return {**changed, key: value[head] if key is new else put(value[head], rest, new, as_key)}
    return [put(item, rest, new, as_key) if i == head else item for i, item in enumerate(value)]


def texts(found):
    yield from (f"{problem!s} {problem!r}" for problem in found)
    error = ConfigError(found)
    yield f"{error!s} {error!r}"


@bounded(60)
@given(st.data(), secrets, st.booleans())
def test_a_secret_in_any_place_is_never_shown(folder, data, secret, as_key):
    plain = read(folder.write(EVERYTHING))[0].root.plain()
    at = data.draw(st.sampled_from(sorted(places(plain), key=str)))
    file = folder.write(yaml.safe_dump(put(plain, at, secret, as_key)))
    for text in texts(problems(file, environment=ENVIRONMENT)):
        assert secret not in text
    try:
        gateway = load(file)
    except ConfigError as error:
        assert secret not in f"{error!s} {error!r}"
        assert error.__cause__ is None
    else:
        # Long words without a known shape may be names; they are no secrets then.
        assert not looks_secret(secret)
        assert gateway


@bounded(60)
@given(
    secrets, st.sampled_from(["*{}", "a: [{}", "a: '{}", "? {}\n- x", "!{} x", "%{}", "&{} *{}"])
)
def test_a_secret_in_broken_yaml_is_never_shown(folder, secret, form):
    for text in texts(problems(folder.write(form.replace("{}", secret)))):
        assert secret not in text


@bounded(60)
@given(secrets)
def test_the_value_of_a_secret_is_never_shown(folder, secret):
    clients = "a: env:KEY_A\nb: env:KEY_B\nc: env:UNSET\n"
    environment = {"OPENAI_API_KEY": secret, "KEY_A": secret, "KEY_B": secret}
    found = folder.problems(EVERYTHING, clients=clients, environment=environment)
    assert any("the same key" in problem.message for problem in found)
    for text in texts(found):
        assert secret not in text


@pytest.mark.parametrize(
    "text",
    [
        "gpt-4o-2024-11-20",
        "eu.anthropic.claude-sonnet-4-20250514-v1:0",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "arn:aws:iam::123456789012:role/gateway",
        "accounts/fireworks/models/deepseek-v3",
        "env:OPENAI_API_KEY",
        "file:/var/run/secrets/openai/api-key",
        "sk-",
        "risk-management-and-compliance",
        "hf_endpoint",
    ],
)
def test_what_is_no_secret_is_shown(text):
    assert not looks_secret(text)
    assert shown(text) == text


def test_text_of_a_person_is_shown_on_one_short_line():
    assert shown("a\nb\x00") == "a�b�"
    assert len(shown("word " * 100)) == 100
