"""An Ollama chat request, both ways.

https://docs.ollama.com/api/chat
"""

from providers.dialects.ollama import asking
from providers.dialects.ollama.asking import parse_asked, render_asked
from providers.dialects.ollama.chat.messages import parse_messages, render_messages
from providers.dialects.ollama.names import NAME
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import ChatRequest, Tool, ToolChoice, ToolMode
from providers.neutral.functions import only_functions, parse_functions, render_function
from providers.wire.members import Json

READ = asking.READ | {"messages", "tools"}
"""Every member that the neutral conversation has a place for; the others are extras."""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    asked = parse_asked(body, path_model, READ)
    if not asked["model"]:
        raise InvalidRequest("model is required", param="model")
    return ChatRequest(**asked, messages=parse_messages(body), tools=tuple(parse_functions(body)))


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; what a value's range cost is named in `dropped`."""
    messages = render_messages(request.messages, dropped)
    body: Json = {"model": request.model, "messages": messages}
    tools = _offered(request)
    if tools:
        body["tools"] = [render_function(tool) for tool in tools]
    return body | render_asked(request, dropped)


def _offered(request: ChatRequest) -> list[Tool]:
    """The tools that may be called: a choice is said by what is offered."""
    choice = request.tool_choice or ToolChoice(mode=ToolMode.AUTO)
    tools = only_functions(request.tools, NAME)
    if choice.mode is ToolMode.NONE:
        return []
    if choice.mode is not ToolMode.AUTO:
        raise Unsupported(f"{NAME} cannot require a tool call", param="tool_choice")
    allowed = frozenset(choice.allowed)
    return [tool for tool in tools if not allowed or tool.name in allowed]
