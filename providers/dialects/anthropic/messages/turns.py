"""A neutral conversation, laid out as the API wants it: system apart, turns that alternate."""

from providers.bridging.fidelity import Feature, lose
from providers.dialects.anthropic.messages.content import lone_text, render_parts
from providers.dialects.anthropic.names import NAME
from providers.errors import Unsupported
from providers.neutral.chat import ChatRequest, Message, Role
from providers.neutral.turns import GREETING
from providers.wire.members import Json

VOICES = (Role.SYSTEM, Role.DEVELOPER)


class Turns:
    """Collects messages in order; `system` and `messages` are what the body shall hold."""

    def __init__(self, system_turns: bool, dropped: list[str]) -> None:
        self.system: list[Json] = []
        self.messages: list[Json] = []
        self._system_turns = system_turns
        self._waiting: list[Json] = []
        """System blocks that wait for the end of a user's turn."""
        self._dropped = dropped

    def add(self, message: Message) -> None:
        """The next message of the conversation."""
        blocks = render_parts(message.parts, message.role, self._dropped)
        if not blocks:
            return
        if message.role in VOICES:
            self._speak(blocks)
        else:
            self._turn("assistant" if message.role is Role.ASSISTANT else "user", blocks)

    def _speak(self, blocks: list[Json]) -> None:
        # https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages:
        # accepted right after a user's turn, by some models. Elsewhere its place is the system
        # prompt, where it keeps its authority.
        if self._system_turns and self.messages:
            self._waiting += blocks
        else:
            self.system += blocks

    def _turn(self, role: str, blocks: list[Json]) -> None:
        last = self.messages[-1]["role"] if self.messages else None
        if role == "assistant" and last == "user":
            self._release()
            last = self.messages[-1]["role"]
        if role == last:
            self.messages[-1]["content"] += blocks
        else:
            self.messages.append({"role": role, "content": blocks})

    def _release(self) -> None:
        if self._waiting:
            self.messages.append({"role": "system", "content": self._waiting})
            self._waiting = []

    def close(self) -> None:
        """The conversation is complete; raises Unsupported where nothing is left of it."""
        if self.messages and self.messages[-1]["role"] == "user":
            self._release()
        self.system += self._waiting
        self._waiting = []
        if not self.messages:
            self._instruct()
        # Its hosts differ: https://github.com/anthropics/anthropic-sdk-typescript/issues/622
        if self.messages[0]["role"] != "user":
            opening = {"type": "text", "text": GREETING}
            self.messages.insert(0, {"role": "user", "content": [opening]})
        for message in self.messages:
            _order(message)
        _trim(self.messages[-1])

    def _instruct(self) -> None:
        """A conversation of instructions alone: the API wants a user's turn."""
        if not self.system:
            raise Unsupported(f"{NAME} needs a message that says something", param="messages")
        self.messages.append({"role": "user", "content": self.system})
        self.system = []
        lose(self._dropped, Feature.SYSTEM)


def _order(message: Json) -> None:
    """Tool results come first in a turn, or the API does not find them."""
    blocks = message["content"]
    if message["role"] != "user" or len(blocks) == 1:
        return
    if any(block["type"] == "tool_result" for block in blocks):
        blocks.sort(key=lambda block: block["type"] != "tool_result")


def _trim(message: Json) -> None:
    """A last assistant's turn is a prefill, which must not end in white space."""
    block = message["content"][-1]
    if message["role"] == "assistant" and block["type"] == "text":
        block["text"] = block["text"].rstrip()


def render_turns(
    request: ChatRequest, system_turns: bool, dropped: list[str]
) -> tuple[list[Json], list[Json]]:
    """(system blocks, messages); a lone text is a string."""
    turns = Turns(system_turns, dropped)
    for message in request.messages:
        turns.add(message)
    turns.close()
    return turns.system, [_plain(message) for message in turns.messages]


def _plain(message: Json) -> Json:
    text = lone_text(message["content"])
    return message if text is None else {"role": message["role"], "content": text}
