"""Claude as Amazon Bedrock's InvokeModel and InvokeModelWithResponseStream take it.

https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock
"""

import re

import msgspec

from extproc.simulator import anthropic_messages, anthropic_messages_rules, bedrock_converse
from extproc.simulator.bedrock_converse import EXCEPTION
from extproc.simulator.dialect import Asked, Call, Dialect, Event, Refusal
from extproc.simulator.directives import Directives
from providers.framing import aws_event_stream as frames

VERSION = "bedrock-2023-05-31"
ELSEWHERE = ("model", "stream")
"""Members of the Messages API that the path says here."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Bedrock would not take; `strict`: unknown members too."""
    if call.body.get("anthropic_version") != VERSION:
        raise Refusal(f"anthropic_version: {VERSION} is required")
    for name in ELSEWHERE:
        if name in call.body:
            raise Refusal(f"Malformed input request: extraneous key [{name}] is not permitted")
    if any(name.startswith("anthropic-") for name, _ in call.headers):
        raise Refusal("a header of Anthropic's own API came to Bedrock")
    headers = [("anthropic-beta", str(beta)) for beta in call.body.get("anthropic_beta", ())]
    anthropic_messages_rules.check(
        msgspec.structs.replace(call, headers=[*call.headers, *headers]), strict
    )


def ask(call: Call) -> Asked:
    """What the body asks; the model and whether to stream stand in the path."""
    asked = anthropic_messages.ask(call)
    streams = call.params["verb"] == "invoke-with-response-stream"
    return msgspec.structs.replace(asked, stream=streams)


def frame(event: Event, directives: Directives) -> bytes:
    """One event as a message of an event stream."""
    if event.name.startswith(EXCEPTION):
        kind = event.name.removeprefix(EXCEPTION)
        return frames.encode_raw(frames.exception_headers(kind), event.data)
    return frames.wrap(event.data)


DIALECT: Dialect = msgspec.structs.replace(
    anthropic_messages.DIALECT,
    name="anthropic.messages/bedrock",
    path=re.compile(r".*/model/(?P<model>[^/]+)/(?P<verb>invoke|invoke-with-response-stream)"),
    check=check,
    ask=ask,
    error=bedrock_converse.error,
    stream_error=bedrock_converse.stream_error,
    error_headers=bedrock_converse.DIALECT.error_headers,
    frame=frame,
    stream_content_type=bedrock_converse.DIALECT.stream_content_type,
    key=bedrock_converse.key,
)
