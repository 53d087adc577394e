"""What a request needs that its provider cannot be told: asked for by other means, or enforced.

Each way costs something, so that the client is told of it by name.
"""

from collections.abc import Set

import msgspec
import orjson

from providers.bridging.amending.amendment import Amendment
from providers.bridging.amending.answer_tool import AnswerTool
from providers.bridging.amending.bare_json import BareJson
from providers.bridging.amending.first_call import FirstCall
from providers.bridging.amending.schemas import restoring
from providers.bridging.amending.stops import Stops
from providers.bridging.fidelity import Feature
from providers.neutral.chat import (
    ChatRequest,
    JsonOutput,
    Message,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
)
from providers.neutral.schemas.fitting import fitted
from providers.neutral.schemas.subset import Schemas
from providers.neutral.schemas.subsets import OBJECTS

Needed = tuple[ChatRequest, list[Amendment]]
"""(the request without what its provider cannot be told, what must become of the answer)."""

ANSWER = "give_answer"
"""The name of the tool whose call is the answer."""
ANSWER_WORDS = "Gives the answer to the user. Always call this at last, with the whole answer."
ONE_OBJECT = "Answer with one JSON object and with nothing else: no code fence, no words around it."
BY_SCHEMA = f"{ONE_OBJECT} It must be valid by this JSON Schema: "


def needed(
    request: ChatRequest, lost: set[Feature], carries: Set[Feature], schemas: Schemas
) -> tuple[ChatRequest, list[Amendment], list[str]]:
    """(the request, amendments of the answer, features that are approximated so); the latter are
    taken out of `lost`."""
    amendments: list[Amendment] = []
    named: list[str] = []
    for feature, mend in MENDS.items():
        if feature not in lost:
            continue
        mended = mend(request, carries, schemas)
        if mended is not None:
            request, more = mended
            amendments += more
            lost.discard(feature)
            named.append(feature.value)
    return request, amendments, named


def _one_call(request: ChatRequest, carries: Set[Feature], schemas: Schemas) -> Needed:
    return msgspec.structs.replace(request, parallel_tool_calls=None), [FirstCall()]


def _stops(request: ChatRequest, carries: Set[Feature], schemas: Schemas) -> Needed:
    return msgspec.structs.replace(request, stop=()), [Stops(request.stop)]


def _json_mode(request: ChatRequest, carries: Set[Feature], schemas: Schemas) -> Needed | None:
    if Feature.SYSTEM not in carries:
        return None
    return _asked(msgspec.structs.replace(request, output=None), ONE_OBJECT), [BareJson()]


def _asked(request: ChatRequest, words: str) -> ChatRequest:
    """The request with words of the system's, after those that are there."""
    messages = request.messages
    spoken = next(
        (at for at, one in enumerate(messages) if one.role not in (Role.SYSTEM, Role.DEVELOPER)),
        len(messages),
    )
    said = Message(role=Role.SYSTEM, parts=(Text(text=words),))
    return msgspec.structs.replace(request, messages=(*messages[:spoken], said, *messages[spoken:]))


def _json_schema(request: ChatRequest, carries: Set[Feature], schemas: Schemas) -> Needed | None:
    """By JSON mode and words, by a tool that must be called, or by words alone."""
    if Feature.JSON_MODE not in carries and _forcing(request) <= carries:
        return _by_tool(request, schemas)
    return _by_words(request, carries)


def _forcing(request: ChatRequest) -> Set[Feature]:
    """What a tool that must be called needs."""
    named = not request.tools or _mode(request) is ToolMode.NONE
    choice = Feature.TOOL_CHOICE_NAMED if named else Feature.TOOL_CHOICE_REQUIRED
    return {Feature.TOOLS, choice}


def _mode(request: ChatRequest) -> ToolMode:
    return ToolMode.AUTO if request.tool_choice is None else request.tool_choice.mode


def _by_tool(request: ChatRequest, schemas: Schemas) -> Needed:
    output = request.output
    assert output is not None
    assert output.schema is not None
    request = msgspec.structs.replace(request, output=None)
    mode = _mode(request)
    if mode in (ToolMode.REQUIRED, ToolMode.NAMED) and request.tools:
        return request, []  # the answer is a call, and no text
    name = ANSWER
    while any(isinstance(tool, Tool) and tool.name == name for tool in request.tools):
        name += "_"
    found = fitted(output.schema, schemas.tools, wraps=True, budget=request.budget)
    tool = Tool(name=name, description=output.description or ANSWER_WORDS, schema=found.schema)
    choice = _choice(request, name)
    asked = msgspec.structs.replace(request, tools=(*request.tools, tool), tool_choice=choice)
    return asked, [AnswerTool(name), *restoring(output.schema, found)]


def _choice(request: ChatRequest, name: str) -> ToolChoice:
    if not request.tools or _mode(request) is ToolMode.NONE:
        return ToolChoice(mode=ToolMode.NAMED, name=name)
    allowed = request.tool_choice.allowed if request.tool_choice is not None else ()
    return ToolChoice(mode=ToolMode.REQUIRED, allowed=(*allowed, name) if allowed else ())


def _by_words(request: ChatRequest, carries: Set[Feature]) -> Needed | None:
    output = request.output
    assert output is not None
    assert output.schema is not None
    if Feature.SYSTEM not in carries:
        return None
    found = fitted(output.described or output.schema, OBJECTS, wraps=True, budget=request.budget)
    bare = Feature.JSON_MODE not in carries
    left = msgspec.structs.replace(request, output=None if bare else JsonOutput())
    asked = _asked(left, BY_SCHEMA + orjson.dumps(found.schema).decode())
    return asked, [*([BareJson()] if bare else []), *restoring(output.schema, found)]


REQUIRED = "Answer with a call of one of your tools, and with no words."
NAMED = "Answer with a call of this tool, and with no words: "
OFFERING = {Feature.TOOLS, Feature.TOOL_CHOICE_ALLOWED, Feature.SYSTEM}
"""What it needs to offer few tools, and to say that one of them must be called."""


def _must_call(request: ChatRequest, carries: Set[Feature], schemas: Schemas) -> Needed | None:
    """Only the tools that may be called are offered, and words ask for a call."""
    choice = request.tool_choice
    offered = {tool.name for tool in request.tools if isinstance(tool, Tool)}
    if choice is None or not carries >= OFFERING or not offered:
        return None
    allowed = choice.allowed if choice.name is None else (choice.name,)
    if not offered.issuperset(allowed):
        return None
    words = REQUIRED if choice.name is None else NAMED + choice.name
    free = ToolChoice(mode=ToolMode.AUTO, allowed=allowed)
    return _asked(msgspec.structs.replace(request, tool_choice=free), words), []


MENDS = {
    Feature.TOOL_CHOICE_REQUIRED: _must_call,
    Feature.TOOL_CHOICE_NAMED: _must_call,
    Feature.PARALLEL_TOOL_CALLS: _one_call,
    Feature.JSON_SCHEMA: _json_schema,
    Feature.JSON_MODE: _json_mode,
    # Last, so that what is cut is what the client sees.
    Feature.STOP: _stops,
}
