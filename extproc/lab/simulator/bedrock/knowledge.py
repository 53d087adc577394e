"""RetrieveAndGenerate and RetrieveAndGenerateStream of Bedrock's agent runtime.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrieveAndGenerate.html
"""

import re
from collections.abc import Iterator, Sequence
from uuid import NAMESPACE_OID, uuid5

import msgspec
import orjson

from extproc.lab.simulator.bedrock import converse
from extproc.lab.simulator.bedrock.converse_rules import Judge, input_of
from extproc.lab.simulator.dialect import Asked, Call, Event, Json, Refusal, Turn
from extproc.lab.simulator.kept.knowledge import DIALECT as NAME
from extproc.lab.simulator.reply import count

FOUND = "What the simulator knows of it stands in this document."
CONFIGURATION = "retrieveAndGenerateConfiguration"
KINDS = {
    "KNOWLEDGE_BASE": "knowledgeBaseConfiguration",
    "EXTERNAL_SOURCES": "externalSourcesConfiguration",
}
HELD = {"S3": "s3Location", "BYTE_CONTENT": "byteContent"}
"""Type of a source → the member that holds it."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what botocore's model of the service denies, and for what fits no type."""
    Judge(strict).check(call.body, input_of("bedrock-agent-runtime", "RetrieveAndGenerate"), "")
    if CONFIGURATION not in call.body:
        raise Refusal(f"{CONFIGURATION} must be given")
    if (wanted := _wanted(call.body)) not in call.body[CONFIGURATION]:
        raise Refusal(f"{wanted} must be given for this type")
    for source in _configured(call.body).get("sources", ()):
        if HELD[source["sourceType"]] not in source:
            raise Refusal(f"{HELD[source['sourceType']]} must be given for this sourceType")


def _wanted(body: Json) -> str:
    return KINDS[body[CONFIGURATION]["type"]]


def _configured(body: Json) -> Json:
    found: Json = body[CONFIGURATION][_wanted(body)]
    return found


def ask(call: Call) -> Asked:
    """What the body asks; whether to stream stands in the path."""
    text, configured = call.body["input"]["text"], _configured(call.body)
    inference = configured.get("generationConfiguration", {}).get("inferenceConfig", {})
    limits = inference.get("textInferenceConfig", {})
    return Asked(
        model=configured["modelArn"],
        text=text,
        prompt_tokens=count(text) + count(FOUND),
        stream=call.params["verb"].endswith("Stream"),
        stop=limits.get("stopSequences") or (),
        max_tokens=limits.get("maxTokens"),
        body=call.body,
    )


def _session(turn: Turn) -> str:
    made = uuid5(NAMESPACE_OID, turn.reply.id)
    return str(turn.asked.body.get("sessionId") or made)


def _citation(turn: Turn) -> Json:
    text = "".join(turn.reply.choices[0].pieces)
    uri = "s3://bucket/document.txt"
    part = {"text": text, "span": {"start": 0, "end": max(len(text) - 1, 0)}}
    reference = {
        "content": {"text": FOUND, "type": "TEXT"},
        "location": {"type": "S3", "s3Location": {"uri": uri}},
        "metadata": {"x-amz-bedrock-kb-source-uri": uri},
    }
    return {
        "generatedResponsePart": {"textResponsePart": part},
        "retrievedReferences": [reference],
    }


def _intervened(turn: Turn) -> bool:
    return turn.reply.choices[0].refusal


def _action(turn: Turn) -> str:
    return "INTERVENED" if _intervened(turn) else "NONE"


def whole(turn: Turn) -> bytes:
    """The answer as one body, in which nothing is counted."""
    answer = {
        "sessionId": _session(turn),
        "output": {"text": "".join(turn.reply.choices[0].pieces)},
        "citations": [] if _intervened(turn) else [_citation(turn)],
        "guardrailAction": _action(turn),
    }
    return orjson.dumps(answer | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream, whose end is that of its bytes."""
    for piece in turn.reply.choices[0].pieces:
        yield Event(orjson.dumps({"text": piece}), name="output")
    if not _intervened(turn):
        said = _citation(turn)
        yield Event(orjson.dumps({"citation": said, **said}), name="citation")
    yield Event(orjson.dumps({"action": _action(turn)}), name="guardrail")


def session_header(turn: Turn) -> Sequence[tuple[str, str]]:
    """The session of a stream."""
    return [("x-amzn-bedrock-knowledge-base-session-id", _session(turn))]


DIALECT = msgspec.structs.replace(
    converse.DIALECT,
    name=NAME,
    path=re.compile(r"/(?P<verb>retrieveAndGenerate(?:Stream)?)"),
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    stream_headers=session_header,
)
