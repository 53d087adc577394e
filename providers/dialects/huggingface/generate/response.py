"""A whole answer of Text Generation Inference, both ways.

The server answers with an object; the Hugging Face Inference API, and the server at its root path,
with an array of them, which stands in `data` here; and so do some that imitate it.
"""

from typing import Any

from providers.bridging.dialect import Context, Seen
from providers.bridging.estimate import tokens as estimated
from providers.dialects.huggingface.generate import tokens
from providers.dialects.huggingface.generate.errors import failure
from providers.errors import BadAnswer
from providers.neutral.chat import ChatResponse, Choice, Finish, Text
from providers.neutral.prompts import words
from providers.usage import Usage, count
from providers.wire.members import Json, dicts, string

REASONS = {
    "length": Finish.LENGTH,
    "eos_token": Finish.STOP,
    "stop_sequence": Finish.STOP_SEQUENCE,
}

NAMES = {
    Finish.LENGTH: "length",
    Finish.ERROR: "length",
    Finish.STOP_SEQUENCE: "stop_sequence",
}
"""The others are `eos_token`."""


def answer_in(body: Json) -> Json:
    """The object that holds the text."""
    return next(iter(dicts(body.get("data"))), body)


def details_of(answer: Json) -> Json:
    """What is said of how the text came to be; empty where nothing is."""
    details = answer.get("details")
    return details if isinstance(details, dict) else {}


def parse_finish(details: Json) -> Finish | None:
    """The meaning of the server's word; an unknown word is a plain stop."""
    reason = details.get("finish_reason")
    if not isinstance(reason, str) or not reason:
        return None
    return REASONS.get(reason, Finish.STOP)


def finish_name(finish: Finish | None) -> str:
    """The server's word."""
    return "eos_token" if finish is None else NAMES.get(finish, "eos_token")


def parse_usage(details: Json) -> Usage | None:
    """The counts; `estimated` where the prompt's is missing, None where both are.

    Servers since 3.0 tell the prompt's tokens only when they were started with
    `--enable-prefill-logprobs`, and in streams always.
    """
    output = count(details.get("generated_tokens"))
    if output is None:
        return None
    prefill = details.get("prefill")
    input = count(details.get("input_length")) or len(dicts(prefill))
    return Usage(input=input, output=output, estimated=not input)


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none."""
    answer = answer_in(body)
    text = answer.get("generated_text")
    if not isinstance(text, str):
        why = failure(answer).message if answer.get("error") else "it holds no generated_text"
        raise BadAnswer(f"the provider's answer cannot be used: {why}")
    details = details_of(answer)
    choice = Choice(
        parts=(Text(text=text),) if text else (),
        finish=parse_finish(details),
        logprobs=tokens.parse_logprobs(details.get("tokens"), details.get("top_tokens")),
    )
    return ChatResponse(id="", model="", choices=(choice,), usage=parse_usage(details))


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as clients expect it; the server holds one choice."""
    choice = response.choices[0]
    text = "".join(map(words, choice.parts))
    body: Json = {"generated_text": string(context.echo.get("prompt")) + text}
    if context.echo.get("details"):
        body["details"] = _details(choice, text, response.usage)
    return body


def _details(choice: Choice, text: str, usage: Usage | None) -> Json:
    pairs = tokens.rendered(choice.logprobs)
    details = {
        **counts(choice.finish, estimated(text) if usage is None else usage.output),
        "prefill": [],
        "tokens": [token for token, _ in pairs],
    }
    tops = tokens.alternatives(pairs)
    return {**details, "top_tokens": tops} if tops else details


def counts(finish: Finish | None, generated: int) -> Json:
    """The details that answers and streams have in common."""
    return {"finish_reason": finish_name(finish), "generated_tokens": generated, "seed": None}


def watch(body: Json) -> Seen:
    """What an answer, or an event of a stream, says of itself."""
    answer = answer_in(body)
    details = details_of(answer)
    seen = Seen(usage=parse_usage(details), finish=parse_finish(details))
    if answer.get("error"):
        seen.error, seen.finish = failure(answer), Finish.ERROR
    return seen


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """Nothing: a server has one model, and the body does not name it."""
    return {}
