"""What Bedrock refuses: by botocore's service model first, then by rules between fields."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import orjson

from extproc.lab.simulator import longest, schemas
from extproc.lab.simulator.bedrock.converse_write import SIGNED
from extproc.lab.simulator.dialect import Call, Json, Refusal

OPERATIONS = {"converse": "Converse", "converse-stream": "ConverseStream"}
DOCUMENT_NAME = re.compile(r"(?!.*\s\s)[a-zA-Z0-9\s()\[\]-]+")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Bedrock would not take; `strict`: unknown members too."""
    check_shape(call, OPERATIONS[call.params["verb"]], strict)
    for rule in RULES:
        rule(call.body)
    _abilities(call.params["model"], call.body)


def check_shape(call: Call, operation: str, strict: bool) -> None:
    """Raises Refusal for what is not a request of `operation`."""
    params = {"modelId": call.params["model"], **call.body}
    Judge(strict).check(params, input_of("bedrock-runtime", operation), "")


@cache
def input_of(service: str, operation: str) -> Any:
    """What botocore knows of the requests for an operation."""
    from botocore.session import Session

    return Session().get_service_model(service).operation_model(operation).input_shape


class Judge:
    """Walks a body along a shape of the service model."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict

    def check(self, value: Any, shape: Any, at: str) -> None:
        """Raises Refusal for the first thing that the shape denies."""
        if getattr(shape, "is_document_type", False):
            return
        wanted = TYPES.get(shape.type_name)
        if wanted is not None and (not isinstance(value, wanted) or _is_odd(value, wanted)):
            raise _malformed(at, f"expected {shape.type_name}, found {type(value).__name__}")
        handle = getattr(self, f"_{shape.type_name}", None)
        if handle is not None:
            handle(value, shape, at)
        elif shape.type_name in ("integer", "float", "double", "long"):
            _range(value, shape, at)

    def _structure(self, value: Json, shape: Any, at: str) -> None:
        if missing := [name for name in shape.required_members if value.get(name) is None]:
            raise _malformed(at, f"required key [{missing[0]}] not found")
        if shape.metadata.get("union") and len(value) != 1:
            raise _malformed(at, "exactly one member of a union must be set")
        for name, inner in value.items():
            member = shape.members.get(name)
            if member is not None:
                self.check(inner, member, f"{at}.{name}".removeprefix("."))
            elif self._strict:
                raise _malformed(at, f"extraneous key [{name}] is not permitted")

    def _list(self, value: list[Any], shape: Any, at: str) -> None:
        _size(len(value), shape, at)
        for index, inner in enumerate(value):
            self.check(inner, shape.member, f"{at}.{index}")

    def _map(self, value: Json, shape: Any, at: str) -> None:
        _size(len(value), shape, at)
        for name, inner in value.items():
            self.check(name, shape.key, at)
            self.check(inner, shape.value, f"{at}.{name}")

    def _string(self, value: str, shape: Any, at: str) -> None:
        _size(len(value), shape, at)
        if shape.enum and value not in shape.enum:
            raise Refusal(
                f"Value '{value}' at '{at}' failed to satisfy constraint: Member must"
                f" satisfy enum value set: {shape.enum}"
            )
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            raise Refusal(
                f"Value '{value}' at '{at}' failed to satisfy constraint: Member must"
                f" satisfy regular expression pattern: {pattern}"
            )

    def _blob(self, value: str, shape: Any, at: str) -> None:
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise _malformed(at, "not base64") from error
        _size(len(data), shape, at)


TYPES: dict[str, Any] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": int | float,
    "double": int | float,
}


def _is_odd(value: Any, wanted: Any) -> bool:
    """True is no number."""
    return isinstance(value, bool) and wanted is not bool


def _malformed(at: str, what: str) -> Refusal:
    return Refusal(
        f"Malformed input request: #/{at.replace('.', '/')}: {what}, please reformat"
        " your input and try again."
    )


def _size(size: int, shape: Any, at: str) -> None:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", size)
    if not low <= size <= high:
        raise Refusal(
            f"Value at '{at}' failed to satisfy constraint: Member must have length"
            f" between {low} and {high}"
        )


def _range(value: float, shape: Any, at: str) -> None:
    low, high = shape.metadata.get("min", value), shape.metadata.get("max", value)
    if not low <= value <= high:
        raise Refusal(
            f"Value '{value}' at '{at}' failed to satisfy constraint: Member must be"
            f" between {low} and {high}"
        )


def _turns(body: Json) -> list[Json]:
    return [turn for turn in body.get("messages") or () if turn["role"] != "system"]


def _order(body: Json) -> None:
    turns = _turns(body)
    if not turns or turns[0]["role"] != "user":
        raise Refusal(
            "A conversation must start with a user message. Try again with a conversation"
            " that starts with a user message."
        )
    for before, after in pairwise(turns):
        if before["role"] == after["role"]:
            raise Refusal(
                "A conversation must alternate between user and assistant roles. Make"
                " sure the conversation alternates between user and assistant roles and"
                " try again."
            )


def _content(body: Json) -> Iterator[tuple[str, Json, Json]]:
    """(place, message, block) of every content block."""
    for at, message in enumerate(body.get("messages") or ()):
        if not message["content"]:
            raise Refusal(
                f"The content field in the Message object at messages.{at} is empty. Add"
                " a ContentBlock object to the content field and try again."
            )
        for index, block in enumerate(message["content"]):
            yield f"messages.{at}.content.{index}", message, block


def _texts(body: Json) -> None:
    for place, _, block in _content(body):
        if not str(block.get("text", "x")).strip():
            raise Refusal(
                f"The text field in the ContentBlock object at {place} is blank. Add text"
                " to the text field, and try again."
            )


def _media(body: Json) -> None:
    names: set[str] = set()
    for place, message, block in _content(body):
        if message["role"] != "user" and block.keys() & {"image", "document", "video", "audio"}:
            raise Refusal(f"{place}: only user messages may hold media")
        if "document" not in block:
            continue
        name = block["document"]["name"]
        if not DOCUMENT_NAME.fullmatch(name):
            raise Refusal(
                "The document file name can only contain alphanumeric characters,"
                " whitespace characters, hyphens, parentheses, and square brackets. The"
                " name can't contain more than one consecutive whitespace character."
            )
        if name in names:
            raise Refusal("Messages can't contain duplicate document names.")
        names.add(name)
        if not any("text" in other for other in message["content"]):
            raise Refusal("Please include a text block alongside the document.")


def _tool_config(body: Json) -> None:
    used = any(block.keys() & {"toolUse", "toolResult"} for _, _, block in _content(body))
    if used and not body.get("toolConfig"):
        raise Refusal(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        )


def _tool_turns(body: Json) -> None:
    """Each call is answered in the next turn, and nothing is answered that was not called."""
    waiting: set[str] = set()
    used: set[str] = set()
    for at, turn in enumerate(_turns(body)):
        results = [
            block["toolResult"]["toolUseId"] for block in turn["content"] if "toolResult" in block
        ]
        answered = set(results)
        if len(answered) < len(results):
            raise Refusal(f"messages.{at}.content contains duplicate toolResult ids")
        if answered - waiting:
            raise Refusal(
                "The number of toolResult blocks at"
                f" messages.{at}.content exceeds the number of toolUse blocks of previous"
                " turn."
            )
        if waiting - answered:
            raise Refusal(
                f"Expected toolResult blocks at messages.{at}.content for the following"
                f" Ids: {', '.join(sorted(waiting - answered))}"
            )
        calls = [block["toolUse"]["toolUseId"] for block in turn["content"] if "toolUse" in block]
        waiting = set(calls)
        if len(waiting) < len(calls) or waiting & used:
            raise Refusal(f"messages.{at}.content contains duplicate toolUse ids")
        used |= waiting


def _thoughts(body: Json) -> None:
    for place, _, block in _content(body):
        thought = block.get("reasoningContent", {}).get("reasoningText")
        if thought and not str(thought.get("signature")).startswith(SIGNED):
            raise Refusal(f"{place}: Invalid `signature` in `thinking` block")


def _schema(body: Json) -> None:
    wanted = (body.get("outputConfig") or {}).get("textFormat")
    if wanted:
        try:
            schema = orjson.loads(wanted["structure"]["jsonSchema"]["schema"])
        except ValueError as error:
            raise Refusal("outputConfig.textFormat: the schema is not valid JSON") from error
        schemas.judged(schemas.claude_strict, schema, "outputConfig.textFormat")


# https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
UNSTRUCTURED = re.compile(
    r"amazon\.|meta\.|cohere\.|ai21\.|writer\.|deepseek\.r1|claude-(?:3|sonnet-4-2|opus-4-[12])"
)
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html
UNFORCED = re.compile(r"meta\.|cohere\.|ai21\.|writer\.")


TOO_LONG = "The maximum tokens you requested exceeds the model limit of {most}."


def _abilities(model: str, body: Json) -> None:
    """Raises Refusal for what this model cannot be told."""
    longest.check(model, (body.get("inferenceConfig") or {}).get("maxTokens"), TOO_LONG)
    config = body.get("toolConfig") or {}
    if UNSTRUCTURED.search(model) and (body.get("outputConfig") or {}).get("textFormat"):
        raise Refusal("This model doesn't support the outputConfig.textFormat field.")
    kind = next(iter(config.get("toolChoice") or {}), "auto")
    if UNFORCED.search(model) and kind != "auto":
        raise Refusal(f"This model doesn't support the toolConfig.toolChoice.{kind} field.")
    for tool in config.get("tools") or ():
        spec = tool.get("toolSpec")
        if spec is None:
            continue
        if UNSTRUCTURED.search(model) and spec.get("strict"):
            raise Refusal("This model doesn't support the toolSpec.strict field.")
        judge = schemas.nova_tool if "amazon." in model else schemas.claude_tool
        schemas.judged(judge, spec["inputSchema"]["json"], "toolConfig.tools")
        if spec.get("strict"):
            schemas.judged(schemas.claude_strict, spec["inputSchema"]["json"], "toolConfig.tools")


RULES: tuple[Callable[[Json], None], ...] = (
    _order,
    _texts,
    _media,
    _tool_config,
    _tool_turns,
    _thoughts,
    _schema,
)
