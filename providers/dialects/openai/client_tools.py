"""Tools of OpenAI's clients that are no functions, where the provider knows functions only.

A custom tool becomes a function with one text, a shell or an editor one with its known arguments,
and the functions of a namespace get its name before their own. Calls and results of earlier turns
are told in the same way, known by the types of their items.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import orjson

from providers.bridging.stand_ins import Known, Recast, StandIns
from providers.dialects.openai import kinds
from providers.dialects.openai.custom import call_of
from providers.dialects.openai.kinds import CALLS, INPUT, RESPONSES, Kind
from providers.dialects.openai.media import source
from providers.dialects.openai.signatures import parse_extra, render_extra
from providers.errors import Unsupported
from providers.neutral.chat import (
    ChatRequest,
    Image,
    Message,
    Native,
    NativeTool,
    Part,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.wire.members import Json, dicts, string

CHAT = "openai.chat"
JOINT = "__"
"""Between a namespace and a name in it."""
SEARCH = "tool_search"
"""Finds tools that are not offered yet; where all are offered, nobody need search."""
REFERENCE = "item_reference"
# The AI SDK refers to items of earlier answers unless `store` is false.
# https://ai-sdk.dev/providers/ai-sdk-providers/openai#responses-models
NOT_KEPT = (
    "the item_reference {id} leads nowhere, for no answers are kept here: send the items"
    " themselves, with `store: false` (AI SDK: `providerOptions: {{openai: {{store: false}}}}`)"
)
RESULTS = frozenset(f"{call}_output" for call in CALLS)


def joined(namespace: str, name: str) -> str:
    """The name of a function in a namespace, for those who know no namespaces."""
    return f"{namespace}{JOINT}{name}" if namespace else name


class _Offered:
    """The functions that stand for the tools of a request."""

    def __init__(self, tools: Iterable[Tool | NativeTool], known: Known) -> None:
        self.tools: list[Tool | NativeTool] = []
        self.stand_ins: dict[str, NativeTool] = {}
        self._known = known
        self._taken = {tool.name for tool in tools if isinstance(tool, Tool)}
        for tool in tools:
            if isinstance(tool, Tool) or known(tool):
                self.tools.append(tool)
            else:
                self._add(tool)

    def _add(self, tool: NativeTool) -> None:
        said, kind = tool.value, kinds.kind_of(tool)
        if kind is not None:
            name = self._free(kind.name)
            self._put(kinds.function_of(kind, tool, name), tool)
        elif said.get("type") == "custom":
            self._custom(tool, "")
        elif tool.dialect == RESPONSES and said.get("type") == "namespace":
            self._namespace(tool)
        elif tool.dialect != RESPONSES or said.get("type") != SEARCH:
            self.tools.append(tool)

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        return name

    def _put(self, function: Tool, tool: NativeTool) -> None:
        self._taken.add(function.name)
        self.tools.append(function)
        self.stand_ins[function.name] = tool

    def _custom(self, tool: NativeTool, namespace: str) -> None:
        inner = tool.value.get("custom")
        custom = inner if isinstance(inner, dict) else dict(tool.value)
        said = {"type": "custom", "name": string(custom.get("name")), "namespace": namespace}
        name = self._free(joined(namespace, said["name"]))
        self._put(kinds.custom_function(custom, name), NativeTool(dialect=tool.dialect, value=said))

    def _namespace(self, tool: NativeTool) -> None:
        """The first function says what its namespace is for."""
        space = string(tool.value.get("name"))
        words = string(tool.value.get("description"))
        for inner in dicts(tool.value.get("tools")):
            if inner.get("type") == "custom":
                self._custom(NativeTool(dialect=RESPONSES, value=inner), space)
                continue
            said = string(inner.get("description"))
            name = string(inner.get("name"))
            schema = inner.get("parameters")
            function = Tool(
                name=self._free(joined(space, name)),
                description="\n\n".join(filter(None, (words, said))) or None,
                schema=schema if isinstance(schema, dict) else None,
                strict=True if inner.get("strict") is True else None,
            )
            words = ""
            value = {"type": "function", "name": name, "namespace": space}
            self._put(function, NativeTool(dialect=RESPONSES, value=value))


def functions(request: ChatRequest, known: Known) -> tuple[ChatRequest, StandIns]:
    """The request in which functions stand for the tools that are not known."""
    if _has_functions_only(request):
        return request, {}
    offered = _Offered(request.tools, known)
    names = {_told(tool): name for name, tool in offered.stand_ins.items()}
    messages = _named(_message(message, names, known) for message in request.messages)
    if (
        not offered.stand_ins
        and messages == request.messages
        and (len(offered.tools) == len(request.tools))
    ):
        return request, {}
    request = msgspec.structs.replace(request, tools=tuple(offered.tools), messages=messages)
    return _chosen(request, names), offered.stand_ins


def _has_functions_only(request: ChatRequest) -> bool:
    """Whether it is seen at once that nothing must change."""
    if not all(type(tool) is Tool for tool in request.tools):
        return False
    names: dict[str, str] = {}
    for message in request.messages:
        for part in message.parts:
            if type(part) is Native:
                return False
            if type(part) is ToolCall:
                if part.namespace:
                    return False
                names[part.id] = part.name
            elif type(part) is ToolResult and names.get(part.call_id, part.name) != part.name:
                return False
    return True


Told = tuple[str, str, str]
"""(type, namespace, name) of a tool, as calls and choices name it."""


def _told(tool: NativeTool) -> Told:
    said = tool.value
    kind = kinds.kind_of(tool)
    if kind is not None:
        return kind.call, "", ""
    return string(said.get("type")), string(said.get("namespace")), string(said.get("name"))


def _chosen(request: ChatRequest, names: dict[Told, str]) -> ChatRequest:
    plain = {told[2]: name for told, name in names.items() if told[2]}
    choice, extras = request.tool_choice, request.extras
    if choice is not None:
        choice = msgspec.structs.replace(
            choice,
            name=plain.get(choice.name, choice.name) if choice.name else None,
            allowed=tuple(plain.get(name, name) for name in choice.allowed),
        )
    native = extras.get("tool_choice")
    kind = kinds.KINDS.get(string(native.get("type"))) if isinstance(native, dict) else None
    name = names.get((kind.call, "", "")) if kind is not None else None
    if name is not None:
        choice = ToolChoice(mode=ToolMode.NAMED, name=name)
        extras = {key: value for key, value in extras.items() if key != "tool_choice"}
    return msgspec.structs.replace(request, tool_choice=choice, extras=extras)


def _named(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The messages, in which results have the names of their calls."""
    names: dict[str, str] = {}
    found = []
    for message in messages:
        names |= {part.id: part.name for part in message.parts if isinstance(part, ToolCall)}
        parts = tuple(_under(part, names) for part in message.parts)
        same = parts == message.parts
        found.append(message if same else msgspec.structs.replace(message, parts=parts))
    return tuple(found)


def _under(part: Part, names: dict[str, str]) -> Part:
    if not isinstance(part, ToolResult) or part.call_id not in names:
        return part
    return msgspec.structs.replace(part, name=names[part.call_id])


def _message(message: Message, names: dict[Told, str], known: Known) -> Message:
    parts = tuple(told for part in message.parts if (told := _part(part, names, known)) is not None)
    return message if parts == message.parts else msgspec.structs.replace(message, parts=parts)


def _part(part: Part, names: dict[Told, str], known: Known) -> Part | None:
    if isinstance(part, ToolCall) and part.namespace:
        told = ("function", part.namespace, part.name)
        name = names.get(told) or joined(part.namespace, part.name)
        return msgspec.structs.replace(part, name=name, namespace="")
    if not isinstance(part, Native) or part.dialect not in (CHAT, RESPONSES):
        return part
    said: Json = dict(part.value)
    kind = string(said.get("type"))
    if part.dialect == CHAT:
        return _custom_call(part, string(said.get("id")), said.get("custom"), names, known)
    if kind == "custom_tool_call":
        return _custom_call(part, string(said.get("call_id")), said, names, known)
    if kind in CALLS:
        return _call(CALLS[kind], said, names)
    if kind in RESULTS:
        return _result(said)
    if kind.startswith(SEARCH):
        return None
    if kind == REFERENCE and not known(NativeTool(dialect=RESPONSES, value=said)):
        raise Unsupported(NOT_KEPT.format(id=string(said.get("id"))[:100]), param="input")
    return part


def _custom_call(part: Native, id: str, said: Any, names: dict[Told, str], known: Known) -> Part:
    if not isinstance(said, dict):
        return part
    declared = {"type": "custom", "custom": {}} if part.dialect == CHAT else {"type": "custom"}
    if call_of(part) is not None and known(NativeTool(dialect=part.dialect, value=declared)):
        return part
    space, name = string(said.get("namespace")), string(said.get("name"))
    return ToolCall(
        id=id,
        name=names.get(("custom", space, name)) or joined(space, name),
        arguments=orjson.dumps({INPUT: string(said.get("input"))}).decode(),
        signature=parse_extra(dict(part.value)),
    )


def _call(kind: Kind, item: Json, names: dict[Told, str]) -> Part:
    return ToolCall(
        id=string(item.get("call_id")) or string(item.get("id")),
        name=names.get((kind.call, "", "")) or kind.name,
        arguments=orjson.dumps(kinds.said_by(kind, item)).decode(),
        signature=parse_extra(item),
    )


def _result(item: Json) -> Part:
    output = item.get("output")
    if isinstance(output, dict) and isinstance(output.get("image_url"), str):
        parts: tuple[Part, ...] = (Image(source=source(output["image_url"], "input")),)
    else:
        words = output if isinstance(output, str) else orjson.dumps(output).decode()
        parts = (Text(text=words if output is not None else string(item.get("status"))),)
    return ToolResult(
        call_id=string(item.get("call_id")) or string(item.get("id")),
        parts=parts,
        is_error=item.get("status") == "failed",
    )


def call(told: ToolCall, tool: NativeTool) -> Part:
    """The call of a function as one of the tool for which it stands."""
    kind, said = kinds.kind_of(tool), tool.value
    if kind is not None:
        return kinds.call_item(kind, told)
    name, space = string(said.get("name")), string(said.get("namespace"))
    if said.get("type") == "function":
        return msgspec.structs.replace(told, name=name, namespace=space)
    words = kinds.input_of(told)
    if tool.dialect == CHAT:
        custom = {"name": name, "input": words}
        value: Json = {"id": told.id, "type": "custom", "custom": custom}
    else:
        value = {
            "type": "custom_tool_call",
            "id": f"ctc_{told.id}",
            "call_id": told.id,
            "status": "completed",
            "name": name,
            **({"namespace": space} if space else {}),
            "input": words,
        }
    return Native(dialect=tool.dialect, value={**value, **render_extra(told.signature)})


KINDS = frozenset({*kinds.KINDS, "custom", "namespace", SEARCH})


def _has(body: Json) -> bool:
    return any(string(tool.get("type")) in KINDS for tool in dicts(body.get("tools")))


RECAST = Recast(functions=functions, call=call, has=_has)
