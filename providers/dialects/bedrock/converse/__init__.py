"""The bedrock.converse dialect: Amazon Bedrock's Converse and ConverseStream.

https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html
"""

from providers.bridging.chat import ChatDialect
from providers.bridging.counting import counting
from providers.bridging.dialect import Endpoint
from providers.bridging.tool_names import Rule
from providers.dialects.bedrock.converse.claude_tools import betas, knows, unknown_betas
from providers.dialects.bedrock.converse.count import parse, wrap
from providers.dialects.bedrock.converse.known import TOP
from providers.dialects.bedrock.converse.marks import marked
from providers.dialects.bedrock.converse.relay import ConverseRelay, edits
from providers.dialects.bedrock.converse.request import own_top_k, parse_request, render_request
from providers.dialects.bedrock.converse.response import parse_response, render_response, watch
from providers.dialects.bedrock.converse.stream_parser import Parser
from providers.dialects.bedrock.converse.stream_renderer import Renderer
from providers.dialects.bedrock.converse.told import ANSWERS
from providers.dialects.bedrock.converse.tools import call_id
from providers.dialects.bedrock.errors import parse_error, render_error
from providers.dialects.bedrock.names import CARRIES, NAME, NAMES
from providers.models.bedrock import family_of, lacks
from providers.neutral import listing
from providers.operations import Operation

ENDPOINTS = (
    Endpoint(path="/model/{model}/converse", stream=False),
    Endpoint(path="/model/{model}/converse-stream", stream=True),
)

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.CHAT,
    client=ENDPOINTS,
    upstream=ENDPOINTS,
    stream_type="application/vnd.amazon.eventstream",
    members=TOP,
    answers=ANSWERS,
    carries=CARRIES,
    names=NAMES,
    opened=frozenset({"additionalModelRequestFields", "inferenceConfig"}),
    knows=knows,
    lacks=lacks,
    schemas=lambda request: family_of(request.known_as).schemas,
    tool_names=Rule(allowed="a-zA-Z0-9_-", longest=64),
    shown_id=call_id,
    request_id="x-amzn-requestid",
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=Parser,
    renderer=Renderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=ConverseRelay,
    edits=edits,
    own_headers=frozenset({"amz-sdk-invocation-id", "amz-sdk-request"}),
    listing=listing.BEDROCK,
    fetches=("s3://",),
    tune=own_top_k,
    marks=marked,
    from_headers=betas,
    fit_headers=unknown_betas,
)

COUNT_ENDPOINTS = (Endpoint(path="/model/{model}/count-tokens", stream=False),)

COUNT = counting(
    DIALECT,
    name="bedrock.count_tokens",
    client=COUNT_ENDPOINTS,
    upstream=COUNT_ENDPOINTS,
    parse_request=parse,
    wrap=wrap,
    number="inputTokens",
)

DIALECTS = (DIALECT, COUNT)
