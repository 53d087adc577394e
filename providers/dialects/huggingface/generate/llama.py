"""A conversation as the raw prompt that Llama models were taught.

https://www.llama.com/docs/model-cards-and-prompt-formats/

What marks a turn for the model is text in the prompt, so text that somebody wrote must not hold
it: in every word of the marks below a zero-width space is put after the first character. A person
reads what was written, and no tokenizer sees a special token in it.
"""

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from providers.dialects.huggingface.generate.request import render_body, render_parameters
from providers.errors import Unsupported
from providers.neutral.chat import ChatRequest, Message, Role
from providers.neutral.prompts import text_of
from providers.wire.members import Json

NAME = "llama.generate"

# Special tokens of Llama 3 and 4, special tokens of Llama 2, and the marks of its turns; and what
# the server takes for a picture that it shall fetch.
# https://huggingface.co/docs/text-generation-inference/basic_tutorials/visual_language_models
MARKS = re.compile(
    r"<(?=\|[a-z0-9_]+\|>)|<(?=/?s>|unk>|pad>|<?/?SYS>>)|\[(?=/?INST\])|!(?=\[\]\()",
    re.IGNORECASE,
)
BREAK = "\u200b"

Turn = tuple[Role, str]
"""Who speaks (SYSTEM, USER or ASSISTANT), and what is said, without marks."""


class Headers(msgspec.Struct, frozen=True):
    """The marks of a format in which every turn has a header."""

    start: str
    end: str
    """Of a header."""
    over: str
    """At the end of a turn."""


LLAMA_3 = Headers("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
LLAMA_4 = Headers("<|header_start|>", "<|header_end|>", "<|eot|>")
BEGIN = "<|begin_of_text|>"


def by_headers(turns: Sequence[Turn], marks: Headers) -> str:
    """A prompt of Llama 3 or 4, up to where the model goes on."""
    said = [f"{marks.start}{role}{marks.end}\n\n{text}" for role, text in turns]
    if turns[-1][0] is not Role.ASSISTANT:
        said.append(f"{marks.start}{Role.ASSISTANT}{marks.end}\n\n")
    return BEGIN + marks.over.join(said)


def by_instructions(turns: Sequence[Turn]) -> str:
    """A prompt of Llama 2: pairs of an instruction and its answer; what the system says is part of
    the first instruction."""
    system = "\n\n".join([text for role, text in turns if role is Role.SYSTEM])
    before = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
    prompt, asked = "", False
    for role, text in _merged([turn for turn in turns if turn[0] is not Role.SYSTEM]):
        if role is Role.USER:
            prompt += f"<s>[INST] {before}{text} [/INST]"
            before, asked = "", True
            continue
        prompt += f" {text} </s>" if asked else f"<s>[INST] {before} [/INST] {text} </s>"
        before, asked = "", False
    if not prompt:
        return f"<s>[INST] {before} [/INST]"
    return prompt if asked else prompt.removesuffix(" </s>")


FORMATS: tuple[tuple[re.Pattern[str], Callable[[Sequence[Turn]], str]], ...] = (
    (re.compile(r"llama[-_ ]?2|codellama", re.IGNORECASE), by_instructions),
    (re.compile(r"llama[-_ ]?4", re.IGNORECASE), lambda turns: by_headers(turns, LLAMA_4)),
    (re.compile(""), lambda turns: by_headers(turns, LLAMA_3)),
)
"""(expression that is found in the model's name, how its prompts are made); the first counts."""


def harmless(text: str) -> str:
    """`text` as people see it, with no mark in it."""
    return MARKS.sub(lambda match: match[0] + BREAK, text)


ROLES = {
    Role.SYSTEM: Role.SYSTEM,
    Role.DEVELOPER: Role.SYSTEM,
    Role.USER: Role.USER,
    Role.ASSISTANT: Role.ASSISTANT,
}


def turns_of(messages: Sequence[Message]) -> list[Turn]:
    """The turns, no two of the same role in a row; raises Unsupported for what is no text."""
    turns = []
    for message in messages:
        role = ROLES.get(message.role)
        if role is None:
            raise Unsupported(f"a tool's result cannot stand in {NAME}", param="messages")
        turns.append((role, text_of(message, NAME).strip()))
    return [(role, harmless(text)) for role, text in _merged(turns)]


def _merged(turns: Sequence[Turn]) -> list[Turn]:
    grouped = groupby(turns, key=itemgetter(0))
    return [(role, "\n\n".join([text for _, text in group])) for role, group in grouped]


def prompt_for(messages: Sequence[Message], model: str) -> str:
    """The prompt in the format that `model` was taught."""
    turns = turns_of(messages)
    if not turns:
        raise Unsupported("a prompt needs a message", param="messages")
    made = next(make for pattern, make in FORMATS if pattern.search(model))
    return made(turns)


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; raises Unsupported for what is no text."""
    parameters = render_parameters(request, dropped)
    return render_body(prompt_for(request.messages, request.known_as), parameters, request)
