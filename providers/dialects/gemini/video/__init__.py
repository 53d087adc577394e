"""The gemini.video dialect: films by Veo, as long-running operations.

https://ai.google.dev/gemini-api/docs/video
"""

import msgspec

from providers.bridging.dialect import Endpoint
from providers.bridging.filming import VideoDialect
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.generate_content import endpoints
from providers.dialects.gemini.kept_ids import FILMED
from providers.dialects.gemini.video import vertex
from providers.dialects.gemini.video.jobs import OPERATIONS
from providers.dialects.gemini.video.request import SIZES, edits, render_request, settle, uses
from providers.dialects.gemini.video.response import parse_response, watch
from providers.operations import Operation

DIALECT = VideoDialect(
    name="gemini.video",
    operation=Operation.VIDEO,
    client=endpoints("predictLongRunning", stream=False),
    upstream=(Endpoint(path="/models/{model}:predictLongRunning"),),
    lasting=True,
    carries=frozenset({"seconds", "size", "picture", "negative", "seed"}),
    settle=settle,
    usual=SIZES["720p"][0],
    render_request=render_request,
    parse_response=parse_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    edits=edits,
    uses=uses,
    ids=lambda body: FILMED,
)
"""Clients of it have their own provider alone."""

VERTEX = msgspec.structs.replace(
    DIALECT,
    host="vertex",
    parse_response=vertex.parse_response,
    edits=lambda body, model, usage: {},
)
"""Its operations have longer names, and hold the films."""

DIALECTS = (DIALECT,)
RESOURCES = (OPERATIONS, vertex.OPERATIONS)
