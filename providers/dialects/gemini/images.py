"""Pictures by Gemini's own models, as a part of what they say.

https://ai.google.dev/gemini-api/docs/image-generation
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.members import Shape
from providers.bridging.plain import PlainDialect
from providers.bridging.provider_members import unread
from providers.dialects.gemini.errors import parse_error, render_error
from providers.errors import Unsupported
from providers.neutral.asking import reader
from providers.neutral.images import (
    ImageAnswer,
    ImageRequest,
    Picture,
    blocked,
    is_text,
    shape,
    used,
)
from providers.neutral.media import Data, Url
from providers.operations import Operation
from providers.usage import Usage, count
from providers.wire import members
from providers.wire.members import Json

GEMINI = "gemini.generate_images"

RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
SEEDS = (-(2**31), 2**31 - 1)
"""The smallest and the largest: `seed` is an int32."""


def render_gemini(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """A turn of the user's, answered by a picture; raises Unsupported for several."""
    request.made_as(("png",), model, dropped)
    if request.compression is not None:
        dropped.append("compression")
    return _asking(request, model, _frame(request, model, dropped), dropped)


def render_vertex(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """The same where the format can be chosen."""
    frame = _frame(request, model, dropped)
    output = options(request, model, dropped)
    frame = members.optional(**frame, imageOutputOptions=output)
    return _asking(request, model, frame, dropped)


def options(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """The format, where it can be chosen."""
    format = request.made_as(("png", "jpeg"), model, dropped)
    if request.compression is not None and format != "jpeg":
        dropped.append("compression")
    return members.optional(
        mimeType=f"image/{format}" if format else None,
        compressionQuality=request.compression if format == "jpeg" else None,
    )


def _frame(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    if request.size is None:
        return {}
    found = shape(request.size, RATIOS, (1, 2, 4) if "gemini-2" not in model else (1,))
    if not found.exact:
        dropped.append("size")
    larger = f"{found.tier}K" if found.tier > 1 else None
    return members.optional(aspectRatio=found.ratio, imageSize=larger)


def _asking(request: ImageRequest, model: str, frame: Json, dropped: list[str]) -> Json:
    request.inline(model)
    request.at_most(1, model)
    parts = [*map(_part, request.pictures), {"text": request.prompt}]
    config = members.optional(
        responseModalities=["IMAGE"],
        imageConfig=frame,
        seed=request.seeded(*SEEDS, dropped),
    )
    return {"contents": [{"role": "user", "parts": parts}], "generationConfig": config}


def _part(picture: Data | Url) -> Json:
    if isinstance(picture, Url):
        raise Unsupported("Gemini reads pictures that are sent along", param="pictures")
    return {"inlineData": {"mimeType": picture.media_type, "data": picture.base64}}


class Blob(msgspec.Struct):
    """A picture."""

    data: msgspec.Raw = msgspec.Raw()
    mimeType: Any = None
    displayName: Any = None


class Part(msgspec.Struct):
    """A picture, a word about it, or a draft."""

    inlineData: Blob | None = None
    thought: Any = None
    text: Any = None
    executableCode: Any = None
    codeExecutionResult: Any = None
    fileData: Any = None
    functionCall: Any = None
    functionResponse: Any = None
    toolCall: Any = None
    toolResponse: Any = None
    partMetadata: Any = None
    videoMetadata: Any = None
    speechMetadata: Any = None
    mediaResolution: Any = None
    mediaProcessing: Any = None
    audioTranscription: Any = None
    documentMetadata: Any = None
    spreadsheetMetadata: Any = None
    audioMetadata: Any = None


class Content(msgspec.Struct):
    """What the model says."""

    parts: list[Part] | None = None


class Candidate(msgspec.Struct):
    """One answer."""

    content: Content | None = None
    finishReason: Any = None
    finishMessage: Any = None
    citationMetadata: Any = None
    groundingMetadata: Any = None
    logprobsResult: Any = None
    safetyRatings: Any = None
    urlContextMetadata: Any = None
    continuationToken: Any = None


class Counts(msgspec.Struct):
    """Tokens."""

    promptTokenCount: Any = None
    candidatesTokenCount: Any = None
    thoughtsTokenCount: Any = None
    promptTokensDetails: Any = None
    candidatesTokensDetails: Any = None
    cachedContentTokenCount: Any = None
    toolUsePromptTokenCount: Any = None
    cacheTokensDetails: Any = None
    toolUsePromptTokensDetails: Any = None
    serviceTier: Any = None


class Feedback(msgspec.Struct):
    """Why there is no answer."""

    blockReason: Any = None
    blockReasonMessage: Any = None
    safetyRatings: Any = None


class Answer(msgspec.Struct):
    """What is read of an answer."""

    candidates: list[Candidate] | None = None
    promptFeedback: Feedback | None = None
    usageMetadata: Counts | None = None
    modelVersion: Any = None
    modelStatus: Any = None


def _parts(answer: Answer) -> Iterator[Part]:
    for candidate in answer.candidates or ():
        if candidate.content is not None:
            yield from (part for part in candidate.content.parts or () if not part.thought)


def _shown(answer: Answer) -> list[Blob]:
    blobs = [part.inlineData for part in _parts(answer) if part.inlineData is not None]
    return [blob for blob in blobs if is_text(blob.data)]


def picture(data: msgspec.Raw, media_type: Any, prompt: Any = None) -> Picture:
    """One that was made; its bytes are not looked at."""
    return Picture(
        base64=bytes(data),
        media_type=members.string(media_type),
        prompt=members.string(prompt),
    )


def _usage(answer: Answer, images: int) -> Usage:
    said = answer.usageMetadata or Counts()
    thoughts = count(said.thoughtsTokenCount) or 0
    shown = count(said.candidatesTokenCount)
    written = None if shown is None else shown + thoughts
    return used(images, (count(said.promptTokenCount), written), reasoning=thoughts)


def watch(answer: Answer) -> Seen:
    """Usage, and which version of the model it was."""
    return Seen(
        usage=_usage(answer, len(_shown(answer))), model=members.string(answer.modelVersion)
    )


def leaves(answer: Answer) -> list[str]:
    """Words beside the pictures, and whatever else is said of them."""
    lost = dict.fromkeys(_beside(answer, "", "modelStatus"))
    for candidate in answer.candidates or ():
        lost.update(dict.fromkeys(_beside(candidate, "candidates.", *OF_CANDIDATES)))
    for part in _parts(answer):
        lost.update(dict.fromkeys(_beside(part, PARTS, *OF_PARTS)))
        if members.string(part.text).strip():
            lost[f"{PARTS}text"] = None
        lost.update(dict.fromkeys(_beside(part.inlineData, f"{PARTS}inlineData.", "displayName")))
    lost.update(dict.fromkeys(_beside(answer.promptFeedback, "promptFeedback.", *OF_FEEDBACK)))
    lost.update(dict.fromkeys(_beside(answer.usageMetadata, "usageMetadata.", *OF_COUNTS)))
    return list(lost)


PARTS = "candidates.content.parts."
OF_CANDIDATES = tuple(name for name in Candidate.__struct_fields__ if name != "content")
OF_PARTS = tuple(
    name for name in Part.__struct_fields__ if name not in ("inlineData", "thought", "text")
)
OF_FEEDBACK = Feedback.__struct_fields__
OF_COUNTS = (
    *("cachedContentTokenCount", "toolUsePromptTokenCount", "cacheTokensDetails"),
    *("toolUsePromptTokensDetails", "serviceTier"),
)


def _beside(owner: Any, at: str, *names: str) -> list[str]:
    """The names by which an object says something that is not told."""
    said = {} if owner is None else {name: getattr(owner, name) for name in names}
    return unread(said, NOTHING, at)


NOTHING = Shape()


def parse_response(answer: Answer) -> ImageAnswer:
    """The pictures; raises FailedAnswer where the model shows none."""
    found = _shown(answer)
    if not found:
        raise blocked(_reason(answer))
    counts = answer.usageMetadata or Counts()
    return ImageAnswer(
        pictures=tuple(picture(blob.data, blob.mimeType) for blob in found),
        usage=_usage(answer, len(found)),
        seen=_of_pictures(counts.promptTokensDetails) or 0,
        drawn=_of_pictures(counts.candidatesTokensDetails),
    )


def _of_pictures(details: Any) -> int | None:
    said = [one for one in members.dicts(details) if one.get("modality") == "IMAGE"]
    return count(said[0].get("tokenCount")) if said else None


def _reason(answer: Answer) -> str:
    """What the model, or who guards it, says instead."""
    feedback = answer.promptFeedback or Feedback()
    said = [feedback.blockReason, feedback.blockReasonMessage]
    for candidate in answer.candidates or ():
        said += [candidate.finishReason, candidate.finishMessage]
    said += [part.text for part in _parts(answer)]
    return " ".join([one for one in said if isinstance(one, str) and one != "STOP"])


DIALECT = PlainDialect[ImageRequest, ImageAnswer](
    name=GEMINI,
    operation=Operation.IMAGES,
    client=(),
    upstream=(Endpoint(path="/models/{model}:generateContent"),),
    carries=frozenset({"n", "size", "format", "compression", "delivery", "seed", "pictures"}),
    render_request=render_gemini,
    parse_response=parse_response,
    parse_error=parse_error,
    render_error=render_error,
    read=reader(Answer, "candidates"),
    leaves=leaves,
    watch=watch,
)
"""For providers alone: clients of this format have a conversation."""

VERTEX = msgspec.structs.replace(DIALECT, host="vertex", render_request=render_vertex)

EDITS = msgspec.structs.replace(DIALECT, name="gemini.edit_images", operation=Operation.IMAGE_EDITS)
VERTEX_EDITS = msgspec.structs.replace(EDITS, host="vertex", render_request=render_vertex)

DIALECTS = (DIALECT, EDITS)
