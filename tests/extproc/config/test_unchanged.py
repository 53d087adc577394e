"""Routes that two files share are read once, and what comes out is the same as from nothing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extproc.config import ConfigError, document, load_and_look
from extproc.config.unchanged import NOTHING

HEAD = """\
version: 1
backends:
  one: {provider: openai, credential: {api_key: env:ONE}}
  two: {provider: vllm, base_url: "http://127.0.0.1:8000"}
"""
TAIL = "listen: {port: 10123}\n"


def route(name, backend="one", indent="  "):
    return f"{indent}- models: [{name}]\n{indent}  backends: [{{backend: {backend}}}]\n"


def text(routes, head=HEAD, tail=TAIL):
    return f"{head}routes:\n{''.join(routes)}{tail}"


def looked(file, content, known=NOTHING):
    """(the configuration or what is wrong with it, what it lacks, what is known of it)."""
    file.write_text(content)
    try:
        found = load_and_look(file, environment={}, known=known)
    except ConfigError as error:
        return [*map(str, error.problems)], [], NOTHING
    return found.gateway, found.lacking, found.known


def same(file, before, after):
    """Loads `after` when `before` is known; what it took of that."""
    known = looked(file, before)[2]
    fresh, again = looked(file, after), looked(file, after, known)
    assert again[:2] == fresh[:2]
    assert again[2] == fresh[2]
    return known


@pytest.fixture
def fed(monkeypatch):
    """How many values YAML has given."""
    count = [0]
    feed = document.Builder.feed

    def counting(self, event):
        count[0] += 1
        feed(self, event)

    monkeypatch.setattr(document.Builder, "feed", counting)
    return count


def test_a_change_of_one_route_costs_no_reading_of_the_others(tmp_path, fed):
    file = tmp_path / "gateway.yaml"
    routes = [route(f"model-{number}") for number in range(500)]
    known = looked(file, text(routes))[2]
    assert len(known) == 500
    for changed in (
        [*routes, route("new")],
        routes[1:],
        [*routes[:250], route("other", "two"), *routes[251:]],
        [route("first"), *routes],
    ):
        fed[0] = 0
        gateway, _, known_then = looked(file, text(changed), known)
        assert fed[0] < 150
        assert [item.models[0] for item in gateway.routes] == [
            item.split("[")[1].split("]")[0] for item in changed
        ]
        assert len(known_then) == len(changed)
        known = known_then
        routes = changed


def test_what_is_wrong_beside_known_routes_has_its_line(tmp_path):
    file = tmp_path / "gateway.yaml"
    routes = [route("a"), route("b")]
    known = looked(file, text(routes))[2]
    assert "gateway.yaml:11: routes[2].backends[0].backend" in str(
        looked(file, text([*routes, route("c", "none")]), known)[0]
    )
    late = text(routes, "version: 1\n", HEAD.removeprefix("version: 1\n"))
    (lacking,) = looked(file, late, known)[1]
    assert lacking.line == 8


OPEN = [
    '  - models: ["x\n' + route("a"),
    "  - models: [x]\n    backends: [{backend: one}\n",
    "  - models:\n    - |\n      x\n    backends: [{backend: one}]\n",
    "  - models:\n    - |+\n      x\n\n    backends: [{backend: one}]\n",
    "  - models: [&x y]\n    backends: [{backend: one}]\n",
    "  - models: [*x]\n    backends: [{backend: one}]\n",
    " - models: [x]\n",
    "   - models: [x]\n",
    "  -\n    models: [x]\n    backends: [{backend: one}]\n",
    "routes:\n",
    "# a comment\n",
    "\n",
    "x: 1\n",
    "...\n",
    "---\n",
    '"]\n',
    "'\n",
    "  - models: ['x\n",
    "  - {models: [z], backends: [{backend: two}]}\n",
    "    timeouts: {request: 5}\n",
    "  \t- models: [t]\n",
    '  - models: [q]\n    backends: [{backend: one, model: "u\n',
]
PARTS = [route("a"), route("b"), route("c", "two"), route("d", "none"), *OPEN]
HEADS = [HEAD, HEAD + "default_model: a\n", 'x: "\n' + HEAD, HEAD.replace("one:", "uno:")]
TAILS = [
    TAIL,
    "",
    "]\n",
    '"]\n' + TAIL,
    'x: "\n',
    "limits: [{per: [client], requests: 5}]\n",
    "routes: []\n",
]
TEXTS = st.builds(
    text,
    st.lists(st.sampled_from(PARTS), max_size=6),
    st.sampled_from(HEADS),
    st.sampled_from(TAILS),
)
SOUND = st.builds(
    text, st.lists(st.sampled_from([*PARTS[:3], *OPEN]), max_size=5, unique=True), st.just(HEAD)
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=SOUND, after=st.one_of(TEXTS, SOUND))
def test_whatever_changes_the_same_comes_out_as_from_nothing(tmp_path, before, after):
    same(tmp_path / "gateway.yaml", before, after)


@pytest.mark.parametrize("part", OPEN)
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_text_that_reaches_over_other_routes_is_read_as_yaml_has_it(tmp_path, part, tail, place):
    routes = [route("a"), route("b")]
    after = [*routes[:place], part, *routes[place:]]
    known = same(tmp_path / "gateway.yaml", text(routes), text(after, tail=tail))
    assert len(known) == 2
