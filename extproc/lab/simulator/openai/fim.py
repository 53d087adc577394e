"""Mistral's completions of code between a prompt and a suffix, answered as a chat is.

https://docs.mistral.ai/api/endpoint/fim
"""

import re

import msgspec

from extproc.lab.simulator.dialect import Asked, Call, Refusal
from extproc.lab.simulator.openai import chat, mistral
from extproc.lab.simulator.reply import count

CODERS = re.compile("codestral")
"""Who fills in; the others only talk."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the SDK's own model of a request refuses, or a model that talks."""
    mistral.judge(call.body, "FIMCompletionRequest")
    if not CODERS.search(str(call.body["model"])):
        raise Refusal(f"Invalid model: {call.body['model']}", param="model")


def ask(call: Call) -> Asked:
    """What the body asks; what comes after the gap is no part of the answer."""
    body = call.body
    prompt, stop = str(body.get("prompt")), body.get("stop") or ()
    return Asked(
        model=str(body.get("model")),
        text=prompt,
        prompt_tokens=count(prompt) + count(body.get("suffix") or ""),
        stream=bool(body.get("stream")),
        stop=[stop] if isinstance(stop, str) else stop,
        max_tokens=body.get("max_tokens"),
        body={**body, "stream_options": {"include_usage": True}},
    )


DIALECT = msgspec.structs.replace(
    chat.DIALECT,
    name="mistral.fim",
    path=re.compile(r"(?P<prefix>/.*?)??/fim/completions"),
    sdk="mistralai",
    check=check,
    ask=ask,
)
