"""Requests, both ways.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import orjson

from providers.bridging.fidelity import Feature, lose
from providers.dialects.bedrock.converse import claude_tools, fields
from providers.dialects.bedrock.converse.blocks import parse_blocks
from providers.dialects.bedrock.converse.messages import render_messages
from providers.dialects.bedrock.converse.thinking import Rendered, parse_reasoning, render_reasoning
from providers.dialects.bedrock.converse.tools import (
    Marker,
    parse_choice,
    parse_tools,
    render_tooling,
    take_choice,
)
from providers.errors import Unsupported
from providers.models.bedrock import Family, family_of
from providers.models.claude.sampling import sampling
from providers.models.longest import within
from providers.neutral.chat import ChatRequest, JsonOutput, Message, Role, ToolCall, ToolResult
from providers.neutral.turns import results_apart
from providers.wire import members
from providers.wire.members import Json

ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
RETURNED, STOPPED_BY = "additionalModelResponseFieldPaths", "/stop_sequence"
OWN_EXTRAS = (
    "guardrailConfig",
    "promptVariables",
    RETURNED,
    "performanceConfig",
)
PARSED = frozenset(
    {
        "modelId",
        "messages",
        "system",
        "inferenceConfig",
        "toolConfig",
        "requestMetadata",
        "serviceTier",
        "outputConfig",
        "additionalModelRequestFields",
    }
)
TIERS = {
    "default": "default",
    "standard_only": "default",
    "priority": "priority",
    "flex": "flex",
    "reserved": "reserved",
}
# What the service model allows in requestMetadata.
NOT_METADATA = re.compile(r"[^a-zA-Z0-9\s:_@$#=/+,\-.]")
MAX_METADATA, MAX_METADATA_TEXT = 16, 256
TOP_K = "topK"


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """A client's request; the model and whether to stream stand in the path."""
    inference = fields.mapping(body, "inferenceConfig")
    config = fields.mapping(body, "toolConfig")
    output = fields.mapping(body, "outputConfig")
    additional = dict(fields.mapping(body, "additionalModelRequestFields"))
    tier = fields.mapping(body, "serviceTier")
    top_k = _take_top_k(additional)
    if top_k is None:
        top_k = members.integer(inference, TOP_K, "inferenceConfig.")
    choice, parallel = take_choice(additional)
    own_tools, flags = claude_tools.take(additional), claude_tools.take_betas(additional)
    reasoning = parse_reasoning(additional, output)
    metadata = fields.mapping(body, "requestMetadata")
    schema = _output(output) or _own_output(additional)
    extras = {name: value for name, value in body.items() if name not in PARSED}
    extras |= claude_tools.take_members(additional)
    if additional:
        extras["additionalModelRequestFields"] = additional
    if extras.get(RETURNED) == [STOPPED_BY]:
        del extras[RETURNED]  # which all answers say
    return ChatRequest(
        model=path_model or members.text(body, "modelId") or "",
        messages=tuple(_messages(body)),
        stream=path_stream,
        max_tokens=members.integer(inference, "maxTokens", "inferenceConfig."),
        temperature=members.number(inference, "temperature", "inferenceConfig."),
        top_p=members.number(inference, "topP", "inferenceConfig."),
        top_k=top_k,
        stop=fields.strings(inference, "stopSequences", "inferenceConfig."),
        tools=(*parse_tools(config), *own_tools),
        tool_choice=choice or parse_choice(config),
        parallel_tool_calls=parallel,
        output=schema,
        reasoning=reasoning,
        metadata=metadata or None,
        service_tier=members.text(tier, "type", "serviceTier."),
        extras=extras,
        headers=flags,
        # An answer that no guardrail has seen is not the one that was asked for.
        binding=frozenset(("guardrailConfig",) if extras.get("guardrailConfig") else ()),
    )


def _take_top_k(additional: Json) -> int | None:
    """The several places where the families keep it."""
    at = "additionalModelRequestFields."
    for name in ("top_k", "topK", "k"):
        if additional.get(name) is not None:
            value = members.integer(additional, name, at)
            del additional[name]
            return value
    nova = dict(fields.mapping(additional, "inferenceConfig", at))
    value = members.integer(nova, "topK", f"{at}inferenceConfig.")
    if value is not None:
        del nova["topK"]
        additional["inferenceConfig"] = nova
        if not nova:
            del additional["inferenceConfig"]
    return value


def _messages(body: Json) -> Iterable[Message]:
    system = parse_blocks(body, "", "system")
    if system:
        yield Message(role=Role.SYSTEM, parts=system)
    names: dict[str, str] = {}
    for message, at in members.objects(body, "messages"):
        role = ROLES.get(members.required_text(message, "role", at))
        if role is None:
            raise members.wrong(f"{at}role", "one of user, assistant, system")
        parts = parse_blocks(message, at)
        if role is Role.USER:
            yield from [_named(turn, names) for turn in results_apart(parts)]
            continue
        names.update((part.id, part.name) for part in parts if isinstance(part, ToolCall))
        yield Message(role=role, parts=parts)


def _named(message: Message, names: Mapping[str, str]) -> Message:
    """Results with the names of the functions that were called; Converse says them only there."""
    if message.role is not Role.TOOL:
        return message
    parts = [
        msgspec.structs.replace(part, name=names.get(part.call_id))
        for part in message.parts
        if isinstance(part, ToolResult)
    ]
    return msgspec.structs.replace(message, parts=tuple(parts))


def _output(output: Json) -> JsonOutput | None:
    wanted = fields.mapping(output, "textFormat", "outputConfig.")
    if not wanted:
        return None
    at = "outputConfig.textFormat.structure."
    structure = members.required_mapping(wanted, "structure", "outputConfig.textFormat.")
    definition = members.required_mapping(structure, "jsonSchema", at)
    at += "jsonSchema."
    try:
        schema = orjson.loads(members.required_text(definition, "schema", at))
    except ValueError:
        schema = None
    if not isinstance(schema, dict):
        raise members.wrong(f"{at}schema", "a JSON schema as JSON text")
    return JsonOutput(
        schema=schema,
        name=members.text(definition, "name", at),
        description=members.text(definition, "description", at),
    )


def _own_output(additional: Json) -> JsonOutput | None:
    """The schema in Claude's own words, taken out of additionalModelRequestFields."""
    config = additional.get("output_config")
    wanted = config.get("format") if isinstance(config, dict) else None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    if not isinstance(config, dict) or not isinstance(schema, dict):
        return None
    rest = {name: value for name, value in config.items() if name != "format"}
    additional["output_config"] = rest
    if not rest:
        del additional["output_config"]
    return JsonOutput(schema=schema)


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for Bedrock; the model and whether to stream stand in the path."""
    request = within(request, dropped)
    family = family_of(request.known_as)
    marker = Marker(family, dropped)
    reasoning = render_reasoning(request, family, dropped)
    tooling = render_tooling(request, family, marker)
    system, messages = render_messages(request, family, marker, dropped)
    samplers = _sampling(request, family, reasoning, dropped)
    body: Json = fields.optional(
        messages=messages,
        system=system,
        inferenceConfig=samplers.inference,
        toolConfig=tooling.config,
        additionalModelRequestFields=_joined(
            _additional(request), samplers.additional, reasoning.additional, tooling.additional
        ),
        outputConfig=_output_config(request, reasoning),
        requestMetadata=_metadata(request, dropped),
        serviceTier=_tier(request, dropped),
    )
    if request.stop and family.claude is not None:
        # Which sequence it was that stopped the model is only said on demand.
        body[RETURNED] = [STOPPED_BY]
    for name, value in request.extras.items():
        if name in OWN_EXTRAS:
            body[name] = value
        elif name != "additionalModelRequestFields":
            dropped.append(name)
    dropped[:] = dict.fromkeys(dropped)
    return body


def _additional(request: ChatRequest) -> Json:
    value = request.extras.get("additionalModelRequestFields")
    return value if isinstance(value, dict) else {}


def _joined(*objects: Json) -> Json:
    """One object of all; an object in two of them is joined too."""
    joined: Json = {}
    for name, value in (item for each in objects for item in each.items()):
        known = joined.get(name)
        both = isinstance(known, dict) and isinstance(value, dict)
        joined[name] = {**known, **value} if both and known else value
    return joined


class Sampling(msgspec.Struct):
    """What the sampling parameters become."""

    inference: Json
    additional: Json


def _sampling(
    request: ChatRequest, family: Family, reasoning: Rendered, dropped: list[str]
) -> Sampling:
    taken: dict[str, float | None]
    generation = family.claude or (family.hidden if reasoning.on else None)
    if generation is not None:
        taken = {**sampling(request, generation, reasoning.on, dropped)}
    else:
        taken = {
            "temperature": _within(request.temperature, Feature.TEMPERATURE, dropped),
            "top_p": request.top_p,
            "top_k": request.top_k,
        }
    stops = [sequence for sequence in request.stop if sequence]
    if family.claude is not None and any(sequence.isspace() for sequence in stops):
        raise Unsupported("Claude takes no stop sequence of white space", param="stop")
    inference = fields.optional(
        maxTokens=request.max_tokens,
        temperature=taken.get("temperature"),
        topP=_within(taken.get("top_p"), Feature.TOP_P, dropped),
        stopSequences=stops,
    )
    return Sampling(inference, _top_k(taken.get("top_k"), family, dropped))


def _top_k(top_k: float | None, family: Family, dropped: list[str]) -> Json:
    """The members of additionalModelRequestFields that say it."""
    if top_k is None:
        return {}
    if not family.top_k:
        lose(dropped, Feature.TOP_K)
        return {}
    *outer, last = family.top_k
    additional: Json = {last: top_k}
    for name in outer:
        additional = {name: additional}
    return additional


def own_top_k(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """Says `topK` where the model looks for it; the AI SDK says it beside `topP`."""
    inference = body.get("inferenceConfig")
    if not isinstance(inference, dict) or TOP_K not in inference:
        return {}
    family, said = family_of(model), inference[TOP_K]
    rest = {name: value for name, value in inference.items() if name != TOP_K}
    if not family.top_k:
        dropped.append(f"inferenceConfig.{TOP_K}")
        return {"inferenceConfig": rest}
    additional = body.get("additionalModelRequestFields")
    own = additional if isinstance(additional, dict) else {}
    placed = _joined(_top_k(said, family, dropped), own)
    return {"inferenceConfig": rest, "additionalModelRequestFields": placed}


def _within(value: float | None, feature: Feature, dropped: list[str]) -> float | None:
    """Bedrock takes 0 to 1."""
    if value is None or 0 <= value <= 1:
        return value
    lose(dropped, feature)
    return 0.0 if value < 0 else 1.0


def _output_config(request: ChatRequest, reasoning: Rendered) -> Json:
    config: dict[str, Any] = {}
    output = request.output
    if output is not None and output.schema is not None:
        definition = fields.optional(
            schema=orjson.dumps(output.schema).decode(),
            name=output.name,
            description=output.description,
        )
        config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": definition}}
    if reasoning.effort is not None:
        config["effort"] = reasoning.effort
    return config


def _metadata(request: ChatRequest, dropped: list[str]) -> dict[str, str]:
    """At most 16 pairs of text, of a small alphabet."""
    pairs: dict[str, str] = {}
    for name, value in (request.metadata or {}).items():
        said = value if isinstance(value, str) else orjson.dumps(value).decode()
        key, text = (NOT_METADATA.sub("_", text)[:MAX_METADATA_TEXT] for text in (name, said))
        if (key, text) != (name, value):
            dropped.append(Feature.METADATA.value)
        if key and len(pairs) < MAX_METADATA:
            pairs[key] = text
        else:
            dropped.append(Feature.METADATA.value)
    return pairs


def _tier(request: ChatRequest, dropped: list[str]) -> Json | None:
    """`auto` asks for what Bedrock does anyway."""
    if request.service_tier in (None, "auto"):
        return None
    tier = TIERS.get(str(request.service_tier))
    if tier is None:
        dropped.append(Feature.SERVICE_TIER.value)
        return None
    return {"type": tier}
