"""The mistral.moderations dialect: OpenAI's, but for texts alone, with categories of its own.

Mistral's clients ask in OpenAI's form, which this one is a part of.
https://docs.mistral.ai/api/#tag/classifiers/operation/moderations_v1_moderations_post
"""

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, known
from providers.errors import Unsupported
from providers.neutral.moderations import (
    ModerationAnswer,
    ModerationRequest,
    Verdict,
    results,
    verdict,
)
from providers.operations import Operation
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json

NAME = "mistral.moderations"

NAMES = {
    "hate_and_discrimination": "hate",
    "violence_and_threats": "violence",
    "dangerous_and_criminal_content": "illicit",
    "selfharm": "self-harm",
}
"""Mistral's name of a category → OpenAI's for the same; others keep theirs.

https://docs.mistral.ai/capabilities/guardrailing
"""
PARTS = frozenset({"dangerous", "criminal"})
"""What `illicit` was made into by mistral-moderation-2603: told as that, and by their own names.

https://docs.mistral.ai/resources/deprecated/guardrailing/mistral-moderation-2411 (checked 2026-11)
"""
THEIRS = {ours: theirs for theirs, ours in NAMES.items()}


def parse_request(body: Json, path_model: str) -> ModerationRequest:
    """A text, or texts."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise members.wrong("input", "a string or an array of strings")
    inputs = tuple((text,) for text in texts)
    return ModerationRequest(inputs=inputs, metadata=members.mapping(body, "metadata"))


def render_request(request: ModerationRequest, model: str, dropped: list[str]) -> Json:
    """The texts; raises Unsupported for an input that is more than one."""
    texts = []
    for pieces in request.inputs:
        text = pieces[0] if len(pieces) == 1 else None
        if not isinstance(text, str):
            raise Unsupported(f"an input of pieces cannot stand in {NAME}", param="inputs")
        texts.append(text)
    body: Json = {"model": model, "input": texts}
    return body if request.metadata is None else {**body, "metadata": request.metadata}


def parse_response(body: Json) -> ModerationAnswer:
    """The verdicts, with OpenAI's names of categories where it has one."""
    return ModerationAnswer(
        id=members.string(body.get("id")),
        model=members.string(body.get("model")),
        verdicts=tuple(verdict(one, _names) for one in results(body)),
    )


def _names(name: str) -> tuple[str, ...]:
    return ("illicit", name) if name in PARTS else (NAMES.get(name, name),)


def render_response(answer: ModerationAnswer, context: Context) -> Json:
    """Mistral's form of an answer."""
    return {
        "id": answer.id or context.id,
        "model": context.model,
        "results": [_result(one) for one in answer.verdicts],
    }


def _result(one: Verdict) -> Json:
    return {
        "categories": {THEIRS.get(name, name): found for name, found in one.categories.items()},
        "category_scores": {THEIRS.get(name, name): score for name, score in one.scores.items()},
    }


def watch(body: Json) -> Seen:
    """Which model has judged."""
    results(body)
    return Seen(model=members.string(body.get("model")))


DIALECT = PlainDialect[ModerationRequest, ModerationAnswer](
    name=NAME,
    operation=Operation.MODERATIONS,
    client=(),
    upstream=(Endpoint(path="/moderations"),),
    carries=frozenset({"metadata"}),
    names={"inputs": "input"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    leaves=known(shape("id", "model", results=shape("categories", "category_scores"))),
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    charged=False,
)

DIALECTS = (DIALECT,)
