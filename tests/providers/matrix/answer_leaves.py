"""Whatever the official SDKs know of an answer, one member at a time.

A leaf is a small answer, or event, and the same with one member more, at any depth, or with one
more element of an array. The models of answers are those of the SDKs, and of botocore.
"""

import types as kinds
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum
from functools import partial
from itertools import count
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape
from pydantic import BaseModel

from providers.bridging.provider_members import USUAL
from providers.bridging.unsaid import USUAL_TIERS

Json = dict[str, Any]
NUMBERS = count(70_001)
PIXEL = "iVBORw0KGgo="
DEEPEST = 9


class Leaf(NamedTuple):
    """One more member."""

    path: str
    value: Any
    """What holds it, whole: an answer, or an event."""
    without: Any
    """The same without it."""

    def within(self, wrap: Callable[[Any], Any]) -> "Leaf":
        """The leaf of what is around it."""
        return Leaf(self.path, wrap(self.value), wrap(self.without))


class Model(NamedTuple):
    """An object of which an SDK knows the members."""

    name: str
    members: dict[str, "Kind"]
    required: frozenset[str]
    union: bool
    """Whether it has one member alone, of its own choice."""


class Kind(NamedTuple):
    """What a member holds."""

    models: tuple[Any, ...]
    """Of the objects that it may hold; empty: it is a plain value."""
    many: bool
    plain: Any
    """The type of a plain value."""


LISTS = (list, tuple, Sequence)
ALONE = frozenset({"Part", "GroundingChunk"})
"""Models of which one member says what the object is, though the SDK does not say so."""
BESIDE = frozenset({"thoughtSignature", "partMetadata", "mediaResolution", "speechMetadata"})
"""Members that stand beside that one."""


def model_of(source: Any) -> Model:
    """The members of a model of pydantic's, or a shape of botocore's."""
    if isinstance(source, StructureShape):
        return Model(
            source.name,
            {name: _of_shape(shape) for name, shape in source.members.items()},
            frozenset(source.required_members),
            bool(source.is_tagged_union),
        )
    fields = {
        field.alias or name: field
        for name, field in source.model_fields.items()
        if not field.exclude and "HttpResponse" not in str(field.annotation)
    }
    return Model(
        source.__name__,
        {name: _of_annotation(field.annotation) for name, field in fields.items()},
        frozenset(
            name
            for name, field in fields.items()
            if field.is_required() or isinstance(field.default, str)
        ),
        source.__name__ in ALONE,
    )


def _of_shape(shape: Shape) -> Kind:
    if isinstance(shape, ListShape):
        inner = _of_shape(shape.member)
        return Kind(inner.models, True, inner.plain)
    if isinstance(shape, StructureShape) and shape.members:
        return Kind((shape,), False, dict)
    if isinstance(shape, MapShape | StructureShape):
        return Kind((), False, dict)
    enum = getattr(shape, "enum", None)
    if enum:
        return Kind((), False, Literal[tuple(enum)])
    if shape.type_name == "blob":
        return Kind((), False, bytes)
    plain = {"integer": int, "long": int, "boolean": bool, "double": float, "float": float}
    return Kind((), False, plain.get(shape.type_name, str))


def _of_annotation(annotation: Any) -> Kind:
    found = [each for each in _flat(annotation) if each is not type(None)]
    lists = [each for each in found if get_origin(each) in LISTS]
    many = bool(lists)
    if many:
        found = [inner for each in lists for inner in _flat(get_args(each)[0])]
    models = tuple(each for each in found if isinstance(each, type) and _is_model(each))
    return Kind(models, many, found[0] if found else str)


def _is_model(kind: type) -> bool:
    """Whether an object is meant; Ollama's pictures are strings."""
    return issubclass(kind, BaseModel) and kind.__name__ != "Image"


def _flat(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _flat(get_args(annotation)[0])
    if origin in (Union, kinds.UnionType):
        return [each for arg in get_args(annotation) for each in _flat(arg)]
    return [annotation]


BEGINS = ("start", "start_index", "startIndex")
ENDS = ("end", "end_index", "endIndex")
"""Places in a text of five letters."""


def sample(kind: Kind, known: Any = None, name: str = "") -> Any:
    """A value that nobody else has, other than `known` and what is usual, where there is a
    choice."""
    if name in (*BEGINS, *ENDS):
        return (1 if name in BEGINS else 3) + next(NUMBERS) % 2
    usual = USUAL.get(name, frozenset()) | USUAL_TIERS | {"ON_DEMAND"}
    made = least(kind.models[0]) if kind.models else _plain(kind.plain, [*usual, known])
    return [made] if kind.many else made


def _plain(kind: Any, known: Collection[Any]) -> Any:
    number = next(NUMBERS)
    if get_origin(kind) is Literal:
        return next((each for each in get_args(kind) if each not in known), get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Enum):
        named = [each.value for each in kind if "UNSPECIFIED" not in each.value]
        return next((each for each in named if each not in known), named[0])
    if kind is bytes:
        return PIXEL
    if kind is bool:
        return True
    if kind is int:
        return number
    if kind is float:
        return float(number)
    if kind is dict or get_origin(kind) is dict:
        return {f"key{number}": f"word{number}"}
    return "2026-11-30T01:02:03Z" if "datetime" in str(kind) else f"word{number}"


def least(source: Any) -> Json:
    """The smallest object of a model."""
    model = model_of(source)
    needed = model.required
    if isinstance(source, StructureShape) and all(k.plain is int for k in model.members.values()):
        needed = frozenset(model.members)  # a place says all of its numbers
    return {name: sample(model.members[name], name=name) for name in sorted(needed)}


def leaves(source: Any, base: Json, path: str = "", depth: int = 0) -> Iterator[Leaf]:
    """Every object that says one member more than `base`."""
    model = model_of(source)
    for name, kind in model.members.items():
        place = f"{path}.{name}" if path else name
        known = base.get(name)
        if depth > DEEPEST or (model.union and base and name not in base and name not in BESIDE):
            continue
        for said in _said(kind, known, place, depth):
            gone = {each: held for each, held in base.items() if each != name}
            yield Leaf(
                said.path,
                {**base, name: said.value},
                gone if said.without is MISSING else {**base, name: said.without},
            )


MISSING = object()


def _said(kind: Kind, known: Any, place: str, depth: int) -> Iterator[Leaf]:
    """What a member may hold, each time with something more."""
    if not kind.models:
        before = known[0] if kind.many and known else known
        value = sample(kind, before, place.rpartition(".")[2])
        yield Leaf(place, value, MISSING if known is None else known)
    elif kind.many:
        yield from _elements(kind, known or [], place, depth)
    else:
        yield from _objects(kind, known, place, depth)


def _objects(kind: Kind, known: Any, place: str, depth: int) -> Iterator[Leaf]:
    for source in kind.models:
        fits = isinstance(known, dict) and known.keys() <= model_of(source).members.keys()
        begun = known if fits else least(source)
        at = f"{place}[{begun['type']}]" if "type" in begun and len(kind.models) > 1 else place
        if not fits and begun:
            yield Leaf(at, begun, MISSING)
        yield from leaves(source, begun, at, depth + 1)


def _elements(kind: Kind, known: list[Any], place: str, depth: int) -> Iterator[Leaf]:
    for source in kind.models:
        model = model_of(source)
        at = next((at for at, each in enumerate(known) if _is_one(each, model)), None)
        if at is not None:
            for said in leaves(source, known[at], place, depth + 1):
                yield said.within(partial(_put, known, at))
        if at is None or model.union:
            for said in _more(source, model, place, depth):
                yield said.within(partial(_added, known))


def _put(known: list[Any], at: int, value: Any) -> list[Any]:
    return [*known[:at], value, *known[at + 1 :]]


def _added(known: list[Any], value: Any) -> list[Any]:
    return known if value is MISSING else [*known, value]


def _more(source: Any, model: Model, place: str, depth: int) -> Iterator[Leaf]:
    """A new element, and the same with one more member."""
    if not model.union:
        fresh = least(source)
        at = f"{place}[{fresh['type']}]" if "type" in fresh else place
        if fresh:
            yield Leaf(at, fresh, MISSING)
        yield from leaves(source, fresh, at, depth + 1)
        return
    for name, kind in model.members.items():
        if name in BESIDE:
            continue
        value = sample(kind)
        yield Leaf(f"{place}.{name}", {name: value}, MISSING)
        if kind.models and not kind.many:
            for said in leaves(kind.models[0], value, f"{place}.{name}", depth + 2):
                yield said.within(partial(_named, name))


def _named(name: str, value: Any) -> Json:
    return {name: value}


def _is_one(value: Any, model: Model) -> bool:
    """Whether a value is one of a model, by its type or by its members."""
    if not isinstance(value, dict):
        return False
    kind = model.members.get("type")
    if kind is not None and get_origin(kind.plain) is Literal:
        return value.get("type") in get_args(kind.plain)
    return value.keys() <= model.members.keys()


def bedrock(operation: str) -> Any:
    """The shape of the answer to an operation."""
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    return service.operation_model(operation).output_shape
