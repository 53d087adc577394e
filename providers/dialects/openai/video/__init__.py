"""The openai.video dialect: films, made as jobs, by JSON or by a form.

https://platform.openai.com/docs/api-reference/videos
"""

from providers.bridging.dialect import Endpoint
from providers.bridging.filming import VideoDialect
from providers.bridging.members import shape
from providers.dialects.openai.video.jobs import VIDEOS
from providers.dialects.openai.video.request import parse_request, uses
from providers.dialects.openai.video.response import (
    parse_response,
    render_response,
    watch,
)
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.splice import model_edit

DIALECT = VideoDialect(
    name="openai.video",
    operation=Operation.VIDEO,
    client=(Endpoint(path="/v1/videos"), Endpoint(path="/openai/v1/videos")),
    upstream=(Endpoint(path="/videos"),),
    either=True,
    lasting=True,
    request_id="x-request-id",
    carries=frozenset(),
    names={"picture": "input_reference", "negative": "negative_prompt"},
    nested=shape(input_reference=shape("image_url", "file_id")),
    parse_request=parse_request,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    edits=model_edit,
    uses=uses,
    ids=VIDEOS.ids,
)
"""Whoever speaks it is asked in it, so no request is ever rendered."""

DIALECTS = (DIALECT,)
RESOURCES = (VIDEOS,)
