"""Cohere's Chat API, version 1, as clients speak it: one message and the history before it.

Providers are asked in version 2, which Cohere serves for all models that chat.

https://docs.cohere.com/v1/reference/chat
"""

import msgspec

from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.cohere import chat
from providers.dialects.cohere.chat_v1.request import echo, parse_request
from providers.dialects.cohere.chat_v1.response import render_response
from providers.dialects.cohere.chat_v1.stream import ChatRenderer
from providers.dialects.cohere.chat_v1.told import ANSWERS
from providers.dialects.cohere.generate.errors import render_error

NAMES = {
    **chat.NAMES,
    Feature.SYSTEM: "preamble",
    Feature.DOCUMENT_CITE: "documents",
    Feature.TOOL_CHOICE_NONE: "tools",
}

DIALECT = msgspec.structs.replace(
    chat.DIALECT,
    host="v1",
    client=(Endpoint(path="/v1/chat"),),
    upstream=(),
    stream_type="application/stream+json",
    names=NAMES,
    # What it says below the top level is read in the form of version 2.
    members=None,
    listing=None,
    echo=echo,
    parse_request=parse_request,
    render_response=render_response,
    renderer=ChatRenderer,
    render_error=render_error,
    answers=ANSWERS,
)

ENTRANCES = (DIALECT,)
