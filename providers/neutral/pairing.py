"""Calls and their results, in the order that all providers demand.

Each call has an id of its own and is answered right behind the turn that made it, once, and nothing
else is: OpenAI, Anthropic, Bedrock, Gemini, Mistral and Cohere's newer models answer everything
else with 400. Clients keep other histories: a turn that was broken off, a result that came late or
twice, a model that gives all its calls one id. What cannot stand where it is told is said by the
user instead.
"""

from collections.abc import Callable, Container, Iterable, Iterator

import msgspec

from providers.neutral.chat import Message, Native, Part, Role, Text, ToolCall, ToolResult

PARAGRAPH = "\n\n"
"""Between what was said in two turns that become one."""

UNANSWERED = "There is no result."


def call_ids(messages: Iterable[Message]) -> frozenset[str]:
    """The ids of all calls."""
    return frozenset(
        part.id
        for message in messages
        if message.role is Role.ASSISTANT
        for part in message.parts
        if type(part) is ToolCall
    )


def distinct(id: str, taken: Container[str], shown: Callable[[str], str] = str) -> str:
    """The id, or one like it that is not taken in the form that is `shown`."""
    new, number = id, 2
    while shown(new) in taken:
        new, number = f"{id}_{number}", number + 1
    return new


def paired(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The same conversation, with each call answered in its place."""
    if _is_paired(messages):
        return messages
    pairing = Pairing(messages)
    for message in messages:
        pairing.add(message)
    return pairing.finish()


def _is_paired(messages: tuple[Message, ...]) -> bool:
    known: dict[str, str] = {}
    open: set[str] = set()
    speaker: Role | None = None
    for message in messages:
        said = message.role is Role.ASSISTANT
        if said and (open or speaker is Role.ASSISTANT):
            return False
        for part in message.parts:
            if type(part) is ToolCall:
                if part.id in known:
                    return False
                known[part.id] = part.name
                open.add(part.id)
            elif type(part) is ToolResult:
                if said or part.call_id not in open:
                    return False
                if part.name is not None and part.name != known[part.call_id]:
                    return False
                open.remove(part.call_id)
        if open and not said:
            return False
        speaker = message.role
    return not open


class Pairing:
    """Tells a conversation again, turn by turn."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._told: list[Message] = []
        self._natives = frozenset(_native_ids(messages))
        """Ids of calls that only one dialect knows; who made them knows how they are answered."""
        self._ids: set[str] = set()
        """Of all calls that were told."""
        self._open: list[tuple[str, ToolCall]] = []
        """(the client's id, the call) of each that has no result yet."""
        self._answered: dict[str, ToolResult] = {}
        """The client's id → the result of a call of the running turn."""
        self._results: list[Part] = []
        self._later: list[Message] = []
        """What was said since the running turn's calls."""

    def add(self, message: Message) -> None:
        """The next message."""
        if message.role is Role.ASSISTANT:
            self._turn(message)
            return
        rest: list[Part] = []
        for part in message.parts:
            if type(part) is ToolResult:
                self._result(part)
            elif message.role is Role.TOOL and isinstance(part, Native):
                self._results.append(part)
            else:
                rest.append(part)
        if rest or not message.parts:
            self._later.append(msgspec.structs.replace(message, parts=tuple(rest)))

    def _turn(self, message: Message) -> None:
        goes_on = not (self._later or self._results)
        if not goes_on:
            self._close()
        parts = tuple(self._called(part) for part in message.parts if type(part) is not ToolResult)
        last = self._told[-1] if goes_on and self._told else None
        if last is not None and last.role is Role.ASSISTANT:
            whole = (*_paragraphs(last.parts, parts),)
            self._told[-1] = msgspec.structs.replace(last, parts=whole)
        else:
            self._told.append(msgspec.structs.replace(message, parts=parts))
        for part in message.parts:
            if type(part) is ToolResult:
                self._result(part)

    def _called(self, part: Part) -> Part:
        if type(part) is not ToolCall:
            return part
        id = distinct(part.id, self._ids)
        self._ids.add(id)
        call = part if id == part.id else msgspec.structs.replace(part, id=id)
        self._open.append((part.id, call))
        return call

    def _result(self, result: ToolResult) -> None:
        for index, (known, call) in enumerate(self._open):
            if known == result.call_id:
                del self._open[index]
                self._answered[known] = result
                self._results.append(_renamed(result, call))
                return
        if result.call_id in self._natives:
            self._results.append(result)
        elif self._answered.get(result.call_id) != result:
            self._later.append(_said(result))

    def _close(self) -> None:
        """Ends the running turn: its results, then what was said meanwhile."""
        missing = [_missing(call) for _, call in self._open]
        results = (*self._results, *missing)
        if results:
            self._told.append(Message(role=Role.TOOL, parts=results))
        self._told += self._later
        self._open, self._results, self._later = [], [], []
        self._answered = {}

    def finish(self) -> tuple[Message, ...]:
        """The whole conversation."""
        self._close()
        return tuple(self._told)


def _native_ids(messages: Iterable[Message]) -> Iterator[str]:
    for message in messages:
        for part in message.parts:
            if isinstance(part, Native):
                ids = (part.value.get(name) for name in ("id", "call_id"))
                yield from (id for id in ids if isinstance(id, str))


def _paragraphs(parts: tuple[Part, ...], more: tuple[Part, ...]) -> Iterator[Part]:
    """The parts of two turns as those of one."""
    match (parts[-1:], more[:1]):
        case ((Text(citations=(), signature=None) as last,), (Text(citations=()) as first,)):
            yield from parts[:-1]
            yield msgspec.structs.replace(first, text=last.text + PARAGRAPH + first.text)
            yield from more[1:]
        case _:
            yield from (*parts, *more)


def _renamed(result: ToolResult, call: ToolCall) -> ToolResult:
    if result.call_id == call.id and result.name == call.name:
        return result
    # Where two calls have one id, a dialect that says it alone names the wrong one of them.
    return msgspec.structs.replace(result, call_id=call.id, name=call.name)


def _missing(call: ToolCall) -> ToolResult:
    return ToolResult(call_id=call.id, name=call.name, parts=(Text(text=UNANSWERED),))


def _said(result: ToolResult) -> Message:
    """A result that answers no call, in the user's words."""
    words = Text(text=f"The result of {result.name or result.call_id}:")
    return Message(role=Role.USER, parts=(words, *result.parts))
