"""How many tokens a text has, roughly: what is charged while the provider has said no number.

A token is a piece of a word, and how long a piece is depends on the script: a byte weighs what a
byte of its class has been measured to take (docs/counting.md has how, and how far off it is).
"""

from operator import and_
from typing import Any
from zlib import adler32

import orjson

from providers.wire.members import Json

UNIT = 100
"""What a token weighs."""
USUAL = UNIT // 4
"""What a byte weighs that is not looked at."""

# (bytes of UTF-8, weight of each), by the vocabularies of GPT-4o and of Mistral's Tekken. The first
# byte of a character stands for all of it.
MEASURED = (
    (b"bcdfghjklmnpqrstvwxyz", 8),
    (b"aeiou", 29),
    (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 79),
    (b"0123456789", 91),
    (b" ", 32),
    (b"\t\n\r", 57),
    (b".,", 90),
    (b"\"'", 20),
    (b"_", 40),
    (b"!#$%&()*+-/:;<=>?@[]^`{|}~", 56),
    (b"\\", 10),  # in JSON it mostly stands before what it escapes
    (range(0xC2, 0xD0), 22),  # Latin letters with accents, Greek
    (range(0xD0, 0xD4), 25),  # Cyrillic
    (range(0xD4, 0xE0), 28),  # Hebrew, Arabic
    (range(0xE0, 0xE1), 33),  # India's scripts
    (range(0xE1, 0xE3), 54),  # dashes, quotes, signs
    (range(0xE3, 0xE4), 76),  # kana
    (range(0xE4, 0xEA), 74),  # Chinese characters
    (range(0xEA, 0xF0), 56),  # Hangul
    (range(0xF0, 0xF5), 204),  # emoji
)
WEIGHTS = bytes(
    next((weight for members, weight in MEASURED if byte in members), 0) for byte in range(256)
)
INDENT = b"    "
"""A run of spaces is one token, however long."""

PIECE = 640
"""Bytes that are weighed at once: adler32 counts to 65,520, and no text is heavier than that."""
PIECES = 4
"""Pieces of a long text that are weighed for all of it."""

MESSAGE = 4 * UNIT
"""What a turn takes beside its words, about as OpenAI's cookbook counts it."""
PICTURE = 765 * UNIT
"""A square of 1024 pixels at high detail (https://platform.openai.com/docs/guides/images-vision)."""

MEDIA = frozenset({"file", "file_data", "file_url", "fileData", "image", "image_url", "images"})
MEDIA |= {"inlineData", "inline_data", "input_audio", "source"}
"""Members that are a picture or a file each."""

WRITTEN = frozenset({"args", "arguments", "functions", "input_schema", "parameters", "schema"})
WRITTEN |= {"response_format", "responseSchema", "responseJsonSchema", "toolConfig", "tools"}
"""Members whose JSON the model reads or writes as it is, if they are no string."""

UNREAD = frozenset({"cache_control", "logprobs", "metadata", "safetySettings", "tool_choice"})
UNREAD |= {"usage", "usageMetadata", "safetyRatings"}
"""Members that no model reads, with all that is in them."""

SILENT = UNREAD | MEDIA
SILENT |= {"bytes", "data", "encrypted_content", "signature", "thoughtSignature", "uri", "url"}
SILENT |= {"call_id", "created_at", "finishReason", "finish_reason", "id", "model", "modelVersion"}
SILENT |= {"object", "responseId", "role", "status", "stop_reason", "system_fingerprint", "type"}
SILENT |= {"tool_call_id", "tool_use_id", "toolUseId", "user", "safety_identifier", "service_tier"}
SILENT |= {"knowledgeBaseId", "modelArn", "sessionId"}
SILENT |= {"format", "media_type", "mimeType", "mime_type", "detail", "prompt_cache_key"}
"""Members whose strings no model reads."""

SPECIAL = UNREAD | MEDIA | WRITTEN

SMALL = 4096
"""Bytes of a body that is read member by member; of a larger one samples are weighed."""
BASE64 = bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123)) + b"+/=-_"
SAMPLES, SAMPLE = 32, 64
"""How many places of a body are looked at, and how many bytes at each."""


def tokens(text: str) -> int:
    """Tokens in `text`; text is never free."""
    return _rounded(_weight(text.encode("utf-8", "replace")))


def by_size(size: int) -> int:
    """Tokens in a body of which nothing but the size is known."""
    return _rounded(size * USUAL)


def prompt(data: bytes, body: Json) -> int:
    """Tokens in a request, which is there as bytes and as what they mean."""
    return _rounded(_sampled(data, body))


def answer(data: bytes) -> int:
    """Tokens in the texts of a whole answer; none where it is no JSON."""
    try:
        return _rounded(_members(orjson.loads(data)))
    except ValueError:
        return 0


def _rounded(weight: int) -> int:
    return -(-weight // UNIT)


def _weight(data: bytes) -> int:
    size = len(data)
    if size <= PIECE:
        return _weighed(data)
    if size <= PIECE * PIECES:
        weights = data.replace(INDENT, b"").translate(WEIGHTS)
        return sum([_sum(weights[at : at + PIECE]) for at in range(0, len(weights), PIECE)])
    step = (size - PIECE) // (PIECES - 1)
    pieces = [data[at : at + PIECE] for at in range(0, step * PIECES, step)]
    return sum(map(_weighed, pieces)) * size // (PIECE * PIECES)


def _weighed(piece: bytes) -> int:
    return _sum(piece.replace(INDENT, b"").translate(WEIGHTS))


def _sum(weights: bytes) -> int:
    # Its lower half is the sum of all bytes and 1: https://www.rfc-editor.org/rfc/rfc1950#section-8
    return (adler32(weights) & 0xFFFF) - 1


def _members(body: Any) -> int:
    """The weight of all that a model reads in a JSON value."""
    total = 0
    texts: list[str] = []
    waiting = [body]
    for value in waiting:
        kind = type(value)
        if kind is dict:
            total += _object(value, texts, waiting)
        elif kind is list:
            waiting += value
        elif kind is str:
            texts.append(value)
        elif kind is int:
            total += UNIT  # prompts and inputs of embeddings may be the numbers of their tokens
    return total + _weight("\n".join(texts).encode("utf-8", "replace"))


def _object(owner: Json, texts: list[str], waiting: list[Any]) -> int:
    """Takes an object's texts, and what is to be looked at next; the weight of all else."""
    total = MESSAGE if "role" in owner else 0
    for name, value in owner.items():
        kind = type(value)
        if kind is str and name not in SILENT:
            texts.append(value)
        elif name in SPECIAL:
            total += _special(name, value, texts, waiting)
        elif kind is dict or kind is list:
            waiting.append(value)
    return total


def _special(name: str, value: Any, texts: list[str], waiting: list[Any]) -> int:
    if not value or name in UNREAD:
        return 0
    if name in WRITTEN:
        texts.append(orjson.dumps(value, default=_file).decode())
        return 0
    # A document of Anthropic's may be plain text, or blocks of it.
    if isinstance(value, dict) and value.get("type") in ("text", "content"):
        waiting += [value.get("data"), value.get("content")]
        return 0
    return PICTURE * (len(value) if isinstance(value, list) else 1)


def _file(value: Any) -> str:
    """A form may hold a file where others say something, which its provider will refuse."""
    return ""


def _sampled(data: bytes, body: Json) -> int:
    """The weight of a request: of a large one by samples of its texts and of what is around them.

    Where a sample has neither space nor sign, there is a file, whose letters are not all small.
    Where two have none in a row, it is a large part of the body, and members are looked at after
    all.
    """
    if len(data) <= SMALL:
        return _members(body)
    step = len(data) // SAMPLES
    samples = [data[at : at + SAMPLE] for at in range(step // 2, step * SAMPLES, step)]
    texts = [sample for sample in samples if not _is_opaque(sample)]
    if len(texts) < SAMPLES and _has_run(samples):
        return _members(body)
    seen = b"".join(texts)
    if b"\\u" in seen:
        # A sample cuts escapes at both its ends, so fewer and longer ones are taken.
        places = range(0, step * SAMPLES, step * SAMPLES // PIECES)
        pieces = [_unescaped(data[at : at + PIECE]) for at in places]
        return sum(map(_weighed, pieces)) * len(data) // (PIECE * PIECES)
    pieces = [seen[at : at + PIECE] for at in range(0, len(seen), PIECE)]
    return sum(map(_weighed, pieces)) * len(data) // (SAMPLE * SAMPLES)


def _is_opaque(sample: bytes) -> bool:
    return not sample.translate(None, BASE64) and not sample.islower()


def _has_run(samples: list[bytes]) -> bool:
    opaque = list(map(_is_opaque, samples))
    return any(map(and_, opaque, opaque[1:]))


def _unescaped(data: bytes) -> bytes:
    r"""JSON text with its characters in the place of their escapes, `\u4e2d` and the like."""
    return data.decode("unicode_escape", "replace").encode("utf-8", "replace")


class Words:
    """An answer's words as they come, in pieces of any size."""

    __slots__ = ("_marks", "_rest", "_tokens", "_weight")

    def __init__(self, *marks: bytes) -> None:
        """`marks`: what stands before the answer's words in JSON; the first is the usual one."""
        self._marks = marks
        self._weight = self._tokens = 0
        self._rest = b""
        """Not yet weighed."""

    def read(self, data: bytes) -> int:
        """Takes the words in JSON; tokens in all so far."""
        return self.add(_strings(data, self._marks[0]) or self._others(data))

    def _others(self, data: bytes) -> bytes:
        """What comes after the other marks, or after a space."""
        spaced = [mark[:-1] + b' "' for mark in self._marks]
        return b"".join([_strings(data, mark) for mark in (*self._marks[1:], *spaced)])

    def add(self, text: bytes) -> int:
        """Takes more of a text; tokens in all words so far."""
        rest = self._rest = self._rest + text
        if len(rest) < ENOUGH:
            return self._tokens + (len(rest) + 3 >> 2)
        self._rest = b""
        self._weight += _weight(_unescaped(rest) if b"\\u" in rest else rest)
        self._tokens = _rounded(self._weight)
        return self._tokens


def _strings(data: bytes, mark: bytes) -> bytes:
    """The JSON strings that begin where `mark` ends."""
    text = b""
    start = data.find(mark)
    while start >= 0:
        start += len(mark)
        text += data[start : _end(data, start)]
        start = data.find(mark, start)
    return text


def _end(data: bytes, start: int) -> int:
    """Where a JSON string ends that begins at `start`; where the data does, if that is sooner."""
    end = data.find(b'"', start)
    while end > start and data[end - 1] == BACKSLASH:
        end = data.find(b'"', end + 1)
    return len(data) if end < 0 else end


BACKSLASH = ord("\\")
ENOUGH = 64
"""Bytes that are weighed together; four of those that wait are a token."""
