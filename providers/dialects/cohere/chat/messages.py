"""The messages of a Cohere chat request, both ways.

A tool plan is the text that comes before the calls of its message: Cohere's models say it where
others speak, and other dialects have no other place for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

import msgspec

from providers.bridging.fidelity import Feature
from providers.dialects.cohere.chat.citations import PLAN, THOUGHT, parse_citation, render_citation
from providers.dialects.cohere.chat.content import (
    FAMILY,
    NAME,
    data_text,
    document_data,
    parse_block,
    parse_document,
    render_block,
    render_document,
)
from providers.errors import Unsupported
from providers.neutral.chat import (
    Citation,
    Document,
    Image,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    seal,
    unseal,
)
from providers.neutral.media import PlainText
from providers.neutral.thoughts import is_plain
from providers.neutral.turns import merged, role_of
from providers.wire import members
from providers.wire.members import Json


def parse_messages(body: Json) -> tuple[Message, ...]:
    """Every message; a run of tool results is one, documents stand in the last user's."""
    if not isinstance(body.get("messages"), list):
        raise members.wrong("messages", "an array")
    names: dict[str, str] = {}
    parsed = [_message(message, at, names) for message, at in members.objects(body, "messages")]
    return tuple(_with_documents(list(merged(parsed)), _documents(body)))


def _documents(body: Json) -> tuple[Document, ...]:
    options = members.mapping(body, "citation_options") or {}
    cite = str(options.get("mode")).upper() not in ("OFF", "DISABLED")
    found = []
    for item, at in members.items(body, "documents"):
        if not isinstance(item, str | dict):
            raise members.wrong(at, "a string or an object")
        found.append(parse_document(item, f"{at}.", cite))
    return tuple(found)


def _with_documents(messages: list[Message], documents: tuple[Document, ...]) -> list[Message]:
    if not documents:
        return messages
    users = [index for index, message in enumerate(messages) if message.role is Role.USER]
    if not users:
        return [*messages, Message(role=Role.USER, parts=documents)]
    last = messages[users[-1]]
    messages[users[-1]] = msgspec.structs.replace(last, parts=(*documents, *last.parts))
    return messages


def _message(message: Json, at: str, names: dict[str, str]) -> Message:
    role = role_of(message, at)
    if role is Role.TOOL:
        id = members.required_text(message, "tool_call_id", at)
        parts = tuple(_outputs(message, at))
        return Message(role=role, parts=(ToolResult(call_id=id, name=names.get(id), parts=parts),))
    if role is Role.ASSISTANT:
        return Message(role=role, parts=tuple(_assistant(message, at, names)))
    return Message(role=role, parts=_content(message, at))


def _outputs(message: Json, at: str) -> Iterator[Part]:
    """What a tool returned: a document is only the form that its words have here."""
    content = message.get("content")
    if not isinstance(content, list):
        yield from _content(message, at)
        return
    for block, place in members.objects(message, "content", at):
        if block.get("type") == "document":
            document = members.required_mapping(block, "document", place)
            yield Text(text=data_text(document_data(document, f"{place}document.")))
        else:
            yield parse_block(block, place)


def _content(message: Json, at: str) -> tuple[Part, ...]:
    content = message.get("content")
    if isinstance(content, str):
        return (Text(text=content),)
    if isinstance(content, dict):  # the SDK's types take one block without an array
        return (parse_block(content, f"{at}content."),)
    blocks = members.objects(message, "content", at)
    return tuple(parse_block(block, place) for block, place in blocks)


def _assistant(message: Json, at: str, names: dict[str, str]) -> Iterator[Part]:
    content = [part for part in _content(message, at) if part != Text(text="")]
    plan = members.text(message, "tool_plan", at)
    if plan:
        content.append(Text(text=plan))
    citations = [item for item, _ in members.objects(message, "citations", at)]
    yield from attached(content, citations, len(content) - 1 if plan else -1)
    for call, place in members.objects(message, "tool_calls", at):
        yield _call(call, place, names)


def _call(call: Json, at: str, names: dict[str, str]) -> ToolCall:
    function, place = members.required_mapping(call, "function", at), f"{at}function."
    id = members.text(call, "id", at) or f"call_{len(names)}"
    names[id] = members.required_text(function, "name", place)
    signature = members.text(call, "signature", at)
    return ToolCall(
        id=id,
        name=names[id],
        arguments=members.text(function, "arguments", place) or "{}",
        signature=unseal(signature, FAMILY) if signature else None,
    )


def attached(parts: list[Part], citations: list[Json], plan: int) -> list[Part]:
    """The parts with their citations; `plan` is the place of the tool plan, or -1."""
    cited: dict[int, list[Citation]] = {}
    for item in citations:
        place = _place(parts, item, plan)
        cited.setdefault(place, []).extend(parse_citation(item))
    return [
        msgspec.structs.replace(part, citations=tuple(cited[index]))
        if index in cited and isinstance(part, Text)
        else part
        for index, part in enumerate(parts)
    ]


def _place(parts: list[Part], item: Json, plan: int) -> int:
    """The text that a citation is of; the first one where it does not say; -1: a thought."""
    if item.get("type") == PLAN:
        return plan
    if item.get("type") == THOUGHT:
        return -1
    index = item.get("content_index")
    if isinstance(index, int) and 0 <= index < len(parts) and isinstance(parts[index], Text):
        return index
    return next((at for at, part in enumerate(parts) if isinstance(part, Text)), -1)


def render_messages(
    messages: Iterable[Message], dropped: list[str]
) -> tuple[list[Json], list[Json]]:
    """(messages, documents) as Cohere wants them: one message for each tool result."""
    rendered: list[Json] = []
    documents: list[Json] = []
    for message in messages:
        if message.role is Role.ASSISTANT:
            rendered += _render_assistant(message, dropped)
        else:
            rendered += _render_other(message, documents)
    # An empty message is refused; of nothing else the provider shall say so.
    said = [one for one in rendered if one.get("content") or one.get("tool_calls")]
    return one_system(said or rendered), documents


def one_system(messages: list[Json]) -> list[Json]:
    """The messages, with those of the system that come first in one.

    The system must be the first: https://docs.cohere.com/v2/reference/errors
    """
    leading = list(takewhile(lambda message: message["role"] == "system", messages))
    if len(leading) < 2:
        return messages
    blocks = [block for message in leading for block in _blocks(message["content"])]
    return [{"role": "system", "content": blocks}, *messages[len(leading) :]]


def _blocks(content: str | list[Json]) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _render_other(message: Message, documents: list[Json]) -> Iterator[Json]:
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    papers = [render_document(part) for part in message.parts if isinstance(part, Document)]
    documents += papers
    rest = [part for part in message.parts if not isinstance(part, ToolResult | Document)]
    yield from map(_render_result, results)
    media = [block for result in results for block in _render_media(result)]
    if media:
        yield {"role": "user", "content": media}
    if message.role in (Role.SYSTEM, Role.DEVELOPER):
        yield {"role": "system", "content": _render_content(_only_texts(rest))}
    elif rest or not results:
        content = _render_content(rest) or ("Read the documents." if papers else "")
        yield {"role": "user", "content": content}


def _only_texts(parts: Sequence[Part]) -> Sequence[Part]:
    for part in parts:
        if not isinstance(part, Text):
            kind = type(part).__name__.lower()
            message = f"a system message holds text only in {NAME}, no {kind}"
            raise Unsupported(message, param="messages")
    return parts


def _render_content(parts: Sequence[Part]) -> str | list[Json]:
    match parts:
        case []:
            return ""
        case [Text(text=text)]:
            return text
    return [render_block(part) for part in parts]


def _render_result(result: ToolResult) -> Json:
    shown = [part for part in result.parts if not _is_media(part)]
    content = _render_content(shown)
    if not content:
        # An empty message is refused; a result is best a JSON object.
        content = "The result follows." if result.parts and not shown else "{}"
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _is_media(part: Part) -> bool:
    return not isinstance(part, Text | Refusal) and not (
        isinstance(part, Document) and isinstance(part.source, PlainText)
    )


def _render_media(result: ToolResult) -> list[Json]:
    """A tool's message holds text and documents only; a picture is shown by the user."""
    media = [render_block(part) for part in result.parts if _is_media(part)]
    if not media:
        return []
    return [{"type": "text", "text": f"The result of {result.call_id}:"}, *media]


def _render_assistant(message: Message, dropped: list[str]) -> Iterator[Json]:
    yield from (_render_result(part) for part in message.parts if isinstance(part, ToolResult))
    content, calls = _thoughts(message, dropped), render_calls(message.parts, sealed=False)
    texts = [part for part in message.parts if isinstance(part, Text | Refusal)]
    rendered: Json = {"role": "assistant"}
    citations: list[Json] = []
    if calls:
        rendered["tool_calls"] = calls
        plan = "".join(part.text for part in texts)
        if plan:
            rendered["tool_plan"] = plan
    else:
        content += [render_block(part) for part in texts if part.text]
    places = _places(content)
    offset = 0
    for part in message.parts:
        if isinstance(part, Text) and calls:
            citations += _citations(part, -1, offset, dropped)
            offset += len(part.text)
        elif isinstance(part, Text):
            citations += _citations(part, places.get(part.text, 0), 0, dropped)
        elif isinstance(part, Image | Document) or not isinstance(
            part, Refusal | Thinking | ToolCall | ToolResult
        ):
            render_unsaid(part)
    if content:
        rendered["content"] = _plain(content)
    if citations:
        rendered["citations"] = citations
    if len(rendered) > 1:
        yield rendered


def render_unsaid(part: Part) -> None:
    """Raises Unsupported for what an assistant cannot say here."""
    kind = type(part).__name__.lower()
    raise Unsupported(f"an assistant's {kind} cannot be expressed in {NAME}", param="messages")


def _plain(content: list[Json]) -> str | list[Json]:
    match content:
        case [{"type": "text", "text": str(text)}]:
            return text
    return content


def _places(content: list[Json]) -> dict[str, int]:
    """Where each text stands first."""
    found: dict[str, int] = {}
    for index, block in enumerate(content):
        if block.get("type") == "text":
            found.setdefault(block["text"], index)
    return found


def _thoughts(message: Message, dropped: list[str]) -> list[Json]:
    """Cohere's own thoughts, and others that are plain text."""
    content = []
    for part in message.parts:
        if not isinstance(part, Thinking):
            continue
        if is_plain(part):
            content.append({"type": "thinking", "thinking": part.text})
        elif Feature.THINKING not in dropped:
            dropped.append(Feature.THINKING)
    return content


def _citations(part: Text, index: int, offset: int, dropped: list[str]) -> list[Json]:
    """Cohere's own citations; it cannot check those of others."""
    own = [citation for citation in part.citations if citation.dialect == NAME]
    if len(own) < len(part.citations) and Feature.CITATIONS not in dropped:
        dropped.append(Feature.CITATIONS)
    return [render_citation(citation, part.text, index, offset) for citation in own]


def render_calls(parts: Iterable[Part], *, sealed: bool) -> list[Json]:
    """The tool calls among `parts`; `sealed`: with foreign signatures, for a client to echo."""
    calls = []
    for part in parts:
        if isinstance(part, ToolCall):
            function = {"name": part.name, "arguments": part.arguments or "{}"}
            call: Json = {"id": part.id, "type": "function", "function": function}
            if sealed and part.signature is not None:
                call["signature"] = seal(part.signature, FAMILY)
            calls.append(call)
    return calls
