"""A whole answer of Anthropic's Text Completions API, both ways; it has no counts.

https://platform.claude.com/docs/en/api/complete
"""

from providers.bridging.dialect import Context, Seen
from providers.dialects.anthropic.complete.errors import failure
from providers.dialects.anthropic.complete.frame import HUMAN
from providers.errors import BadAnswer
from providers.neutral.chat import ChatResponse, Choice, Finish, Text
from providers.neutral.prompts import words
from providers.wire.members import Json, string

STOPPED, FULL = "stop_sequence", "max_tokens"


def parse_finish(said: Json) -> tuple[Finish | None, str | None]:
    """(why, the sequence that the client named); a turn ends with a sequence of Claude's own."""
    reason, stop = said.get("stop_reason"), said.get("stop")
    if not isinstance(reason, str) or not reason:
        return None, None
    if reason == FULL:
        return Finish.LENGTH, None
    if reason == STOPPED and isinstance(stop, str) and stop not in ("", HUMAN):
        return Finish.STOP_SEQUENCE, stop
    return Finish.REFUSAL if reason == "refusal" else Finish.STOP, None


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none."""
    text = body.get("completion")
    if not isinstance(text, str):
        why = failure(body).message if body.get("error") else "it holds no completion"
        raise BadAnswer(f"the provider's answer cannot be used: {why}")
    finish, stop = parse_finish(body)
    parts = (Text(text=text),) if text else ()
    return ChatResponse(
        id=string(body.get("id")),
        model=string(body.get("model")),
        choices=(Choice(parts=parts, finish=finish, stop_sequence=stop),),
    )


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it; there is one choice."""
    choice = response.choices[0]
    return completion(
        response.id or context.id,
        response.model or context.model,
        "".join(map(words, choice.parts)),
        choice.finish or Finish.STOP,
        choice.stop_sequence,
    )


def completion(id: str, model: str, text: str, finish: Finish | None, stop: str | None) -> Json:
    """An answer, or a piece of one, which has no `finish`."""
    reason = None if finish is None else FULL if finish in CUT_OFF else STOPPED
    return {
        "type": "completion",
        "id": id,
        "completion": text,
        "stop_reason": reason,
        "model": model,
        "stop": stop if stop or reason != STOPPED else HUMAN,
        "log_id": id,
    }


CUT_OFF = (Finish.LENGTH, Finish.ERROR)


def watch(body: Json) -> Seen:
    """What an answer, or an event of a stream, says of itself."""
    seen = Seen(model=string(body.get("model")), finish=parse_finish(body)[0])
    if body.get("error"):
        seen.error, seen.finish = failure(body), Finish.ERROR
    return seen
