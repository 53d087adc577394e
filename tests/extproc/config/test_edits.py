"""What routes and backends do to requests and answers."""

import pytest

from extproc.config.edits import Most
from tests.extproc.config.conftest import RIGHT


@pytest.mark.parametrize(
    ("edits", "key", "says"),
    [
        ("request: {stream: never}", "request.stream", "not one of the words"),
        ("request: {limits: {model: 1}}", "request.limits.model", "a number's name"),
        ("request: {limits: {a..b: 1}}", "request.limits.a..b", "names joined by dots"),
        ("request: {limits: {max_tokens: many}}", "request.limits.max_tokens", "must be a number"),
        ("request: {limits: {max_tokens: 0}}", "request.limits.max_tokens", "at least 1"),
        ("request: {limits: {n: {refuse: true}}}", "request.limits.n.most", "key is missing"),
        (
            "request: {limits: {max_tokens: 9}, override: {max_tokens: 10}}",
            "request.override.max_tokens",
            "is more than limits.max_tokens",
        ),
        ("request: {max_input_tokens: 0}", "request.max_input_tokens", "at least 1"),
        ("request: {headers: {set: {Host: x}}}", "request.headers.set.Host", "is set by Envoy"),
        ('request: {headers: {set: {a: "b\\nc"}}}', "request.headers.set.a", "on one line"),
        (
            "request: {headers: {remove: [authorization]}}",
            "request.headers.remove[0]",
            "credential",
        ),
        (
            "response: {headers: {set: {content-type: x}}}",
            "response.headers.set",
            "what the body is",
        ),
        (
            "response: {headers: {set: {x-a: b}, remove: [X-A]}}",
            "response.headers.remove[0]",
            "is also in set",
        ),
        ("response: {headers: {add: {}}}", "response.headers.add", "unknown key"),
    ],
)
def test_edits_are_checked(folder, edits, key, says):
    found = folder.added(f"    {edits}\n")
    assert any(f"routes[0].{key}" in said and says in said for said in found), found
    assert all(said.startswith("gateway.yaml:14: ") for said in found), found


def test_a_backends_edits_are_checked_alike(folder):
    old = "credential: {api_key: env:ONE}"
    (said,) = folder.changed(old, f"{old}\n    request: {{remove: [a], override: {{a: 1}}}}")
    assert said.startswith("gateway.yaml:6: backends.one.request.remove[0]: is also in defaults")
    edits = "headers: {x-a: b}\n    request: {headers: {set: {x-a: c}}}"
    (said,) = folder.changed(old, f"{old}\n    {edits}")
    assert "backends.one.request.headers.set.x-a: is also in the backend's headers" in said


def test_a_backends_texts_may_have_lines(folder):
    old = "credential: {api_key: env:ONE}"
    text = 'request: {defaults: {system: "a\\nb"}}'
    assert folder.changed(old, f"{old}\n    {text}") == []


def test_a_cap_is_a_number_or_says_what_becomes_of_more(folder):
    request = "{limits: {max_tokens: 4096, temperature: {most: 1.5, refuse: true}}}"
    route = folder.load(RIGHT + f"    request: {request}\n").routes[0]
    assert route.request.limits == {
        "max_tokens": 4096.0,
        "temperature": Most(most=1.5, refuse=True),
    }
