"""Embedding: texts, tokens and pictures as vectors.

Billed by input tokens; who says none is estimated.
"""

import struct
from array import array
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

import msgspec
import orjson

from providers.errors import BadAnswer, InvalidRequest, Unsupported
from providers.neutral import asking
from providers.neutral.asking import Asking
from providers.neutral.media import Data, Url
from providers.usage import Usage
from providers.wire.budget import MIB
from providers.wire.members import wrong

Tokens = tuple[int, ...]
Piece = str | Tokens | Data | Url
"""A text, the numbers of its tokens, or a picture."""


class Encoding(StrEnum):
    """How the numbers of a vector are written."""

    FLOAT = "float"
    BASE64 = "base64"
    """32-bit floating-point numbers, little-endian."""
    INT8 = "int8"
    UINT8 = "uint8"
    BINARY = "binary"
    UBINARY = "ubinary"


class Purpose(StrEnum):
    """What the vectors are for, which some models want to know."""

    QUERY = "query"
    DOCUMENT = "document"
    SIMILARITY = "similarity"
    CLASSIFICATION = "classification"
    CLUSTERING = "clustering"
    QUESTION = "question"
    FACT = "fact"
    CODE = "code"
    IMAGE = "image"


class Truncate(StrEnum):
    """What is done with a text that is too long for the model."""

    NONE = "none"
    """It is an error."""
    START = "start"
    END = "end"


class EmbeddingRequest(Asking, frozen=True, kw_only=True):
    """What is to be embedded."""

    HINTS: ClassVar[frozenset[str]] = frozenset(
        {"purpose", "title", "truncate", "user", "normalized", "priority"}
    )

    inputs: tuple[tuple[Piece, ...], ...]
    """Each becomes a vector, from all its pieces."""
    dimensions: int | None = None
    encodings: tuple[Encoding, ...] = (Encoding.FLOAT,)
    purpose: Purpose | None = None
    title: str | None = None
    """Of the document that the text is from."""
    truncate: Truncate | None = None
    normalized: bool | None = None
    """Whether the vectors have the length 1."""
    user: str | None = None
    priority: int | None = None

    @property
    def answers(self) -> int:
        """A vector for each input."""
        return len(self.inputs)

    @property
    def pictures(self) -> bool:
        """Whether each input is one picture that is sent along."""
        return all(len(each) == 1 and isinstance(each[0], Data) for each in self.inputs)

    def texts(self, where: str) -> list[str]:
        """The inputs, where each is one text; raises Unsupported."""
        texts = []
        for pieces in self.inputs:
            text = pieces[0] if len(pieces) == 1 else None
            if not isinstance(text, str):
                raise Unsupported(f"{where} embeds texts alone", param="inputs")
            texts.append(text)
        return texts

    def only(self, *encodings: Encoding) -> None:
        """Raises Unsupported for an encoding that is neither among these nor made of floats."""
        for encoding in self.encodings:
            if encoding not in (*encodings, *FLOATS):
                raise Unsupported(f"the provider has no vectors of {encoding}", param="encodings")


FLOATS = (Encoding.FLOAT, Encoding.BASE64)
"""Those of which each can be made of the other."""


LONGEST = 2 * MIB
"""Bytes of a vector whose numbers are read: 64 Ki of them with all their digits."""


class Vector(msgspec.Struct, frozen=True):
    """One vector in one encoding, as it was written."""

    encoding: Encoding
    raw: bytes
    """JSON: an array of numbers, or a string of base64."""

    def written(self, encoding: Encoding) -> orjson.Fragment:
        """Its JSON in another encoding of the same numbers; raises BadAnswer."""
        if encoding is self.encoding:
            return orjson.Fragment(self.raw)
        if len(self.raw) > LONGEST:
            raise BadAnswer("the provider's answer has a vector that is longer than any model's")
        try:
            return orjson.Fragment(_CONVERT[encoding](orjson.loads(self.raw)))
        except (KeyError, TypeError, ValueError, OverflowError, BadBase64, struct.error):
            raise BadAnswer("the provider's vector is not what was asked for") from None


def _packed(numbers: list[float]) -> bytes:
    # A third of the time that `array` takes to read as many.
    return b'"' + b64encode(struct.pack(f"{len(numbers)}f", *numbers)) + b'"'


def _unpacked(text: str) -> bytes:
    return orjson.dumps(array("f", b64decode(text, validate=True)).tolist())


_CONVERT: Mapping[Encoding, Callable[[Any], bytes]] = {
    Encoding.BASE64: _packed,
    Encoding.FLOAT: _unpacked,
}


class EmbeddingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A vector for each input, in order, in each encoding that was asked for."""

    vectors: tuple[tuple[Vector, ...], ...]
    id: str = ""
    usage: Usage | None = None

    @property
    def answers(self) -> int:
        """How many inputs it is about."""
        return len(self.vectors)

    def of(self, encoding: Encoding) -> list[orjson.Fragment]:
        """All vectors, written in `encoding`; raises BadAnswer, also where there are none."""
        if not self.vectors:
            raise BadAnswer("the provider's answer has no vectors")
        return [_chosen(each, encoding).written(encoding) for each in self.vectors]

    def single(self, encoding: Encoding) -> orjson.Fragment:
        """The vector of the only input; raises BadAnswer."""
        if len(self.vectors) != 1:
            raise BadAnswer(f"the provider's answer has {len(self.vectors)} vectors, not one")
        return self.of(encoding)[0]


def joined(answers: Sequence[EmbeddingAnswer]) -> EmbeddingAnswer:
    """The vectors of several answers as those of one, in their order, and all that was used."""
    used = [answer.usage.input for answer in answers if answer.usage is not None]
    return EmbeddingAnswer(
        vectors=tuple(vectors for answer in answers for vectors in answer.vectors),
        id=answers[0].id,
        usage=Usage(input=sum(used)) if used else None,
    )


def one_at_a_time(request: EmbeddingRequest, model: str) -> int:
    """How many inputs those take who take one."""
    return 1


def up_to(count: int) -> Callable[[EmbeddingRequest, str], int]:
    """How many inputs those take who take so many, whatever they are."""
    return lambda request, model: count


def _chosen(vectors: tuple[Vector, ...], encoding: Encoding) -> Vector:
    """The one that is written so, or can be."""
    for vector in vectors:
        if vector.encoding is encoding:
            return vector
    for vector in vectors:
        if vector.encoding in FLOATS and encoding in FLOATS:
            return vector
    raise BadAnswer(f"the provider's answer has no vectors of {encoding}")


def vector(raw: msgspec.Raw | bytes, encoding: Encoding = Encoding.FLOAT) -> Vector:
    """A vector as it stands in an answer; a string holds base64, whatever was asked for."""
    data = bytes(raw)
    first = data[:1]
    if first not in (b"[", b'"') or not data.isascii():
        raise BadAnswer("the provider's answer has something else in the place of a vector")
    if encoding in FLOATS:
        encoding = Encoding.BASE64 if first == b'"' else Encoding.FLOAT
    return Vector(encoding, data)


def alone(given: Any, param: str) -> tuple[tuple[str], ...]:
    """The inputs of a client that sends a text, or texts; raises InvalidRequest."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise wrong(param, "a string or an array of strings")
    return tuple((text,) for text in texts)


def encodings(names: list[str], known: Mapping[str, Encoding], param: str) -> tuple[Encoding, ...]:
    """The encodings that a client names; raises InvalidRequest."""
    for name in names:
        if name not in known:
            raise InvalidRequest(f"{param} must be one of {', '.join(known)}", param=param)
    return tuple(dict.fromkeys(known[name] for name in names)) or (Encoding.FLOAT,)


Wire = TypeVar("Wire")


def reader(kind: type[Wire]) -> Callable[[bytes], Wire]:
    """Reads an answer of that shape without building its vectors; raises BadAnswer."""
    return asking.reader(kind, "vectors")


class Numbers(msgspec.Struct, array_like=True):
    """An array whose numbers nobody reads."""


MANY = 500_000
"""Commas of an answer that may be read before it is known what they are between."""
_shape = reader(list[Numbers])
_rows = reader(list[msgspec.Raw])


def rows(raw: msgspec.Raw | bytes, encoding: Encoding = Encoding.FLOAT) -> list[Vector]:
    """The vectors in a bare array of them; raises BadAnswer."""
    data = bytes(raw)
    if data.count(b",") > MANY:
        _shape(data)
    return [vector(one, encoding) for one in _rows(data)]
