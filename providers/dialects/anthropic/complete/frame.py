"""Turns in one text: what a person says after `Human:`, and Claude after `Assistant:`.

https://platform.claude.com/docs/en/api/prompt-validation
"""

import re
from collections.abc import Iterator

from providers.neutral.chat import Message, Role, Text
from providers.neutral.prompts import said

HUMAN, ASSISTANT = "\n\nHuman:", "\n\nAssistant:"

MARK = re.compile(r"(?:\A\s*|\n\n)(Human|Assistant):")
ROLES = {"Human": Role.USER, "Assistant": Role.ASSISTANT}


def framed(text: str) -> str:
    """`text` as one turn of a person, with room for the answer; turns stay as they are."""
    if HUMAN in f"\n\n{text.lstrip()}" and ASSISTANT in text:
        return text
    return f"{HUMAN} {text}{ASSISTANT}"


def turns(prompt: str) -> tuple[Message, ...]:
    """The conversation in a prompt; without turns in it, what one person says."""
    before, *rest = MARK.split(prompt)
    messages = tuple(_turns(rest))
    if not any(message.role is Role.USER for message in messages):
        return said(prompt)
    system = before.strip()
    return (_message(Role.SYSTEM, system), *messages) if system else messages


def _turns(pieces: list[str]) -> Iterator[Message]:
    """Each turn that says anything; the last one of Claude's is where it goes on."""
    for who, text in zip(pieces[::2], pieces[1::2], strict=True):
        if words := text.strip():
            yield _message(ROLES[who], words)


def _message(role: Role, text: str) -> Message:
    return Message(role=role, parts=(Text(text=text),))
