"""What a provider says in its answer that the client's format has no place for.

It is named (`Seen.lost`): by the neutral name where several dialects know it, else by the
provider's own. Where it is a picture, a film, a file, or sound without words, the client reads in
its place what was left out. Shapes say, as data, which members of an answer a dialect's parsers
read, or which say nothing to anybody else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from providers.bridging.members import Shape
from providers.bridging.provider_members import Names, unread
from providers.bridging.unknown_members import MAX_NAMED
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Document,
    Image,
    Native,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from providers.neutral.deltas import (
    AnyDelta,
    AudioDelta,
    Begin,
    Beside,
    CitationDelta,
    End,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.media import Data, PlainText
from providers.neutral.web_search import Searched
from providers.usage import Usage
from providers.wire.members import Json

USUAL_TIERS = frozenset({"default", "on_demand", "standard"})
"""What providers call the tier of requests that ask for none."""


class Told(StrEnum):
    """What an answer may say beside its words, thoughts and calls."""

    AUDIO_TOKENS = "usage.audio_tokens"
    CACHE_READ = "usage.cache_read_tokens"
    CACHE_WRITE = "usage.cache_write_tokens"
    REASONING_TOKENS = "usage.reasoning_tokens"
    SEARCHES = "usage.searches"
    CALLS = "tool_calls"
    CHOICES = "choices"
    CITATIONS = "citations"
    QUOTES = "citations.quote"
    """What a page says that is cited."""
    PLACES = "citations.place"
    """Where cited words stand in what the prompt holds."""
    STRETCHES = "citations.start"
    """Which of the words of a text are cited; else all of it is."""
    HANDLE = "audio.id"
    """By which a provider knows the sound of an earlier answer."""
    LOGPROBS = "logprobs"
    TOP_LOGPROBS = "top_logprobs"
    NAMESPACE = "tool_calls.namespace"
    SERVICE_TIER = "service_tier"
    SIGNATURES = "signatures"
    """By which a provider recognises its thoughts in a later turn."""
    SOURCES = "web_search.sources"
    """The pages that a search has found."""
    SOUND = "audio"
    STOP_SEQUENCE = "stop_sequence"
    THINKING = "thinking"
    """Thoughts in words; a text has no place beside it."""


Media = Image | Audio | Video | Document


def any_part(part: Part) -> bool:
    """Every part can be shown."""
    return True


def words_alone(part: Part) -> bool:
    """Whether a part is words, thoughts, calls or refusals: nothing to see or hear."""
    return not isinstance(part, Media | Native | Searched)


def any_citation(citation: Citation) -> bool:
    """Every citation can be told."""
    return True


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What answers in a format hold."""

    shows: Callable[[Part], bool] = any_part
    """Whether a part other than text can be shown; sound may be heard, or only read."""
    tells: frozenset[Told] = frozenset(Told)
    cites: Callable[[Citation], bool] = any_citation
    """Whether a citation can be told, where citations can."""
    unstreamed: frozenset[Told] = frozenset()
    """Of `tells`, what a stream has no place for."""
    tiers: frozenset[str] | None = None
    """The service tiers for which there are words; None: all."""
    read: Shape | None = None
    """What is read of a provider's answer; None: nobody looks."""


ANY = Answers()


def told(response: ChatResponse, answers: Answers, where: str) -> tuple[ChatResponse, Names]:
    """(the answer with words for media that cannot be shown, what else is lost of it)."""
    lost: Names = {}
    _tier(response.service_tier, answers, lost)
    _counted(response.usage, answers, lost)
    choices = []
    for number, choice in enumerate(response.choices):
        if number and Told.CHOICES not in answers.tells:
            lost[Told.CHOICES.value] = None
            break
        choices.append(_choice(choice, answers, where, lost))
    if all(map(_same, choices, response.choices)):
        return response, lost
    return msgspec.structs.replace(response, choices=(*choices,)), lost


def _same(one: Choice, other: Choice) -> bool:
    return one is other


def _choice(choice: Choice, answers: Answers, where: str, lost: Names) -> Choice:
    _likely(choice.logprobs, answers, lost)
    if choice.stop_sequence is not None:
        _miss(Told.STOP_SEQUENCE, answers, lost)
    worded = False
    parts = []
    for part in choice.parts:
        shown = part
        if type(part) is not Text or part.citations or part.signature is not None:
            shown = _part(part, answers, where, lost)
            worded = worded or shown is not part
        parts.append(shown)
    return msgspec.structs.replace(choice, parts=(*parts,)) if worded else choice


def _part(part: Part, answers: Answers, where: str, lost: Names) -> Part:
    match part:
        case Text():
            for citation in part.citations:
                _cited(citation, answers, lost)
            _signed(part.signature, answers, lost)
        case ToolCall():
            _called(part, answers, lost)
        case Thinking():
            if part.text:
                _miss(Told.THINKING, answers, lost)
            _signed(part.signature or part.redacted, answers, lost)
        case Image() | Audio() | Video() | Document():
            return _medium(part, answers, where, lost)
        case Native() | Searched():
            if not answers.shows(part):
                lost[kind_of(part)] = None
            elif isinstance(part, Searched) and part.pages:
                _miss(Told.SOURCES, answers, lost)
        case ToolResult():
            lost["tool_result"] = None  # of a tool that the provider ran itself
        case _:
            pass
    return part


def _medium(part: Media, answers: Answers, where: str, lost: Names) -> Part:
    if answers.shows(part):
        if isinstance(part, Audio) and (part.id or part.expires_at):
            _miss(Told.HANDLE, answers, lost)
        return part
    lost[type(part).__name__.lower()] = None
    if isinstance(part, Audio) and part.transcript:
        return part
    return Text(text=words_for(part, where))


def words_for(part: Media, where: str) -> str:
    """What a client reads in the place of what cannot be shown."""
    kind, source = type(part).__name__.lower(), part.source
    if isinstance(source, PlainText):
        return source.text
    form = source.media_type if isinstance(source, Data) else ""
    return f"\n[{kind}{f' ({form})' if form else ''} left out: {where} has no place for it]\n"


def kind_of(part: Native | Searched) -> str:
    """What the provider calls a part that only it knows."""
    if isinstance(part, Searched) and not part.dialect:
        return "web_search"
    kind = part.value.get("type")
    if isinstance(kind, str):
        return kind
    return next((name for name in part.value if not name.startswith("thought")), "thought")


def _miss(what: Told, answers: Answers, lost: Names) -> None:
    if what not in answers.tells:
        lost[what.value] = None


def _signed(signature: Any, answers: Answers, lost: Names) -> None:
    if signature is not None and signature.value:
        _miss(Told.SIGNATURES, answers, lost)


def _cited(citation: Citation, answers: Answers, lost: Names) -> None:
    if Told.CITATIONS not in answers.tells or not answers.cites(citation):
        lost[Told.CITATIONS.value] = None
        return
    if citation.place is not None:
        _miss(Told.PLACES, answers, lost)
    if citation.quote and citation.url:
        _miss(Told.QUOTES, answers, lost)
    if citation.start or citation.end:
        _miss(Told.STRETCHES, answers, lost)


def _likely(logprobs: Mapping[str, Any] | None, answers: Answers, lost: Names) -> None:
    if not logprobs:
        return
    if Told.LOGPROBS not in answers.tells:
        lost[Told.LOGPROBS.value] = None
    elif Told.TOP_LOGPROBS not in answers.tells and any(_tops(logprobs)):
        lost[Told.TOP_LOGPROBS.value] = None


def _tops(logprobs: Mapping[str, Any]) -> Iterator[Any]:
    content = logprobs.get("content")
    for each in content if isinstance(content, list) else ():
        if isinstance(each, dict):
            yield each.get("top_logprobs")


def _counted(usage: Usage | None, answers: Answers, lost: Names) -> None:
    if usage is None:
        return
    if usage.cache_read:
        _miss(Told.CACHE_READ, answers, lost)
    if usage.cache_write:
        _miss(Told.CACHE_WRITE, answers, lost)
    if usage.reasoning:
        _miss(Told.REASONING_TOKENS, answers, lost)
    if usage.audio_input or usage.audio_output:
        _miss(Told.AUDIO_TOKENS, answers, lost)
    if usage.units is not None and usage.units.searches:
        _miss(Told.SEARCHES, answers, lost)


def _tier(tier: str | None, answers: Answers, lost: Names) -> None:
    if tier is None or tier in USUAL_TIERS:
        return
    if Told.SERVICE_TIER not in answers.tells or (
        answers.tiers is not None and tier not in answers.tiers
    ):
        lost[Told.SERVICE_TIER.value] = None


class Unsaid:
    """The same, piece by piece."""

    def __init__(self, answers: Answers, where: str, foreign: bool) -> None:
        """`foreign`: the provider's dialect is not the client's."""
        if answers.unstreamed:
            tells = answers.tells - answers.unstreamed
            answers = msgspec.structs.replace(answers, tells=tells)
        self._answers = answers
        self.thoughtless = Told.THINKING not in answers.tells
        """Whether thoughts are lost, too."""
        self._where = where
        self._foreign = foreign
        self.names: Names = {}

    def note(self, delta: AnyDelta) -> None:
        """Takes down what of a delta is lost."""
        note = NOTES.get(type(delta))
        if note is not None:
            note(delta, self._answers, self.names)
        elif isinstance(delta, WholePart):
            _part(delta.value, self._answers, self._where, self.names)
        elif isinstance(delta, Beside):
            kept = () if self._foreign else top(delta.members)
            found = [name for name in delta.names if name not in kept]
            room = max(MAX_NAMED - len(self.names), 0)
            self.names.update(dict.fromkeys(found[:room]))

    def worded(self, deltas: Iterable[AnyDelta]) -> list[AnyDelta]:
        """Deltas with words for media that cannot be shown."""
        return [self._worded(delta) for delta in deltas]

    def _worded(self, delta: AnyDelta) -> AnyDelta:
        if not isinstance(delta, WholePart) or not isinstance(delta.value, Media):
            return delta
        shown = _medium(delta.value, self._answers, self._where, {})
        if not isinstance(shown, Text):
            return delta
        return TextDelta(text=shown.text, part=delta.part, choice=delta.choice)


def _begun(delta: Begin | Used, answers: Answers, lost: Names) -> None:
    _tier(delta.service_tier, answers, lost)
    _counted(delta.usage, answers, lost)


def _called(call: ToolCallBegin | ToolCall, answers: Answers, lost: Names) -> None:
    _miss(Told.CALLS, answers, lost)
    _signed(call.signature, answers, lost)
    if call.namespace:
        _miss(Told.NAMESPACE, answers, lost)


def _heard(delta: AudioDelta, answers: Answers, lost: Names) -> None:
    if delta.base64:
        _miss(Told.SOUND, answers, lost)
    if delta.id or delta.expires_at:
        _miss(Told.HANDLE if Told.SOUND in answers.tells else Told.SOUND, answers, lost)


def _ended(delta: End, answers: Answers, lost: Names) -> None:
    if delta.stop_sequence is not None:
        _miss(Told.STOP_SEQUENCE, answers, lost)
    if delta.choice:
        _miss(Told.CHOICES, answers, lost)


NOTES: Mapping[type, Callable[[Any, Answers, Names], None]] = {
    Begin: _begun,
    TextDelta: lambda delta, answers, lost: _likely(delta.logprobs, answers, lost),
    ThinkingDelta: lambda delta, answers, lost: _miss(Told.THINKING, answers, lost),
    CitationDelta: lambda delta, answers, lost: _cited(delta.citation, answers, lost),
    SignatureDelta: lambda delta, answers, lost: _signed(delta.signature, answers, lost),
    ToolCallBegin: _called,
    AudioDelta: _heard,
    Used: _begun,
    End: _ended,
}


def top(members: Mapping[str, Any]) -> list[str]:
    """The names of members that a dialect may have under its own name."""
    found: list[str] = []
    for name, value in members.items():
        if "." in name and isinstance(value, dict):
            found += value
        else:
            found.append(name)
    return found


def lost_of(body: Json, answers: Answers) -> list[str]:
    """What a provider of a dialect says in a whole answer that no other knows."""
    return [] if answers.read is None else unread(body, answers.read)
