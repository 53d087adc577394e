"""Claude as Amazon Bedrock's InvokeModel and InvokeModelWithResponseStream take it.

https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock
"""

import re

import msgspec

from extproc.lab.simulator.anthropic import messages, messages_rules
from extproc.lab.simulator.bedrock import converse
from extproc.lab.simulator.bedrock.converse import EXCEPTION
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Refusal
from extproc.lab.simulator.directives import Directives
from providers.wire import aws_event_stream as frames

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
    messages_rules.check(msgspec.structs.replace(call, headers=[*call.headers, *headers]), strict)


def ask(call: Call) -> Asked:
    """What the body asks; the model and whether to stream stand in the path."""
    asked = messages.ask(call)
    streams = call.params["verb"] == "invoke-with-response-stream"
    return msgspec.structs.replace(asked, stream=streams)


def frame(event: Event, directives: Directives) -> bytes:
    """One event as a message of an event stream."""
    if event.name.startswith(EXCEPTION):
        kind = event.name.removeprefix(EXCEPTION)
        return frames.encode_raw(frames.exception_headers(kind), event.data)
    return frames.wrap(event.data)


DIALECT: Dialect = msgspec.structs.replace(
    messages.DIALECT,
    name="anthropic.messages/bedrock",
    # What embeds, ranks or makes pictures has formats of its own.
    path=re.compile(
        r".*/model/(?P<model>(?![^/]*(?:embed|rerank|image|canvas|stability))[^/]+)"
        r"/(?P<verb>invoke|invoke-with-response-stream)"
    ),
    check=check,
    ask=ask,
    error=converse.error,
    stream_error=converse.stream_error,
    error_headers=converse.DIALECT.error_headers,
    frame=frame,
    stream_content_type=converse.DIALECT.stream_content_type,
    key=converse.key,
)
