"""The vllm.tokenize and vllm.detokenize dialects.

https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (Tokenizer API)
"""

from collections.abc import Mapping
from typing import Any

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, known
from providers.errors import Unsupported
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
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import model_edit

KNOWN = frozenset({"model", "prompt", "add_special_tokens", "return_token_strs"})


def parse_request(body: Json, path_model: str) -> TokenizeRequest:
    """A text; a conversation is made one by its model's template, which vLLM alone has."""
    if "messages" in body:
        message = "messages can be tokenized by vLLM alone; send a prompt"
        raise Unsupported(message, param="messages")
    return TokenizeRequest(
        text=members.required_text(body, "prompt"),
        special=members.boolean(body, "add_special_tokens"),
        strings=members.boolean(body, "return_token_strs"),
        extras=members.beyond(body, KNOWN),
    )


def render_request(request: TokenizeRequest, model: str, dropped: list[str]) -> Json:
    """The text."""
    return members.optional(
        model=model,
        prompt=request.text,
        add_special_tokens=request.special,
        return_token_strs=request.strings,
    )


def echo(body: Json) -> Mapping[str, Any]:
    """Whether the client wants the pieces."""
    return {"strings": body.get("return_token_strs") is True}


def render_response(answer: TokenizeAnswer, context: Context) -> Json:
    """Numbers; how many the model can read is nothing that other providers say."""
    pieces = answer.strings if context.echo.get("strings") else None
    return {
        "count": len(answer.tokens),
        "max_model_len": 0,
        "tokens": answer.tokens,
        "token_strs": pieces,
    }


def parse_back(body: Json, path_model: str) -> DetokenizeRequest:
    """Tokens."""
    return DetokenizeRequest(tokens=numbers(body), extras=members.beyond(body, {"model", "tokens"}))


def render_back(request: DetokenizeRequest, model: str, dropped: list[str]) -> Json:
    """The tokens."""
    return {"model": model, "tokens": request.tokens}


def render_text(answer: DetokenizeAnswer, context: Context) -> Json:
    """The text."""
    return {"prompt": answer.text}


DIALECT = PlainDialect[TokenizeRequest, TokenizeAnswer](
    name="vllm.tokenize",
    operation=Operation.TOKENIZE,
    client=(Endpoint(path="/tokenize"),),
    upstream=(Endpoint(path="/tokenize"),),
    carries=frozenset({"special", "strings"}),
    names={"special": "add_special_tokens", "strings": "return_token_strs"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=lambda body: tokenized(body, "token_strs"),
    leaves=known(shape("count", "tokens", "token_strs")),
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    edits=model_edit,
    echo=echo,
    charged=False,
)

BACK = PlainDialect[DetokenizeRequest, DetokenizeAnswer](
    name="vllm.detokenize",
    operation=Operation.DETOKENIZE,
    client=(Endpoint(path="/detokenize"),),
    upstream=(Endpoint(path="/detokenize"),),
    carries=frozenset(),
    parse_request=parse_back,
    render_request=render_back,
    parse_response=lambda body: detokenized(body, "prompt"),
    leaves=known(shape("prompt")),
    render_response=render_text,
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    edits=model_edit,
    charged=False,
)

DIALECTS = (DIALECT, BACK)
