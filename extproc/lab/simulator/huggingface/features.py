"""Feature extraction, as Hugging Face's own inference serves it, under any prefix.

https://huggingface.co/docs/inference-providers/tasks/feature-extraction
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import vectors
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Json, Refusal, Turn
from extproc.lab.simulator.huggingface import generate

KNOWN = frozenset({"inputs", "normalize", "prompt_name", "truncate", "truncation_direction"})


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the server would not take."""
    vectors.unknown(call.body, KNOWN)
    texts = _texts(call.body)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise Refusal("`inputs` must be a string or an array of strings", status=422)
    if call.body.get("truncation_direction", "right") not in ("left", "right"):
        raise Refusal("unknown variant of `truncation_direction`", status=422)


def _texts(body: Json) -> list[str]:
    given = body.get("inputs")
    return [given] if isinstance(given, str) else list(given or ())


def ask(call: Call) -> Asked:
    """What the body asks; the model stands in the path."""
    return vectors.asked(call.params["model"], _texts(call.body), call.body)


def whole(turn: Turn) -> bytes:
    """A vector for each text; of a text by itself the vector alone. It says no counts."""
    found = [vectors.floats(text) for text in _texts(turn.asked.body)]
    return orjson.dumps(found[0] if isinstance(turn.asked.body["inputs"], str) else found)


DIALECT: Dialect = msgspec.structs.replace(
    generate.DIALECT,
    name="huggingface.features",
    path=re.compile(r"(?P<prefix>/.*?)??/models/(?P<model>.+)/pipeline/feature-extraction"),
    check=check,
    ask=ask,
    whole=whole,
    events=vectors.events,
)
