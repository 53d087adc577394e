"""A streamGenerateContent answer, from bytes to deltas.

Each chunk is an answer of its own shape; the last one of a candidate names its `finishReason`.
Older models name it in every chunk, so only the end of the stream says that it is the last.
"""

from typing import Any

import orjson

from providers.bridging.provider_members import unread
from providers.dialects.gemini.errors import describe, failure
from providers.dialects.gemini.framing import Chunks
from providers.dialects.gemini.generate_content.answers import (
    parse_finish,
    parse_logprobs,
    parse_tier,
    parse_usage,
    running,
)
from providers.dialects.gemini.generate_content.calls import Numbering
from providers.dialects.gemini.generate_content.citations import (
    Passage,
    parse_citations,
    parse_searched,
    queries_of,
    with_searches,
)
from providers.dialects.gemini.generate_content.content import parse_call, parse_shown
from providers.dialects.gemini.generate_content.response import (
    OWN,
    blocked,
    digest,
    native_of,
    parts_of,
    seconds,
    text_of,
)
from providers.dialects.gemini.generate_content.streamed_calls import StreamedCall
from providers.dialects.gemini.generate_content.told import CANDIDATE, PART, READ
from providers.errors import CUT, BadAnswer, GatewayError
from providers.neutral.chat import Finish, Text, Thinking, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    Beside,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.wire.members import Json

PLAIN = frozenset({"content", "index"})
"""Members of a candidate that only goes on; Vertex AI leaves out an index of 0."""


def _beside(names: list[str], out: list[AnyDelta]) -> None:
    if names:
        out.append(Beside(names=tuple(names)))


class CandidateParser:
    """Turns one candidate's pieces into deltas of numbered parts."""

    def __init__(self, index: int, origin: str) -> None:
        self._index = index
        self._numbering = Numbering(origin, index)
        self._count = 0
        self._kind: type = object
        self._part = -1
        self._texts: dict[int, list[str]] = {}
        self._called = False
        self._streamed: StreamedCall | None = None
        """A call whose arguments come in pieces."""
        self._told: Json = {}
        """What the chunks said beside parts and log probabilities, the later winning."""

    def feed(self, candidate: Json, out: list[AnyDelta]) -> None:
        """Appends what one chunk says of this candidate."""
        logprobs = candidate.get("logprobsResult")
        for part in parts_of(candidate):
            text = part.get("text") if len(part) == 1 else None
            if type(text) is str:
                if text:
                    self._text(text, parse_logprobs(logprobs) if logprobs else None, out)
            else:
                _beside(unread(part, PART, "candidates.content.parts."), out)
                self._other(part, out)
        if not candidate.keys() <= PLAIN:
            self._note(candidate)

    def _note(self, candidate: Json) -> None:
        for name, value in candidate.items():
            if value is not None and value != "" and name != "content":
                self._told[name] = value

    def _at(self, kind: type) -> int:
        """The part that more of `kind` belongs to: the running one, or a new one."""
        if self._kind is not kind:
            self._kind = kind
            self._part = self._new()
        return self._part

    def _new(self) -> int:
        self._count += 1
        return self._count - 1

    def _text(self, text: str, logprobs: Json | None, out: list[AnyDelta]) -> None:
        part = self._at(Text)
        pieces = self._texts.get(part)
        if pieces is None:
            self._texts[part] = [text]
        else:
            pieces.append(text)
        out.append(TextDelta(text=text, part=part, choice=self._index, logprobs=logprobs))

    def _other(self, part: Json, out: list[AnyDelta]) -> None:
        call = part.get("functionCall")
        if isinstance(call, dict):
            if self._streamed is not None or "willContinue" in call or "partialArgs" in call:
                self._piece(part, call, out)
            else:
                self._call(parse_call(part, call, "", self._numbering.called), out)
            return
        shown = parse_shown(part, "")
        match shown:
            case Text(text=text, signature=signature):
                if text or self._kind is not Text:
                    self._text(text, None, out)
            case Thinking(redacted=None, text=text, signature=signature):
                at = self._at(Thinking)
                out.append(ThinkingDelta(text=text, part=at, choice=self._index))
            case _:
                self._kind = object
                out.append(WholePart(value=shown, part=self._new(), choice=self._index))
                return
        if signature is not None:
            out.append(SignatureDelta(signature=signature, part=self._part, choice=self._index))

    def _call(self, call: ToolCall, out: list[AnyDelta]) -> None:
        self._end_call(self._begin_call(call, out), call.arguments, out)

    def _piece(self, part: Json, call: Json, out: list[AnyDelta]) -> None:
        """A call's beginning, some of its arguments, or its end, which is empty."""
        if call.get("name"):
            self._complete(out)
            begun = parse_call(part, call, "", self._numbering.called)
            self._streamed = StreamedCall(self._begin_call(begun, out))
        if self._streamed is None:
            raise ValueError("arguments of no call")
        for partial in call.get("partialArgs") or ():
            self._streamed.add(partial)
        if not call.get("willContinue"):
            self._complete(out)

    def _complete(self, out: list[AnyDelta]) -> None:
        """Ends the call whose arguments came in pieces."""
        call, self._streamed = self._streamed, None
        if call is not None:
            self._end_call(call.part, call.arguments, out)

    def _begin_call(self, call: ToolCall, out: list[AnyDelta]) -> int:
        self._kind, self._called = object, True
        at = self._new()
        begin = ToolCallBegin(
            id=call.id, name=call.name, part=at, choice=self._index, signature=call.signature
        )
        out.append(begin)
        return at

    def _end_call(self, at: int, arguments: str, out: list[AnyDelta]) -> None:
        out.append(ArgumentsDelta(text=arguments, part=at, choice=self._index))
        out.append(PartEnd(part=at, choice=self._index))

    @property
    def searches(self) -> int:
        """How many searches were made."""
        return len(queries_of(self._told))

    @property
    def ended(self) -> bool:
        """True once a reason to finish was named."""
        return "finishReason" in self._told

    def end(self, out: list[AnyDelta]) -> None:
        """Appends what is only known at the end: sources, and why it ended."""
        self._complete(out)
        _beside(unread(self._told, CANDIDATE, "candidates."), out)
        texts = [Passage(at, "".join(pieces)) for at, pieces in self._texts.items()]
        for part, citation in parse_citations(self._told, texts):
            out.append(CitationDelta(citation=citation, part=part, choice=self._index))
        searched = parse_searched(self._told)
        if searched is not None:
            out.append(WholePart(value=searched, part=self._new(), choice=self._index))
        finish = parse_finish(self._told.get("finishReason"), self._called)
        native = native_of(self._told, finish)
        error = failure(self._told) if finish is Finish.ERROR else None
        out.append(End(finish=finish, choice=self._index, native=native, error=error))


class Parser:
    """Reads chunks; nothing comes after a failure."""

    def __init__(self) -> None:
        self._chunks = Chunks()
        self._candidates: dict[int, CandidateParser] = {}
        self._origin = ""
        self._begun = False
        self._failed = False
        self._used: Any = None
        """`usageMetadata` as it was last told."""
        self._feedback: Json = {}
        """`promptFeedback` that says why there is no answer."""

    def feed(self, data: bytes) -> list[AnyDelta]:
        """The deltas that `data` completes."""
        deltas: list[AnyDelta] = []
        if self._failed:
            return deltas
        try:
            self._read(self._chunks.feed(data), deltas)
        except BadAnswer as error:
            self._fail(Failed(error=error.as_api_error()), deltas)
        except (GatewayError, TypeError, ValueError, AttributeError):
            unreadable = BadAnswer("the provider sent a chunk that cannot be read")
            self._fail(Failed(error=unreadable.as_api_error()), deltas)
        return deltas

    def flush(self) -> list[AnyDelta]:
        """The ends of all candidates; a stream that named no reason to end has failed."""
        deltas: list[AnyDelta] = []
        if self._failed:
            return deltas
        try:
            self._read(self._chunks.flush(), deltas)
        except (GatewayError, TypeError, ValueError, AttributeError):
            self._fail(Failed(error=CUT), deltas)
        if self._failed:
            return deltas
        ended = all(candidate.ended for candidate in self._candidates.values())
        if self._chunks.pending or not ended or not (self._candidates or self._feedback):
            self._fail(Failed(error=CUT), deltas)
            return deltas
        self._end(deltas)
        return deltas

    def _end(self, deltas: list[AnyDelta]) -> None:
        _beside(unread({"usageMetadata": self._used}, READ), deltas)
        searches = sum(candidate.searches for candidate in self._candidates.values())
        usage = with_searches(parse_usage(self._used), searches) if searches else None
        if usage is not None:
            deltas.append(Used(usage=usage, service_tier=parse_tier(self._used)))
        for candidate in self._candidates.values():
            candidate.end(deltas)
        if not self._candidates:
            native = {"promptFeedback": self._feedback}
            deltas.append(End(finish=Finish.CONTENT_FILTER, native=native))

    def _fail(self, failure: Failed, deltas: list[AnyDelta]) -> None:
        self._failed = True
        self._begin({}, deltas)
        deltas.append(failure)

    def _begin(self, chunk: Json, deltas: list[AnyDelta]) -> None:
        if self._begun:
            return
        self._begun = True
        self._origin = text_of(chunk, "responseId") or digest(chunk)
        deltas.append(
            Begin(
                id=text_of(chunk, "responseId"),
                model=text_of(chunk, "modelVersion"),
                created=seconds(chunk.get("createTime")),
                usage=running(parse_usage(chunk.get("usageMetadata"))),
                service_tier=parse_tier(chunk.get("usageMetadata")),
            )
        )

    def _read(self, chunks: list[bytes], deltas: list[AnyDelta]) -> None:
        for text in chunks:
            chunk = orjson.loads(text)
            if isinstance(chunk, list) or chunk.get("error"):
                self._fail(Failed(error=describe(chunk, None)), deltas)
                return
            self._chunk(chunk, deltas)

    def _chunk(self, chunk: Json, deltas: list[AnyDelta]) -> None:
        if not self._begun:
            self._begin(chunk, deltas)
        for at, candidate in enumerate(chunk.get("candidates") or ()):
            index = candidate.get("index", at)
            known = self._candidates.get(index)
            if known is None:
                known = self._candidates[index] = CandidateParser(int(index), self._origin)
            known.feed(candidate, deltas)
        if not chunk.keys() <= READ.known:
            own = {name: chunk[name] for name in OWN if chunk.get(name) is not None}
            names = [name for name in unread(chunk, READ) if "." not in name]
            deltas += [Beside(names=tuple(names), members=own)] if names or own else []
        feedback = chunk.get("promptFeedback")
        if isinstance(feedback, dict):
            _beside(unread(feedback, READ.inner["promptFeedback"], "promptFeedback."), deltas)
            if blocked(feedback):
                self._feedback = feedback
        raw = chunk.get("usageMetadata")
        if raw is not None and raw != self._used:
            self._count(raw, deltas)

    def _count(self, raw: Any, deltas: list[AnyDelta]) -> None:
        self._used = raw
        usage = parse_usage(raw)
        if not self._feedback and not any(each.ended for each in self._candidates.values()):
            usage = running(usage)
        if usage is not None:
            deltas.append(Used(usage=usage, service_tier=parse_tier(raw)))
