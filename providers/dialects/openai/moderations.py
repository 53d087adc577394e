"""The openai.moderations dialect.

https://platform.openai.com/docs/api-reference/moderations
"""

from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.media import Url, parse_data_uri, render_uri
from providers.neutral.moderations import (
    ModerationAnswer,
    ModerationRequest,
    Piece,
    Verdict,
    results,
    verdict,
)
from providers.operations import Operation
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json

NAME = "openai.moderations"

KNOWN = frozenset({"model", "input", "metadata"})
"""What is understood of a request; `metadata` is Mistral's."""

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""Those that every answer of OpenAI's has."""


def parse_request(body: Json, path_model: str) -> ModerationRequest:
    """What `input` holds: a text, texts, or the pieces of one input."""
    return ModerationRequest(
        inputs=_inputs(body.get("input")),
        metadata=members.mapping(body, "metadata"),
        extras=members.beyond(body, KNOWN),
    )


def _inputs(given: Any) -> tuple[tuple[Piece, ...], ...]:
    if isinstance(given, str):
        return ((given,),)
    if not isinstance(given, list) or not given:
        raise members.wrong("input", "a string, or an array of strings or of objects")
    if all(isinstance(one, str) for one in given):
        return tuple((one,) for one in given)
    return (tuple(_piece(one, f"input[{at}].") for at, one in enumerate(given)),)


def _piece(one: Any, at: str) -> Piece:
    if not isinstance(one, dict):
        raise members.wrong(at.removesuffix("."), "an object")
    match one.get("type"):
        case "text":
            return members.required_text(one, "text", at)
        case "image_url":
            image = members.required_mapping(one, "image_url", at)
            url = members.required_text(image, "url", f"{at}image_url.")
            return parse_data_uri(url) or Url(url=url)
    raise InvalidRequest(f"{at}type must be text or image_url", param=f"{at}type")


def render_response(answer: ModerationAnswer, context: Context) -> Json:
    """An answer with all of OpenAI's categories.

    Where a provider does not know one, nothing is found, and the input types to which that applies
    are none.
    """
    return {
        "id": answer.id or f"modr-{context.id}",
        "model": context.model,
        "results": [_result(verdict) for verdict in answer.verdicts],
    }


def _result(verdict: Verdict) -> Json:
    names = dict.fromkeys([*CATEGORIES, *verdict.categories])
    return {
        "flagged": verdict.flagged,
        "categories": {name: verdict.categories.get(name, False) for name in names},
        "category_scores": {name: verdict.scores.get(name, 0.0) for name in names},
        "category_applied_input_types": {
            name: ["text"] if name in verdict.categories else [] for name in names
        },
    }


def render_request(request: ModerationRequest, model: str, dropped: list[str]) -> Json:
    """One text, texts, or one input of pieces; raises Unsupported for several inputs of pieces."""
    given = request.inputs
    body: Json = {"model": model}
    if all(len(pieces) == 1 and isinstance(pieces[0], str) for pieces in given):
        texts = [pieces[0] for pieces in given]
        return {**body, "input": texts[0] if len(texts) == 1 else texts}
    if len(given) > 1:
        raise Unsupported(f"several inputs with pictures cannot stand in {NAME}", param="inputs")
    return {**body, "input": [_object(piece) for piece in given[0]]}


def _object(piece: Piece) -> Json:
    if isinstance(piece, str):
        return {"type": "text", "text": piece}
    url = render_uri(piece)
    return {"type": "image_url", "image_url": {"url": url}}


def parse_response(body: Json) -> ModerationAnswer:
    """The verdicts, without the categories that were not looked for."""
    return ModerationAnswer(
        id=members.string(body.get("id")),
        model=members.string(body.get("model")),
        verdicts=tuple(_verdict(result) for result in results(body)),
    )


def _verdict(result: Json) -> Verdict:
    applied = result.get("category_applied_input_types")
    types = applied if isinstance(applied, dict) else {}
    unknown = {name for name, found in types.items() if not found}
    return verdict(result, lambda name: () if name in unknown else (name,))


def watch(body: Json) -> Seen:
    """Which model has judged."""
    results(body)
    return Seen(model=members.string(body.get("model")))


DIALECT = PlainDialect[ModerationRequest, ModerationAnswer](
    name=NAME,
    operation=Operation.MODERATIONS,
    client=(
        Endpoint(path="/v1/moderations", stream=False),
        Endpoint(path="/openai/v1/moderations", stream=False),
    ),
    upstream=(Endpoint(path="/moderations"),),
    request_id="x-request-id",
    carries=frozenset(),
    names={"inputs": "input"},
    nested=shape(input=shape("type", "text", image_url=shape("url"))),
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    edits=lambda body, model, usage: {} if body.get("model") == model else {"model": model},
    charged=False,
)

OPENAI = msgspec.structs.replace(DIALECT, host="openai", client=(), drops=frozenset({"metadata"}))
"""As OpenAI takes it, to whom `metadata` is an "Unrecognized request argument"; Mistral's clients
say it."""

DIALECTS = (DIALECT,)
