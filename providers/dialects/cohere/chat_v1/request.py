"""A request of version 1, read as the one of version 2 that says the same.

https://docs.cohere.com/v2/docs/migrating-v1-to-v2
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.dialects.cohere.chat import request as newer
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import ChatRequest
from providers.wire import members
from providers.wire.members import Json

ONLY_COHERE = ("connectors", "conversation_id", "search_queries_only", "raw_prompting")
"""What changes the meaning, and only Cohere's own version 1 can do."""

OWN = frozenset(
    {
        "message",
        "chat_history",
        "preamble",
        "tools",
        "tool_results",
        "documents",
        "citation_quality",
        *ONLY_COHERE,
    }
)
"""Members that version 2 does not have, or in another form."""

ROLES = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}

TYPES = {
    "str": "string",
    "string": "string",
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "list": "array",
    "array": "array",
    "dict": "object",
    "object": "object",
}
"""Python's names, in which version 1 says the types of parameters, and JSON Schema's."""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    for name in ONLY_COHERE:
        if body.get(name):
            raise Unsupported(f"{name} cannot be expressed elsewhere", param=name)
    rest = {name: value for name, value in body.items() if name not in OWN}
    form = {**rest, "messages": _messages(body)}
    if tools := _tools(body):
        form["tools"] = tools
    if documents := _documents(body):
        form["documents"] = documents
    if quality := members.text(body, "citation_quality"):
        form["citation_options"] = {"mode": quality.upper()}
    return newer.parse_request(form, path_model, path_stream)


class Calls:
    """The calls of a conversation without ids: a result says again what was called."""

    def __init__(self) -> None:
        self._count = 0
        self._open: list[tuple[str, Any]] = []

    def add(self, call: Json, at: str) -> Json:
        """A call in the form of version 2."""
        name = members.required_text(call, "name", at)
        parameters = members.mapping(call, "parameters", at) or {}
        id = f"call_{self._count}"
        self._count += 1
        self._open.append((id, (name, parameters)))
        function = {"name": name, "arguments": orjson.dumps(parameters).decode()}
        return {"id": id, "type": "function", "function": function}

    def answer(self, call: Json) -> str | None:
        """The id of the call that a result belongs to; None where there is none."""
        said = call.get("name"), call.get("parameters") or {}
        found = next((entry for entry in self._open if entry[1] == said), None)
        if found is None:
            return None
        self._open.remove(found)
        return found[0]


def _messages(body: Json) -> list[Json]:
    calls = Calls()
    preamble = members.text(body, "preamble")
    messages: list[Json] = [{"role": "system", "content": preamble}] if preamble else []
    for turn, at in members.objects(body, "chat_history"):
        messages += _turn(turn, at, calls)
    message = members.text(body, "message")
    asked = [{"role": "user", "content": message}] if message else []
    results = _results(body, "", calls)
    if results and results[0]["role"] == "assistant":
        return [*messages, *asked, *results]
    messages += [*results, *asked]
    if not messages:
        raise InvalidRequest("message is required", param="message")
    return messages


def _turn(turn: Json, at: str, calls: Calls) -> list[Json]:
    role = ROLES.get(members.required_text(turn, "role", at).upper())
    if role is None:
        raise members.wrong(f"{at}role", f"one of {', '.join(ROLES)}")
    if role == "tool":
        return _results(turn, at, calls)
    said: Json = {"role": role, "content": members.text(turn, "message", at) or ""}
    made = [calls.add(call, place) for call, place in members.objects(turn, "tool_calls", at)]
    return [{**said, "tool_calls": made} if made else said]


def _results(owner: Json, at: str, calls: Calls) -> list[Json]:
    """The results of calls; before them those calls that nobody has told yet."""
    made: list[Json] = []
    told: list[Json] = []
    for result, place in members.objects(owner, "tool_results", at):
        call = members.required_mapping(result, "call", place)
        id = calls.answer(call)
        if id is None:
            made.append(calls.add(call, f"{place}call."))
            id = calls.answer(call)
        outputs = [output for output, _ in members.objects(result, "outputs", place)]
        told.append({"role": "tool", "tool_call_id": id, "content": _text(outputs)})
    return [{"role": "assistant", "content": "", "tool_calls": made}, *told] if made else told


def _text(outputs: list[Json]) -> str:
    value = outputs[0] if len(outputs) == 1 else outputs
    return orjson.dumps(value).decode()


def _tools(body: Json) -> list[Json]:
    tools = []
    for tool, at in members.objects(body, "tools"):
        name = members.required_text(tool, "name", at)
        given = members.mapping(tool, "parameter_definitions", at) or {}
        function = {"name": name, "description": members.text(tool, "description", at) or ""}
        schema = _schema(given, f"{at}parameter_definitions.")
        tools.append({"type": "function", "function": {**function, "parameters": schema}})
    return tools


def _schema(given: Json, at: str) -> Json:
    properties: Json = {}
    required = []
    for name in given:
        one = members.required_mapping(given, name, at)
        properties[name] = _type(members.text(one, "type", f"{at}{name}.") or "")
        if one.get("description"):
            properties[name]["description"] = members.text(one, "description", f"{at}{name}.")
        if one.get("required"):
            required.append(name)
    schema: Json = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _type(word: str) -> Json:
    """The schema of a Python type, such as `List[str]`; of one that JSON has not, any value's."""
    outer, _, inner = word.strip().removesuffix("]").partition("[")
    kind = TYPES.get(outer.strip().lower())
    if kind is None:
        return {}
    return {"type": kind, "items": _type(inner)} if kind == "array" else {"type": kind}


def _documents(body: Json) -> list[Json]:
    """A document is an object of any members here; version 2 has them under `data`."""
    documents = []
    for index, (document, _) in enumerate(members.objects(body, "documents")):
        data = {name: value for name, value in document.items() if name != "id"}
        id = document.get("id")
        documents.append({"id": id if isinstance(id, str) else f"doc_{index}", "data": data})
    return documents


def echo(body: Json) -> Mapping[str, Any]:
    """The conversation, which the answer says again with its own turn."""
    history = body.get("chat_history")
    turns = list(history) if isinstance(history, list) else []
    message, results = body.get("message"), body.get("tool_results")
    if message:
        turns.append({"role": "USER", "message": message})
    if results:
        turns.append({"role": "TOOL", "tool_results": results})
    return {"chat_history": turns}
