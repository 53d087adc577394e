"""Two features together: no worse than each by itself."""

from itertools import combinations
from typing import Any

import msgspec
import pytest

from providers.bridging.dialect import Call, Sent
from providers.bridging.fidelity import Feature
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import GatewayError
from providers.models.openai import SAMPLERS
from tests.e2e.clients.backends import CHAT, MODELS
from tests.providers.matrix.test_features import BASE, USES
from tests.providers.matrix.world import MODEL

THINKING = frozenset(feature for feature in Feature if feature.startswith("reasoning."))
SAMPLING = frozenset({Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K})
FORCED = frozenset({Feature.TOOL_CHOICE_REQUIRED, Feature.TOOL_CHOICE_NAMED})
RESULTS = frozenset({Feature.TOOL_RESULT_MEDIA, Feature.TOOL_RESULT_ERROR})
"""What stands in a turn that goes on, and that began without thoughts."""
TOOLS = RESULTS | {
    each for each in Feature if each.startswith(("tools", "tool_choice", "parallel_tool_calls"))
}
JSON = frozenset({Feature.JSON_MODE, Feature.JSON_SCHEMA})

Group = frozenset[Feature]
# https://platform.claude.com/docs/en/build-with-claude/extended-thinking
CLAUDES: tuple[tuple[Group, Group], ...] = (
    (THINKING, SAMPLING | FORCED | RESULTS),
    (SAMPLING, SAMPLING),
    (frozenset({Feature.USER}), frozenset({Feature.SAFETY_IDENTIFIER})),
)
# https://platform.openai.com/docs/guides/latest-model#parameter-compatibility
OPENAIS: tuple[tuple[Group, Group], ...] = ((THINKING, SAMPLERS),)
CLASHES: dict[str, tuple[tuple[Group, Group], ...]] = {
    "anthropic.messages": CLAUDES,
    "bedrock.converse": CLAUDES,
    # https://docs.cohere.com/v2/docs/structured-outputs
    "cohere.chat": ((JSON, TOOLS),),
    "openai.chat": OPENAIS,
    "openai.responses": OPENAIS,
}
"""Target → features of which its vendor takes one, where a client asks for both."""


def clash(target: str, one: Feature, other: Feature) -> bool:
    """Whether the vendor itself cannot have both."""
    return any(
        (one in first and other in second) or (other in first and one in second)
        for first, second in CLASHES.get(target, ())
    )


def changes(feature: Feature, client: str) -> dict[str, Any]:
    """The members by which a request uses the feature."""
    _, having = USES[client][feature]
    names = having.__struct_fields__
    return {
        name: value for name in names if (value := getattr(having, name)) != getattr(BASE, name)
    }


def said(client: str, members: dict[str, Any]) -> dict[str, Any] | None:
    """A request of the client's; None where its dialect cannot say it."""
    request = msgspec.structs.replace(BASE, model=MODELS[client], **members)
    try:
        return {**DIALECTS[client].render_request(request, []), "model": MODEL}
    except GatewayError:
        return None


def lost(client: str, target: str, body: dict[str, Any]) -> set[str] | None:
    """The names of what is dropped; None where the request is refused."""
    try:
        bridge = DIALECTS[client].towards(DIALECTS[target], Quirks())
        sent = bridge.request(Call(data=b"", body=body, model=MODELS[target], stream=False))
    except GatewayError:
        return None
    return set(sent.dropped) if isinstance(sent, Sent) else None


def known(name: str, names: set[str]) -> bool:
    """Whether it is one of them, or less exactly so: together, one may be said by the other."""
    return any(one == name or one.startswith(f"{name}.") for one in names)


def worse(client: str, target: str) -> list[tuple[str, str, str]]:
    """The pairs of features that are worse off together, and how."""
    alone: dict[Feature, tuple[dict[str, Any], set[str]]] = {}
    for feature in sorted(DIALECTS[client].carries):
        members = changes(feature, client)
        body = said(client, members)
        told = body is not None and body != said(client, {})
        dropped = lost(client, target, body) if told and body is not None else None
        if dropped is not None:
            alone[feature] = (members, dropped)
    found = []
    for (one, (first, lacks)), (other, (second, lacked)) in combinations(alone.items(), 2):
        mixed = any(first[name] != second[name] for name in first.keys() & second.keys())
        body = None if mixed or clash(target, one, other) else said(client, first | second)
        if body is None:
            continue
        both = lost(client, target, body)
        fresh = {name for name in both or () if not known(name, lacks | lacked)}
        if both is None or fresh:
            what = "refused" if both is None else ", ".join(sorted(fresh))
            found.append((one.value, other.value, what))
    return found


@pytest.mark.parametrize("target", CHAT)
@pytest.mark.parametrize("client", CHAT)
def test_two_features_are_no_worse_than_each(client: str, target: str) -> None:
    if client != target:
        assert worse(client, target) == []
