"""Mistral's judges of texts and of chats, each in a form of its own that nobody else has.

https://docs.mistral.ai/api/endpoint/classifiers
"""

from providers.bridging.dialect import Dialect, Endpoint, Seen
from providers.errors import BadAnswer
from providers.operations import Operation
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import model_edit


def watch(body: Json) -> Seen:
    """Which model has judged; raises BadAnswer where there is no result."""
    if not isinstance(body.get("results"), list):
        raise BadAnswer("the provider's answer has no results")
    return Seen(model=members.string(body.get("model")))


def judging(name: str, path: str) -> Dialect:
    """The format of the judge at `path`."""
    return Dialect(
        name=name,
        operation=Operation.CLASSIFICATION,
        client=(Endpoint(path=f"/v1{path}"),),
        upstream=(Endpoint(path=path),),
        parse_error=parse_error,
        render_error=render_error,
        watch=watch,
        edits=model_edit,
    )


DIALECTS = (
    judging("mistral.classifications", "/classifications"),
    judging("mistral.chat_classifications", "/chat/classifications"),
    judging("mistral.chat_moderations", "/chat/moderations"),
)
