"""Mistral's agents, known by their ids, that answer as a chat does.

https://docs.mistral.ai/api/endpoint/deprecated/agents
"""

import re

import msgspec

from extproc.lab.simulator.dialect import Asked, Call
from extproc.lab.simulator.openai import chat, mistral

MODEL = "mistral-large-latest"
"""Whom every agent asks."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the SDK's own model of a request refuses."""
    mistral.judge(call.body, "AgentsCompletionRequest")


def ask(call: Call) -> Asked:
    """What the body asks; counts come by themselves."""
    body = {**call.body, "model": MODEL, "stream_options": {"include_usage": True}}
    return msgspec.structs.replace(chat.ask(msgspec.structs.replace(call, body=body)), body=body)


DIALECT = msgspec.structs.replace(
    chat.DIALECT,
    name="mistral.agents",
    path=re.compile(r"(?P<prefix>/.*?)??/agents/completions"),
    sdk="mistralai",
    check=check,
    ask=ask,
)
