"""Who may get copies of a route's requests."""

import pytest

from tests.extproc.config.conftest import RIGHT

URL = "    base_url: http://127.0.0.1:8000\n"
COPIED = "    shadow: {backend: two}\n"


def test_another_backend_may_and_one_of_the_routes_own(folder):
    assert folder.added("    shadow: {backend: two, percent: 0.5}\n") == []
    assert folder.added("    shadow: {backend: one, model: gpt-next}\n") == []


@pytest.mark.parametrize(
    ("shadow", "said"),
    [
        ("{}", "shadow.backend: a required key is missing"),
        ("{backend: too}", "shadow.backend: there is no such backend; did you mean 'two'?"),
        ("{backend: two, model: a-$2}", "shadow.model: $2 stands for nothing in some of `models`"),
        ("{backend: two, percent: 101}", "shadow.percent: "),
        ("{backend: two, percent: -1}", "shadow.percent: "),
        ("{backend: two, percent: '5'}", "shadow.percent: "),
        ("{backend: two, share: 5}", "shadow.share: unknown key"),
    ],
)
def test_what_it_says_must_be_right(folder, shadow, said):
    (found,) = folder.added(f"    shadow: {shadow}\n")
    assert found.startswith(f"gateway.yaml:14: routes[0].{said}")


@pytest.mark.parametrize("credential", ["forward", "{header: x-key}"])
def test_a_clients_own_credential_reaches_no_copy(folder, credential):
    text = RIGHT.replace(URL, f"{URL}    credential: {credential}\n")
    (found,) = folder.said(text + COPIED)
    assert "routes[0].shadow.backend: its credential comes with requests" in found


def test_one_with_a_fallback_has_a_credential_of_its_own(folder):
    fallback = "{header: x-key, fallback: {api_key: env:ONE}}"
    text = RIGHT.replace(URL, f"{URL}    credential: {fallback}\n")
    assert folder.said(text + COPIED) == []


def test_it_serves_something_that_the_route_serves(folder):
    route = "      - backend: one\n"
    text = RIGHT[: RIGHT.index(route)] + route + COPIED
    text = text.replace("openai\n", "openai\n    operations: [embeddings]\n")
    text = text.replace("vllm\n", "vllm\n    operations: [completions]\n")
    (found,) = folder.said(text)
    assert "routes[0].shadow.backend: serves no operation that the route's" in found
    assert folder.said(text.replace("[embeddings]", "[embeddings, chat]")) == []
