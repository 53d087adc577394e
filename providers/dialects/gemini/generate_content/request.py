"""Requests, both ways.

https://ai.google.dev/api/generate-content#request-body
"""

from collections.abc import Mapping
from typing import Any

from providers.bridging.fidelity import Feature
from providers.dialects.gemini.generate_content import fields, generation
from providers.dialects.gemini.generate_content.messages import parse_messages, render_messages
from providers.dialects.gemini.generate_content.thinking import parse_thinking
from providers.dialects.gemini.generate_content.tools import (
    parse_choice,
    parse_rest,
    parse_tools,
    parse_unsaid,
    render_choice,
    render_sides,
    render_tools,
)
from providers.errors import Unsupported
from providers.models.gemini import model_of
from providers.models.longest import within
from providers.neutral.chat import ChatRequest
from providers.wire.members import Json

PARSED = fields.spellings(
    (
        "model",
        "contents",
        "systemInstruction",
        "tools",
        "toolConfig",
        "generationConfig",
        "serviceTier",
        "store",
    )
)
OWN = fields.spellings(
    ("safetySettings", "cachedContent", "labels", "modelArmorConfig", "continuationToken")
)
"""Members that no other dialect knows."""
KEPT_THERE = ("cachedContent", "continuationToken")
"""A part of the prompt, or of the answer, that only Google has."""
MERGED = fields.spellings(("generationConfig", "toolConfig"))
"""Extras whose members join those that are rendered."""
NESTING = ("extra_body", "google")
"""Where Google's OpenAI-compatible API takes what is its own
(https://ai.google.dev/gemini-api/docs/openai#extra-body)."""

TIERS = {"default": "standard", "standard_only": "standard", "unspecified": "auto"}
KNOWN_TIERS = ("standard", "flex", "priority")


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """A client's request; the model and whether to stream stand in the path."""
    for name in KEPT_THERE:
        if fields.find(body, name):
            raise Unsupported(f"{name} needs a provider of the Gemini API", param=name)
    config, rest = generation.parse_config(body)
    extras: dict[str, Any] = {
        OWN.get(name, name): value
        for name, value in body.items()
        if name not in PARSED and value is not None
    }
    if rest:
        extras["generationConfig"] = rest
    if calling := parse_rest(body):
        extras["toolConfig"] = calling
    extras |= parse_unsaid(body)
    tier = fields.text(body, "serviceTier")
    return ChatRequest(
        model=path_model or fields.text(body, "model") or "",
        messages=tuple(parse_messages(body, generation.detail_of(config))),
        stream=path_stream,
        tools=parse_tools(body),
        tool_choice=parse_choice(body),
        output=generation.output(config),
        reasoning=parse_thinking(config),
        audio=generation.voice(config),
        service_tier=TIERS.get(tier.lower(), tier.lower()) if tier else None,
        store=fields.boolean(body, "store"),
        extras=extras,
        **generation.plain(config),
    )


def render_request(request: ChatRequest, dropped: list[str], vertex: bool = False) -> Json:
    """The body for Google; the model and whether to stream stand in the path."""
    request = within(request, dropped)
    model = model_of(request.known_as)
    system, contents = render_messages(request, model, dropped)
    body: Json = {"contents": contents}
    if system:
        body["systemInstruction"] = {"parts": system}
    body |= fields.optional(
        tools=render_tools(request, model, vertex, dropped),
        toolConfig={
            **_tool_config(request, render_choice(request, model, dropped)),
            **render_sides(request, model, vertex),
        },
        generationConfig=generation.render_config(request, model, dropped),
        serviceTier=_tier(request, dropped),
        store=request.store,
    )
    return body | _extras(request.extras, dropped)


def _extras(extras: Mapping[str, Any], dropped: list[str]) -> Json:
    """What only Google knows; in an OpenAI body some of it stands under `google`."""
    found: Json = {}
    for name, value in extras.items():
        if name in OWN:
            found[OWN[name]] = value
        elif name in NESTING and isinstance(value, dict):
            found |= _nested(name, value, dropped)
        elif name not in MERGED or not isinstance(value, dict):
            dropped.append(name)
    return found


def _nested(at: str, extras: Json, dropped: list[str]) -> Json:
    found: Json = {}
    for name, value in extras.items():
        if name in OWN:
            found[OWN[name]] = value
        elif name in NESTING and isinstance(value, dict):
            found |= _nested(f"{at}.{name}", value, dropped)
        else:
            dropped.append(f"{at}.{name}")
    return found


def _tool_config(request: ChatRequest, calling: Json) -> Json:
    own = fields.find(dict(request.extras), "toolConfig")
    config = dict(own) if isinstance(own, dict) else {}
    if calling:
        rest = config.get("functionCallingConfig")
        config["functionCallingConfig"] = {**(rest if isinstance(rest, dict) else {}), **calling}
    return config


def _tier(request: ChatRequest, dropped: list[str]) -> str | None:
    tier = request.service_tier
    if tier is None or tier == "auto":
        return None
    tier = TIERS.get(tier, tier)
    if tier in KNOWN_TIERS:
        return tier
    dropped.append(Feature.SERVICE_TIER.value)
    return None
