"""The mistral.agents dialect: a chat with an agent that Mistral keeps, which nobody else has.

Routes know the agent's id as a model.
https://docs.mistral.ai/api/endpoint/deprecated/agents, and `AgentsCompletionRequest` of the SDK.
"""

from typing import Any

from providers.bridging.dialect import Dialect, Endpoint
from providers.dialects.openai import chat
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The agent, where it has another id there."""
    return {} if body.get("agent_id") == model else {"agent_id": model}


DIALECT = Dialect(
    name="mistral.agents",
    operation=Operation.AGENTS,
    client=(Endpoint(path="/v1/agents/completions"),),
    upstream=(Endpoint(path="/agents/completions"),),
    member="agent_id",
    parse_error=parse_error,
    render_error=render_error,
    watch=chat.DIALECT.watch,
    relay=chat.DIALECT.relay,
    edits=edits,
)

DIALECTS = (DIALECT,)
