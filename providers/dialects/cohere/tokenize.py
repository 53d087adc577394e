"""The cohere.tokenize and cohere.detokenize dialects.

https://docs.cohere.com/v2/reference/tokenize, https://docs.cohere.com/v2/reference/detokenize
"""

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, known
from providers.dialects.cohere.chat.errors import parse_error, render_error
from providers.dialects.cohere.meta import SAID
from providers.neutral.tokens import (
    DetokenizeAnswer,
    DetokenizeRequest,
    TokenizeAnswer,
    TokenizeRequest,
    detokenized,
    numbers,
    tokenized,
)
from providers.operations import Operation
from providers.wire import members
from providers.wire.members import Json
from providers.wire.splice import model_edit

META = {"api_version": {"version": "1"}}


def parse_request(body: Json, path_model: str) -> TokenizeRequest:
    """A text, whose pieces always come back."""
    return TokenizeRequest(
        text=members.required_text(body, "text"),
        strings=True,
        extras=members.beyond(body, {"model", "text"}),
    )


def render_request(request: TokenizeRequest, model: str, dropped: list[str]) -> Json:
    """The text."""
    return {"model": model, "text": request.text}


def render_response(answer: TokenizeAnswer, context: Context) -> Json:
    """Numbers and pieces."""
    return {"tokens": answer.tokens, "token_strings": answer.strings, "meta": META}


def parse_back(body: Json, path_model: str) -> DetokenizeRequest:
    """Tokens."""
    return DetokenizeRequest(tokens=numbers(body), extras=members.beyond(body, {"model", "tokens"}))


def render_back(request: DetokenizeRequest, model: str, dropped: list[str]) -> Json:
    """The tokens."""
    return {"model": model, "tokens": request.tokens}


def render_text(answer: DetokenizeAnswer, context: Context) -> Json:
    """The text."""
    return {"text": answer.text, "meta": META}


DIALECT = PlainDialect[TokenizeRequest, TokenizeAnswer](
    name="cohere.tokenize",
    operation=Operation.TOKENIZE,
    client=(Endpoint(path="/v1/tokenize"),),
    upstream=(Endpoint(path="/tokenize"),),
    carries=frozenset({"strings"}),
    parse_request=parse_request,
    render_request=render_request,
    parse_response=lambda body: tokenized(body, "token_strings"),
    leaves=known(shape("tokens", "token_strings", meta=SAID)),
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    edits=model_edit,
    charged=False,
    own_headers=frozenset({"x-client-name"}),
)

BACK = PlainDialect[DetokenizeRequest, DetokenizeAnswer](
    name="cohere.detokenize",
    operation=Operation.DETOKENIZE,
    client=(Endpoint(path="/v1/detokenize"),),
    upstream=(Endpoint(path="/detokenize"),),
    carries=frozenset(),
    parse_request=parse_back,
    render_request=render_back,
    parse_response=lambda body: detokenized(body, "text"),
    leaves=known(shape("text", meta=SAID)),
    render_response=render_text,
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    edits=model_edit,
    charged=False,
    own_headers=frozenset({"x-client-name"}),
)

DIALECTS = (DIALECT, BACK)
