"""The bedrock.retrieve_and_generate dialect: a model's answer out of a knowledge base.

Nobody else has it, so nothing is translated.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrieveAndGenerate.html
and ..._RetrieveAndGenerateStream.html (2026-11)
"""

import re
from typing import Any

import orjson

from providers.bridging import estimate
from providers.bridging.dialect import Dialect, Endpoint, Seen
from providers.bridging.kept_ids import Ids
from providers.bridging.resource import Kept
from providers.dialects.bedrock.errors import parse_error, render_error
from providers.dialects.bedrock.relaying import EventRelay
from providers.errors import BadAnswer, InvalidRequest
from providers.neutral.chat import Finish
from providers.operations import Operation
from providers.wire import members
from providers.wire.members import Json

NAME = "bedrock.retrieve_and_generate"
CONFIGURATION = "retrieveAndGenerateConfiguration"
KNOWLEDGE, SOURCES = "knowledgeBaseConfiguration", "externalSourcesConfiguration"
MODEL = "modelArn"
SESSION = "sessionId"

SEARCH = (CONFIGURATION, KNOWLEDGE, "retrievalConfiguration")
RANKING = ("rerankingConfiguration", "bedrockRerankingConfiguration", "modelConfiguration", MODEL)
OTHERS = (
    (*SEARCH, "vectorSearchConfiguration", *RANKING),
    (*SEARCH, "vectorSearchConfiguration", "implicitFilterConfiguration", MODEL),
    (*SEARCH, "managedSearchConfiguration", *RANKING),
)
"""Where a request names models beside the one that answers."""

IDS = Ids(
    kind="",
    kinds=frozenset(),
    names=frozenset({SESSION}),
    # What stands there are a client's words, or those of documents.
    apart=frozenset({"citations", CONFIGURATION}),
    shape=re.compile(r"(?P<id>[0-9A-Za-z._:-]+)", re.ASCII),
)

INTERVENED = "INTERVENED"


def _inner(body: Json) -> tuple[str, Json]:
    """Of what is asked, its name and what it says; raises InvalidRequest."""
    outer = members.required_mapping(body, CONFIGURATION)
    found = [name for name in (KNOWLEDGE, SOURCES) if outer.get(name) is not None]
    if len(found) != 1:
        message = f"{CONFIGURATION} must have one of {KNOWLEDGE} and {SOURCES}"
        raise InvalidRequest(message, param=CONFIGURATION)
    return found[0], members.required_mapping(outer, found[0], f"{CONFIGURATION}.")


def model_in(body: Json) -> Any:
    """What the body names as its model."""
    return _inner(body)[1].get(MODEL)


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The model stands deep in the body. What was read here of a member that stands twice is what
    AWS reads, too: it is written anew."""
    name, inner = _inner(body)
    changes = {CONFIGURATION: {**body[CONFIGURATION], name: {**inner, MODEL: model}}}
    return {**changes, SESSION: body[SESSION]} if SESSION in body else changes


def watch(answer: Json) -> Seen:
    """AWS counts nothing: the words are; raises BadAnswer where there are none."""
    output = answer.get("output")
    text = output.get("text") if isinstance(output, dict) else None
    if not isinstance(text, str):
        raise BadAnswer("the provider's answer has no output")
    return Seen(generated=estimate.tokens(text), finish=_finish(answer.get("guardrailAction")))


def _finish(action: Any) -> Finish:
    return Finish.CONTENT_FILTER if action == INTERVENED else Finish.STOP


class KnowledgeRelay(EventRelay):
    """Watches RetrieveAndGenerateStream's own events, of which none says that it is the last."""

    SPOKEN = b"output"
    MARKS = (b'"text":"',)

    def __init__(self, shows_usage: bool) -> None:
        super().__init__(shows_usage)
        self._finish: Finish | None = None
        """Why the model will have stopped, if nothing goes wrong."""

    def _said(self, kind: Any, payload: bytes) -> None:
        if kind == "guardrail":
            self._finish = _finish(orjson.loads(payload).get("action"))

    def _complete(self) -> bool:
        if self.seen.generated or self._finish:
            self.seen.finish = self._finish or Finish.STOP
        return bool(self.seen.finish)


def _places(verb: str, *, stream: bool) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(path=f"{at}/{verb}", stream=stream) for at in ("", "/model/{model}"))


WHOLE = _places("retrieveAndGenerate", stream=False)
STREAMED = _places("retrieveAndGenerateStream", stream=True)

FACTS: dict[str, Any] = {
    "operation": Operation.RETRIEVE_AND_GENERATE,
    "parse_error": parse_error,
    "render_error": render_error,
    "watch": watch,
    "ids": lambda body: IDS,
}

DIALECT = Dialect(
    name=NAME,
    client=(*WHOLE, *STREAMED),
    upstream=(WHOLE[0], STREAMED[0]),
    member=MODEL,
    model_in=model_in,
    others=OTHERS,
    stream_type="application/vnd.amazon.eventstream",
    relay=KnowledgeRelay,
    edits=edits,
    id_header="x-amzn-bedrock-knowledge-base-session-id",
    request_id="x-amzn-requestid",
    **FACTS,
)
"""With the model in the path, too, as clients of other gateways have it."""

KEPT = Kept(
    name="bedrock.knowledge_sessions",
    client=(),
    upstream=(),
    prefixes=(),
    root="",
    acts=(),
    charged=False,
    **FACTS,
)
"""What was said so far, which is only gone on with."""

DIALECTS = (DIALECT,)
RESOURCES = (KEPT,)
