"""Every field of every client dialect, with a value that asks for something.

Names are those of the official SDKs' request types, which `sdk_fields` lists; a dot steps into an
object. A field that says what the request is (model, messages, stream) is in `CARRIERS` instead.
"""

import inspect
from typing import Any

import botocore.session
import cohere.v2.client
from anthropic.types.message_create_params import MessageCreateParamsBase
from google.genai import types
from ollama import Options
from ollama._types import ChatRequest as OllamaRequest
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai.types.responses.response_create_params import ResponseCreateParamsBase

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA}
TOOL = {"type": "function", "function": FUNCTION}
BEDROCK_TOOL = {"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": SCHEMA}}}
CLAUDE_TOOL = {"name": "f", "description": "d", "input_schema": SCHEMA}
RESPONSE_TOOL = {"type": "function", "strict": False, **FUNCTION}
GEMINI_TOOL = {"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA}]}
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}

HELLO = [{"role": "user", "content": "hi"}]
BASE: dict[str, dict[str, Any]] = {
    "anthropic.messages": {"model": "shown", "max_tokens": 4000, "messages": HELLO},
    "bedrock.converse": {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
    "cohere.chat": {"model": "shown", "messages": HELLO},
    "gemini.generate_content": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    "ollama.chat": {"model": "shown", "stream": False, "messages": HELLO},
    "openai.chat": {"model": "shown", "messages": HELLO},
    "openai.responses": {"model": "shown", "input": "hi"},
}
"""A small request of each dialect."""
NEEDS: dict[str, dict[str, dict[str, Any]]] = {
    "anthropic.messages": {"tool_choice": {"tools": [CLAUDE_TOOL]}},
    "bedrock.converse": {
        "toolConfig.toolChoice": {"toolConfig": {"tools": [BEDROCK_TOOL]}},
    },
    "cohere.chat": {"tool_choice": {"tools": [TOOL]}, "strict_tools": {"tools": [TOOL]}},
    "gemini.generate_content": {
        "toolConfig": {"tools": [GEMINI_TOOL]},
        "generationConfig.mediaResolution": {"contents": [{"role": "user", "parts": [PICTURE]}]},
        "generationConfig.logprobs": {"generationConfig": {"responseLogprobs": True}},
        "generationConfig.responseSchema": {
            "generationConfig": {"responseMimeType": "application/json"}
        },
        "generationConfig.responseJsonSchema": {
            "generationConfig": {"responseMimeType": "application/json"}
        },
    },
    "ollama.chat": {"top_logprobs": {"logprobs": True}},
    "openai.chat": {
        "tool_choice": {"tools": [TOOL]},
        "parallel_tool_calls": {"tools": [TOOL]},
        "function_call": {"functions": [FUNCTION]},
        "top_logprobs": {"logprobs": True},
        "stream_options": {"stream": True},
    },
    "openai.responses": {
        "tool_choice": {"tools": [RESPONSE_TOOL]},
        "parallel_tool_calls": {"tools": [RESPONSE_TOOL]},
        "max_tool_calls": {"tools": [RESPONSE_TOOL]},
        "stream_options": {"stream": True},
    },
}
"""What must stand beside a field for it to mean anything; it is in the request without it too."""
CARRIERS: dict[str, set[str]] = {
    "anthropic.messages": {"model", "messages"},
    "bedrock.converse": {"modelId", "messages"},
    "cohere.chat": {"self", "model", "messages", "request_options"},
    "gemini.generate_content": {"contents"},
    "ollama.chat": {"model", "messages", "stream", "options"},
    "openai.chat": {"model", "messages"},
    "openai.responses": {"model", "input"},
}

ALIASES = {
    ("bedrock.converse", "additionalModelRequestFields"): "top_k",
    ("openai.chat", "function_call"): "tool_choice",
    ("openai.chat", "modalities"): "audio",
}
"""Fields that are refused or dropped by the name of what they ask for."""

VALUES: dict[str, dict[str, Any]] = {
    "openai.chat": {
        "audio": {"voice": "alloy", "format": "wav"},
        "frequency_penalty": 0.5,
        "function_call": {"name": "f"},
        "functions": [FUNCTION],
        "logit_bias": {"5": 1},
        "logprobs": True,
        "max_completion_tokens": 77,
        "max_tokens": 77,
        "metadata": {"a": "b"},
        "modalities": ["text", "audio"],
        "moderation": {"model": "omni-moderation-latest"},
        "n": 2,
        "parallel_tool_calls": False,
        "prediction": {"type": "content", "content": "x"},
        "presence_penalty": 0.5,
        "prompt_cache_key": "k",
        "prompt_cache_options": {"mode": "explicit"},
        "prompt_cache_retention": "24h",
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": SCHEMA, "strict": True},
        },
        "safety_identifier": "s",
        "seed": 5,
        "service_tier": "flex",
        "stop": ["END"],
        "store": True,
        "stream_options": {"include_obfuscation": True},
        "temperature": 0.5,
        "tool_choice": "required",
        "tools": [TOOL],
        "top_logprobs": 3,
        "top_p": 0.5,
        "user": "u",
        "verbosity": "low",
        "web_search_options": {"search_context_size": "low"},
    },
    "openai.responses": {
        "access_programs": ["p"],
        "background": True,
        "background_options": {"a": 1},
        "context_management": [{"type": "compaction", "compact_threshold": 9000}],
        "conversation": "conv_1",
        "image": {"a": 1},
        "include": ["message.output_text.logprobs"],
        "instructions": "be brief",
        "max_output_tokens": 77,
        "max_tool_calls": 3,
        "metadata": {"a": "b"},
        "moderation": {"model": "omni-moderation-latest"},
        "parallel_tool_calls": False,
        "previous_response_id": "resp_1",
        "prompt": {"id": "pmpt_1"},
        "prompt_cache_key": "k",
        "prompt_cache_options": {"mode": "explicit"},
        "prompt_cache_retention": "24h",
        "reasoning": {"effort": "low"},
        "safety_identifier": "s",
        "service_tier": "flex",
        "store": True,
        "stream_options": {"include_obfuscation": True},
        "temperature": 0.5,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}},
        "tool_choice": "required",
        "tools": [RESPONSE_TOOL],
        "top_logprobs": 3,
        "top_p": 0.5,
        "truncation": "auto",
        "user": "u",
    },
    "anthropic.messages": {
        "cache_control": {"type": "ephemeral"},
        "container": "container_1",
        "diagnostics": {"a": 1},
        "inference_geo": "us",
        "max_tokens": 77,
        "metadata": {"user_id": "u"},
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
        "service_tier": "standard_only",
        "speed": "fast",
        "stop_sequences": ["END"],
        "system": "be brief",
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "tool_choice": {"type": "any"},
        "tools": [CLAUDE_TOOL],
        "user_profile_id": "p",
        "workspace_id": "w",
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 5,
    },
    "bedrock.converse": {
        "system": [{"text": "be brief"}],
        "inferenceConfig.maxTokens": 77,
        "inferenceConfig.temperature": 0.5,
        "inferenceConfig.topP": 0.5,
        "inferenceConfig.stopSequences": ["END"],
        "toolConfig.tools": [BEDROCK_TOOL],
        "toolConfig.toolChoice": {"any": {}},
        "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
        "additionalModelRequestFields": {"top_k": 5},
        "promptVariables": {"a": {"text": "b"}},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "requestMetadata": {"a": "b"},
        "performanceConfig": {"latency": "optimized"},
        "serviceTier": {"type": "flex"},
        "outputConfig.textFormat": {
            "type": "json_schema",
            "structure": {"jsonSchema": {"name": "n", "schema": '{"type":"object"}'}},
        },
        "outputConfig.effort": "low",
    },
    "gemini.generate_content": {
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "tools": [GEMINI_TOOL],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "safetySettings": [
            {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}
        ],
        "cachedContent": "cachedContents/1",
        "labels": {"a": "b"},
        "serviceTier": "flex",
        "store": True,
        "modelArmorConfig": {"promptTemplateName": "p"},
        "generationConfig.modelSelectionConfig": {"featureSelectionPreference": "BALANCED"},
        "generationConfig.responseJsonSchema": SCHEMA,
        "generationConfig.audioTimestamp": True,
        "generationConfig.candidateCount": 2,
        "generationConfig.enableAffectiveDialog": True,
        "generationConfig.frequencyPenalty": 0.5,
        "generationConfig.logprobs": 3,
        "generationConfig.maxOutputTokens": 77,
        "generationConfig.mediaResolution": "MEDIA_RESOLUTION_LOW",
        "generationConfig.presencePenalty": 0.5,
        "generationConfig.responseLogprobs": True,
        "generationConfig.responseMimeType": "application/json",
        "generationConfig.responseModalities": ["TEXT", "IMAGE"],
        "generationConfig.responseSchema": {"type": "OBJECT", "properties": {}},
        "generationConfig.routingConfig": {"autoMode": {}},
        "generationConfig.seed": 5,
        "generationConfig.speechConfig": {"languageCode": "de-DE"},
        "generationConfig.stopSequences": ["END"],
        "generationConfig.temperature": 0.5,
        "generationConfig.thinkingConfig": {"thinkingBudget": 2000},
        "generationConfig.topK": 5,
        "generationConfig.topP": 0.5,
        "generationConfig.enableEnhancedCivicAnswers": True,
        "generationConfig.responseFormat": {"text": {"mimeType": "application/json"}},
        "generationConfig.translationConfig": {"targetLanguageCode": "de"},
        "generationConfig.audioTranscriptionConfig": {"languageCodes": ["de"]},
    },
    "cohere.chat": {
        "tools": [TOOL],
        "strict_tools": True,
        "documents": [{"id": "1", "data": {"text": "t"}}],
        "citation_options": {"mode": "FAST"},
        "response_format": {"type": "json_object", "json_schema": SCHEMA},
        "safety_mode": "STRICT",
        "max_tokens": 77,
        "stop_sequences": ["END"],
        "temperature": 0.5,
        "seed": 5,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "k": 5,
        "p": 0.5,
        "logprobs": True,
        "tool_choice": "REQUIRED",
        "thinking": {"type": "enabled", "token_budget": 2000},
        "priority": 3,
    },
    "ollama.chat": {
        "format": SCHEMA,
        "keep_alive": "5m",
        "tools": [TOOL],
        "think": True,
        "logprobs": True,
        "top_logprobs": 3,
        "options.stop": ["END"],
        **{f"options.{name}": 5 for name in Options.model_fields if name != "stop"},
        **{f"options.{name}": 0.5 for name in ("temperature", "top_p", "presence_penalty")},
        "options.frequency_penalty": 0.5,
        "options.repeat_penalty": 1.5,
    },
}


def sdk_fields(dialect: str) -> set[str]:
    """The fields that the official SDK of a dialect has for a request."""
    match dialect:
        case "openai.chat":
            return set(CompletionCreateParamsBase.__annotations__)
        case "openai.responses":
            return set(ResponseCreateParamsBase.__annotations__)
        case "anthropic.messages":
            return set(MessageCreateParamsBase.__annotations__)
        case "bedrock.converse":
            model = botocore.session.get_session().get_service_model("bedrock-runtime")
            return _members(model.operation_model("Converse").input_shape)
        case "gemini.generate_content":
            return {
                f"generationConfig.{field.alias or name}"
                for name, field in types.GenerationConfig.model_fields.items()
            }
        case "cohere.chat":
            return set(inspect.signature(cohere.v2.client.V2Client.chat).parameters)
        case "ollama.chat":
            options = {f"options.{name}" for name in Options.model_fields}
            return set(OllamaRequest.model_fields) | options
    raise ValueError(dialect)


NESTED = ("inferenceConfig", "toolConfig", "outputConfig")


def _members(shape: Any) -> set[str]:
    found = set()
    for name, member in shape.members.items():
        if name in NESTED:
            found |= {f"{name}.{inner}" for inner in member.members}
        else:
            found.add(name)
    return found


def with_field(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `body` that has `value` at `path`."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**body, name: value}
    return {**body, name: with_field(body.get(name, {}), rest, value)}
