"""What Google refuses: by the SDK's types first, then by rules between fields."""

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Any

from pydantic import TypeAdapter, ValidationError

from extproc.lab.simulator import longest, schemas
from extproc.lab.simulator.dialect import Call, Json, Refusal
from extproc.lab.simulator.gemini.generate_content_names import canonical
from extproc.lab.simulator.gemini.generate_content_write import SIGNED

SKIP = "skip_thought_signature_validator"
"""https://ai.google.dev/gemini-api/docs/thought-signatures"""

SEALED = base64.b64encode(b"ai.extproc/").decode()[:-2]

PLAIN: dict[str, Any] = {"cachedContent": str, "labels": dict[str, str], "store": bool}
TIERS = frozenset({"unspecified", "standard", "flex", "priority"})
RANGES = {
    "temperature": (0, 2),
    "topP": (0, 1),
    "maxOutputTokens": (1, 1_000_000),
    "candidateCount": (1, 8),
    "logprobs": (0, 20),
}
TOO_LONG = (
    "Unable to submit request because it has a maxOutputTokens value of {asked} but the supported"
    " range is from 1 (inclusive) to {above} (exclusive)."
)
STOPS = 5
PICTURE = "generationConfig.imageConfig"
RATIOS = frozenset(["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"])
DATA = (
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "thoughtSignature",
)


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Google would not take; `strict`: unknown members too."""
    body: Json = canonical(call.body)
    counted = call.params["verb"] == "countTokens"
    if counted:
        body = body.get("generateContentRequest") or body
        body = {name: value for name, value in body.items() if name != "model"}
    if call.params["verb"] == "streamGenerateContent" and call.query.get("alt") != "sse":
        raise Refusal("sim: a stream is only told as server-sent events (alt=sse)")
    for name, value in _typed(body):
        _member(name, value, strict)
    for rule in COUNTED if counted else RULES:
        rule(body)
    if call.params["model"].startswith("gemini-3"):
        _signatures(body)
    vertex = "/projects/" in call.path
    _picture(body.get("generationConfig") or {}, call.params["model"], vertex)
    _sides(body, call.params["model"], vertex)
    asked = (body.get("generationConfig") or {}).get("maxOutputTokens")
    longest.check(call.params["model"], asked, TOO_LONG)


@cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    from google.genai import types

    members: dict[str, Any] = {
        "contents": list[types.Content],
        "systemInstruction": types.Content,
        "tools": list[types.Tool],
        "toolConfig": types.ToolConfig,
        "generationConfig": types.GenerationConfig,
        PICTURE: types.ImageConfig,
        "safetySettings": list[types.SafetySetting],
        **PLAIN,
    }
    return {name: TypeAdapter(kind) for name, kind in members.items()}


def _typed(body: Json) -> Iterator[tuple[str, Any]]:
    """The members as the SDK has types for them, which has none for a configuration as it is sent
    with one for pictures in it."""
    config = body.get("generationConfig")
    if not isinstance(config, dict) or "imageConfig" not in config:
        yield from body.items()
        return
    rest = {name: value for name, value in config.items() if name != "imageConfig"}
    yield from {**body, "generationConfig": rest, PICTURE: config["imageConfig"]}.items()


def _member(name: str, value: Any, strict: bool) -> None:
    adapter = _adapters().get(name)
    if adapter is None:
        if strict and name != "serviceTier":
            raise _unknown(name, "")
        return
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            at = ".".join([name, *(str(step) for step in one["loc"])])
            if one["type"] != "extra_forbidden":
                raise Refusal(f"Invalid value at '{at}': {one['msg']}", param=at) from None
            if strict:
                outer, _, last = at.rpartition(".")
                raise _unknown(last, outer) from None


def _unknown(name: str, at: str) -> Refusal:
    where = f" at '{at}'" if at else ""
    return Refusal(
        f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.',
        param=at or name,
    )


def _picture(config: Json, model: str, vertex: bool) -> None:
    """https://ai.google.dev/gemini-api/docs/image-generation"""
    frame = config.get("imageConfig") or {}
    if "IMAGE" not in config.get("responseModalities", ()):
        return
    if "image" not in model:
        raise Refusal(f"Model {model} does not support the requested response modalities: image")
    if not -(2**31) <= config.get("seed", 0) < 2**31:
        raise Refusal("Invalid value at 'generation_config.seed' (TYPE_INT32)")
    if config.get("candidateCount", 1) > 1:
        raise Refusal("Multiple candidates is not enabled for this model")
    if frame.get("aspectRatio", "1:1") not in RATIOS:
        raise Refusal("aspect_ratio must be one of the supported ones", param="aspectRatio")
    if "imageSize" in frame and ("2.5" in model or frame["imageSize"] not in ("1K", "2K", "4K")):
        raise Refusal("image_size is not supported by this model", param="imageSize")
    if "imageOutputOptions" in frame and not vertex:
        raise _unknown("imageOutputOptions", PICTURE)


def _sides(body: Json, model: str, vertex: bool) -> None:
    """https://ai.google.dev/gemini-api/docs/tool-combination"""
    tools = body.get("tools") or ()
    if not vertex and any((tool.get("googleSearch") or {}).get("excludeDomains") for tool in tools):
        raise Refusal("exclude_domains parameter is not supported in Gemini API")
    sides = {name == "functionDeclarations" for tool in tools for name in tool}
    if len(sides) < 2:
        return
    if vertex or not model.startswith("gemini-3"):
        raise Refusal("Tool use with function calling is unsupported")
    if not (body.get("toolConfig") or {}).get("includeServerSideToolInvocations"):
        raise Refusal(
            "Please enable tool_config.include_server_side_tool_invocations to use built-in tools"
            " with function calling."
        )


def _contents(body: Json) -> None:
    if not body.get("contents"):
        raise Refusal("* GenerateContentRequest.contents: contents is not specified")
    for at, content in enumerate(body["contents"]):
        place = f"GenerateContentRequest.contents[{at}]"
        if content.get("role", "user") not in {"user", "model", "function"}:
            raise Refusal("Please use a valid role: user, model.")
        if not content.get("parts"):
            raise Refusal(f"* {place}.parts: contents.parts must not be empty.")
        if not all(any(kind in part for kind in DATA) for part in content["parts"]):
            raise Refusal(f"* {place}.parts: required oneof field 'data' must have one value")


def _config(body: Json) -> None:
    config = body.get("generationConfig") or {}
    for name, (low, high) in RANGES.items():
        value = config.get(name)
        if value is not None and not low <= value <= high:
            raise Refusal(f"{name} must be in the range [{low}, {high}]", param=name)
    if len(config.get("stopSequences") or ()) > STOPS:
        raise Refusal("The number of stop sequences must be at most 5", param="stopSequences")
    named = [name for name in ("responseSchema", "responseJsonSchema") if config.get(name)]
    if named and config.get("responseMimeType", "text/plain") == "text/plain":
        raise Refusal(f"{named[0]} needs response_mime_type application/json")
    if schema := config.get("responseJsonSchema"):
        schemas.judged(schemas.gemini, schema, "generationConfig.responseJsonSchema")
    thinking = config.get("thinkingConfig") or {}
    if len(named) > 1 or thinking.keys() >= {"thinkingBudget", "thinkingLevel"}:
        raise Refusal("You can only set one of two members that exclude each other")
    if body.get("serviceTier", "standard") not in TIERS:
        raise Refusal("Invalid value at 'service_tier'", param="serviceTier")


def _tools(body: Json) -> None:
    declared = [
        declaration
        for tool in body.get("tools") or ()
        for declaration in tool.get("functionDeclarations") or ()
    ]
    names = Counter(declaration["name"] for declaration in declared)
    if doubled := [name for name, times in names.items() if times > 1]:
        raise Refusal(f"Duplicate function declaration found: {doubled[0]}")
    if any(each.keys() >= {"parameters", "parametersJsonSchema"} for each in declared):
        raise Refusal("parameters and parametersJsonSchema exclude each other")
    for declaration in declared:
        if schema := declaration.get("parametersJsonSchema"):
            schemas.judged(schemas.gemini, schema, "tools.functionDeclarations")
            if schema.get("type") != "object":
                raise Refusal("functionDeclaration parameters schema should be of type OBJECT.")
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    allowed = calling.get("allowedFunctionNames") or ()
    if allowed and calling.get("mode") not in {"ANY", "VALIDATED"}:
        raise Refusal("allowed_function_names should only be set when mode is ANY or VALIDATED")
    if unknown := [name for name in allowed if name not in names]:
        raise Refusal(f"allowed_function_names names an unknown function: {unknown[0]}")


def _references(body: Json) -> None:
    """A `$ref` in a response names a picture that comes with it."""
    for content in body["contents"]:
        for part in content["parts"]:
            response = part.get("functionResponse") or {}
            shown = {
                str((each.get("inlineData") or each.get("fileData") or {}).get("displayName"))
                for each in response.get("parts") or ()
            }
            for name in _names(response.get("response")):
                if name not in shown:
                    raise Refusal(f"functionResponse.response: no part is called {name!r}")


def _names(value: Any) -> Iterator[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and "$ref" in value:
        yield str(value["$ref"])
    for each in inner:
        yield from _names(each)


def _seals(body: Json) -> None:
    """No signature of another provider is one of Google's."""
    for content in body["contents"]:
        for part in content["parts"]:
            if str(part.get("thoughtSignature", "")).startswith(SEALED):
                raise Refusal("Corrupted thought signature.")


def _named(content: Json, kind: str) -> list[str]:
    return [part[kind]["name"] for part in content["parts"] if kind in part]


def _turns(contents: Iterable[Json]) -> Iterator[Json]:
    """Consecutive contents of the model are one: the SDK keeps a stream chunk by chunk."""
    for role, group in groupby(contents, lambda content: content.get("role", "user")):
        if role == "model":
            yield {"role": role, "parts": [part for each in group for part in each["parts"]]}
        else:
            yield from group


def _function_turns(body: Json) -> None:
    """Calls are answered in the next content, each by one response."""
    called: list[str] = []
    for content in _turns(body["contents"]):
        answered = _named(content, "functionResponse")
        if sorted(answered) != sorted(called) and (called or answered):
            raise Refusal(
                "Please ensure that the number of function response parts is equal to the number"
                " of function call parts of the function call turn."
            )
        called = _named(content, "functionCall")


def _current_turn(contents: list[Json]) -> Iterator[Json]:
    """What follows the user's last words."""
    spoken = [
        at
        for at, content in enumerate(contents)
        if content.get("role", "user") == "user" and not _named(content, "functionResponse")
    ]
    return iter(contents[max(spoken, default=-1) + 1 :])


def _signatures(body: Json) -> None:
    for content in _turns(_current_turn(body["contents"])):
        call = next((part for part in content["parts"] if "functionCall" in part), None)
        if call is None:
            continue
        signature = call.get("thoughtSignature")
        if not signature:
            raise Refusal(
                "Function call is missing a thought_signature in functionCall parts. This is"
                " required for tools to work correctly."
            )
        if signature not in (SKIP, SKIP.replace("_", "/")) and not signature.startswith(SIGNED):
            raise Refusal("Corrupted thought signature.")


COUNTED: tuple[Callable[[Json], None], ...] = (_contents, _config, _tools, _references, _seals)
"""What is counted need not be a conversation."""
RULES = (*COUNTED, _function_turns)
