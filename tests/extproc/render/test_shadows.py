"""How Envoy is told to copy requests."""

from typing import Any

import yaml

from extproc.config import parse
from extproc.render.envoy import render
from extproc.render.typed import Json

TEXT = """
version: 1
backends:
  one: {provider: openai, credential: none}
  two: {provider: cohere, credential: none, base_url: "http://127.0.0.1:1"}
routes:
  - models: [a]
    backends: [{backend: one}]
    shadow: {backend: two, percent: 0.5}
  - models: [b]
    backends: [{backend: one}]
"""


def rendered(text: str = TEXT) -> str:
    return render(parse(yaml.safe_load(text)), ca="/etc/ca.pem")


def found(value: Any, key: str) -> list[Any]:
    """What stands under `key` anywhere in `value`."""
    if isinstance(value, list):
        return [each for item in value for each in found(item, key)]
    if not isinstance(value, dict):
        return []
    own = [value[key]] if key in value else []
    return own + [each for item in value.values() for each in found(item, key)]


def clusters(text: str) -> dict[str, Json]:
    resources = yaml.safe_load(text)["static_resources"]
    return {each["name"]: each for each in resources["clusters"]}


def test_a_route_says_where_copies_go_and_how_many():
    (policies,) = found(yaml.safe_load(rendered()), "request_mirror_policies")
    share = {"default_value": {"numerator": 5_000, "denominator": "MILLION"}}
    assert policies == [
        {
            "cluster": "ai/two~shadow",
            "runtime_fraction": share,
            "disable_shadow_host_suffix_append": True,
        }
    ]


def test_copies_have_a_cluster_with_the_servers_filter_and_a_name_for_it():
    made = clusters(rendered())
    cluster = made["ai/two~shadow"]
    (told,) = found(cluster["load_assignment"], "filter_metadata")
    assert told["ai.extproc"] == {"backend": "two~shadow"}
    (filters,) = found(cluster, "http_filters")
    names = [each["name"] for each in filters]
    last = ["envoy.filters.http.ext_proc", "envoy.filters.http.upstream_codec"]
    assert names == ["ai.unmarked", *last]
    assert "ai.unmarked" not in str(made["ai/one"])


def test_the_text_says_what_it_is():
    assert "# Copies of requests, for: two. Nobody sees its answers." in rendered()


def test_its_requests_may_become_several_too():
    without = TEXT.replace("    shadow: {backend: two, percent: 0.5}\n", "")
    assert "loopback" in rendered()
    assert "loopback" not in rendered(without)
