"""OpenAI's format of pictures as single hosts take it.

A rule gives the top-level members that must change, and names what it leaves out; it raises
Unsupported for what the host would answer with an error and what cannot be left out. What a host
ignores is left in.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from providers.bridging.plain import PlainDialect
from providers.dialects.openai.images import DIALECT, EDITS
from providers.errors import Unsupported
from providers.neutral.images import DRAWN, Canvas, ImageAnswer, ImageRequest, Size, shape, size
from providers.wire.members import Json
from providers.wire.splice import REMOVED

Rule = Callable[[Json, str, list[str]], dict[str, Any]]
Form = PlainDialect[ImageRequest, ImageAnswer]

FORMAT = "response_format"
INLINE, LINK = "b64_json", "url"


def form(host: str, *rules: Rule, of: Form = DIALECT, **facts: Any) -> Mapping[str, Form]:
    """The format as a host takes it that demands `rules`."""
    own = msgspec.structs.replace(of, host=host, client=(), tune=following(rules), **facts)
    return {of.name: own}


def following(rules: tuple[Rule, ...]) -> Rule:
    """All rules, each of which sees what those before have changed."""

    def tune(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for rule in rules:
            changes |= rule({**body, **changes}, model, dropped)
        return changes

    return tune


def said(body: Json, name: str) -> str:
    """A choice; empty where there is none, or it is left to the host."""
    value = body.get(name)
    return value if isinstance(value, str) and value != "auto" else ""


def present(body: Json, *names: str) -> dict[str, Any]:
    """Takes those away that are there."""
    return {name: REMOVED for name in names if body.get(name, REMOVED) is not REMOVED}


def wanted(body: Json) -> Size | None:
    """The size that is asked for; raises InvalidRequest."""
    return size(said(body, "size") or None, "size")


def bytes_alone(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """For hosts that give no URLs."""
    if said(body, FORMAT) == LINK:
        raise Unsupported("the provider gives pictures as bytes, not by URL", param=FORMAT)
    return {}


def bytes_unasked(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """For hosts that give bytes always and refuse to be asked for them."""
    bytes_alone(body, model, dropped)
    return present(body, FORMAT)


def unstreamed(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """For hosts that stream no pictures: the whole answer becomes the stream, which has bytes."""
    if present(body, "partial_images"):
        dropped.append("partial_images")
    gone = present(body, "stream", "partial_images")
    if not body.get("stream") or "stream" not in gone:
        return gone
    if said(body, FORMAT) == LINK:
        raise Unsupported("a stream of pictures cannot say URLs", param=FORMAT)
    return {**gone, FORMAT: INLINE}


def opaque(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """For hosts whose pictures always have a background."""
    if said(body, "background") == "transparent":
        raise Unsupported("the provider makes no transparent background", param="background")
    return present(body, "background")


def formats(*offered: str, name: str = "output_format") -> Rule:
    """For hosts that have `offered` alone, or none; `name` is what they call the choice."""

    def rule(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
        format = said(body, "output_format").replace("jpg", "jpeg")
        if format in DRAWN:
            raise Unsupported(f"the provider makes no {format}", param="output_format")
        gone = present(body, "output_format")
        if format and format not in offered:
            dropped.append("output_format")
            return gone
        return {**gone, name: format} if format else gone

    return rule


def qualities(**known: str) -> Rule:
    """For hosts that have other words for it: those of OpenAI's that differ → theirs."""

    def rule(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
        quality = said(body, "quality")
        if quality not in known:
            return {} if quality else present(body, "quality")
        dropped.append("quality")
        return {"quality": known[quality]}

    return rule


def sized(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """For hosts that want a size or none."""
    return {} if said(body, "size") else present(body, "size")


def sides(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """For hosts that want width and height apart."""
    asked = wanted(body)
    gone = present(body, "size")
    return gone if asked is None else {**gone, "width": asked.width, "height": asked.height}


def ratios(*offered: str) -> Rule:
    """For hosts that know ratios, and two resolutions (xAI's names)."""

    def rule(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
        asked = wanted(body)
        if asked is None or "aspect_ratio" in body:
            return present(body, "size")
        found = shape(asked, offered, (1, 2))
        if not found.exact:
            dropped.append("size")
        larger = {"resolution": "2k"} if found.tier == 2 else {}
        return {**present(body, "size"), "aspect_ratio": found.ratio, **larger}

    return rule


def base64_by_name(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """For hosts that call bytes `base64`."""
    return {FORMAT: "base64"} if said(body, FORMAT) == INLINE else {}


# https://platform.openai.com/docs/guides/image-generation (checked 2026-11)
OF_ANY_SIZE = re.compile(r"gpt-image-[2-9]")
OF_THREE_SIZES = re.compile(r"gpt-image-1")
THREE = (Size(1024, 1024), Size(1536, 1024), Size(1024, 1536))
FINEST = re.compile(r"gpt-image-2\.[5-9]")
ANY = Canvas(step=16, shortest=16, longest=3840, steepest=3, fewest=655_360, most=8_294_400)


def gpt_sizes(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """The nearest that a model of OpenAI's makes, where its name says which it is."""
    asked = wanted(body)
    if asked is None:
        return {}
    found = asked
    if OF_THREE_SIZES.search(model):
        found = asked.nearest(THREE)
    elif OF_ANY_SIZE.search(model):
        found = ANY.nearest(asked)
    if found == asked:
        return {}
    dropped.append("size")
    return {"size": f"{found.width}x{found.height}"}


def gpt_qualities(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """Older words, and finer qualities where a model is known not to have them."""
    older = {"standard": "medium", "hd": "high"}
    known = OF_THREE_SIZES.search(model) or OF_ANY_SIZE.search(model)
    finer = {} if not known or FINEST.search(model) else {"xhigh": "high", "max": "high"}
    changed = {**older, **finer}.get(said(body, "quality"))
    if changed is None:
        return {}
    dropped.append("quality")
    return {"quality": changed}


def gpt_compression(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """PNG, which is what nobody who says nothing gets, cannot be compressed any further."""
    if body.get("output_compression") in (None, REMOVED, 100):
        return {}
    if said(body, "output_format") in ("jpeg", "webp"):
        return {}
    dropped.append("output_compression")
    return {"output_compression": REMOVED}


OF_OPENAI = (bytes_unasked, gpt_sizes, gpt_qualities, gpt_compression)
UNKNOWN = frozenset({"seed", "style"})
"""Hints of other models: "Unknown parameter" at OpenAI."""
UNSAID = frozenset({"negative_prompt"})


def of_openai(host: str) -> Mapping[str, Form]:
    """As those take it who serve OpenAI's own models."""
    both: dict[str, Form] = {}
    for kind in (DIALECT, EDITS):
        both |= form(host, *OF_OPENAI, of=kind, drops=UNKNOWN, refuses=UNSAID)
    return both


OF_GPT_IMAGE = frozenset({"complexity", "frame_count", "frame_duration_ms", "svg"})
"""How a picture is planned, and details of drawings and of moving pictures, which `formats` refuses
by themselves. https://platform.openai.com/docs/api-reference/images/create (checked 2026-11)"""

XAI = form(
    "xai",
    ratios("1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:20", "20:9", "1:2", "2:1"),
    qualities(standard="medium", hd="high", xhigh="high", max="high"),
    opaque,
    formats(),
    unstreamed,
    drops=frozenset({"style", "moderation", "output_compression", "seed", "safety_identifier"})
    | OF_GPT_IMAGE,
    refuses=frozenset({"negative_prompt"}),
)
"""https://docs.x.ai/docs/api-reference#image-generations: "Argument not supported: size"."""

OF_OPEN_MODELS = OF_GPT_IMAGE | {
    *("quality", "style", "moderation", "output_compression", "user", "safety_identifier"),
}
"""Hints that models which serve themselves have no use for."""

TOGETHER = form(
    "together",
    sides,
    opaque,
    formats("png", "jpeg"),
    unstreamed,
    base64_by_name,
    drops=OF_OPEN_MODELS,
)
"""https://docs.together.ai/reference/post-images-generations"""

NEBIUS = form(
    "nebius",
    sides,
    opaque,
    formats("png", "jpeg", "webp", name="response_extension"),
    unstreamed,
    drops=OF_OPEN_MODELS,
)
"""https://docs.tokenfactory.nebius.com/api-reference/images/create-image"""

DEEPINFRA = form(
    "deepinfra", bytes_alone, sized, opaque, formats(), unstreamed, drops=OF_OPEN_MODELS
)
"""https://deepinfra.com/docs/advanced/image_generation"""

GEMINI = form(
    "gemini-openai",
    bytes_alone,
    sized,
    opaque,
    formats("png"),
    unstreamed,
    drops=OF_GPT_IMAGE
    | {"quality", "style", "moderation", "output_compression", "seed", "safety_identifier"},
    refuses=frozenset({"negative_prompt"}),
)
"""https://ai.google.dev/gemini-api/docs/openai#generate-an-image: what is not listed there is
ignored without a word."""
