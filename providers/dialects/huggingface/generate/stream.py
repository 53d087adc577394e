"""A stream of Text Generation Inference: parsed and rendered.

One event for each token; the last one has the whole text, too.
"""

import orjson

from providers.bridging.dialect import Context
from providers.bridging.provider_members import unread
from providers.dialects.huggingface.generate import tokens
from providers.dialects.huggingface.generate.errors import error_event, failure
from providers.dialects.huggingface.generate.response import counts, parse_finish, parse_usage
from providers.dialects.huggingface.generate.told import EVENT
from providers.neutral.chat import Finish
from providers.neutral.deltas import AnyDelta, Begin, Beside, End, Failed, Ping, TextDelta, Used
from providers.neutral.json_stream import SseStreamParser
from providers.neutral.prompts import told
from providers.usage import Usage
from providers.wire.members import Json, string


class GenerateParser(SseStreamParser):
    """A provider's stream, from bytes to deltas."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = False
        self._told = False

    def _said(self, said: Json, out: list[AnyDelta]) -> None:
        if said.get("error"):
            self._fail(failure(said), out)
            return
        if not self._begun:
            self._begun = True
            out.append(Begin(id="", model=""))
        names = unread(said, EVENT)
        out += [Beside(names=tuple(names))] if names else []
        token = said.get("token")
        if isinstance(token, dict):
            self._token(token, said, out)
        text, details = said.get("generated_text"), said.get("details")
        if isinstance(text, str) or isinstance(details, dict):
            self._end(string(text), details if isinstance(details, dict) else {}, out)

    def _token(self, token: Json, said: Json, out: list[AnyDelta]) -> None:
        text = token.get("text")
        # A special token ends a turn or begins one, and is no part of the text.
        if not text or not isinstance(text, str) or token.get("special") is True:
            return
        tops = said.get("top_tokens")
        likely = tokens.parse_logprobs([token], [tops]) if tops else None
        self._told = True
        out.append(TextDelta(text=text, part=0, logprobs=likely))

    def _end(self, text: str, details: Json, out: list[AnyDelta]) -> None:
        self._over = True
        if text and not self._told:
            out.append(TextDelta(text=text, part=0))
        usage = parse_usage(details)
        if usage is not None:
            out.append(Used(usage=usage))
        out.append(End(finish=parse_finish(details) or Finish.STOP))


class GenerateRenderer:
    """A client's stream, from deltas to bytes."""

    def __init__(self, context: Context) -> None:
        self._echo = context.echo
        self._texts = [string(context.echo.get("prompt"))]
        self._index = 0
        self._finish: Finish | None = None
        self._usage: Usage | None = None
        self._failed = False

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that say `deltas`."""
        return b"".join([self._delta(delta) for delta in deltas])

    def flush(self) -> bytes:
        """The last event, which stands for the token that ends the text."""
        if self._failed:
            return b""
        details = None
        if self._echo.get("details"):
            usage = self._usage
            details = counts(self._finish, self._index if usage is None else usage.output)
            details["input_length"] = 0 if usage is None else usage.input
        self._index += 1
        token = tokens.one("", special=True)
        return self._dump(token, generated_text="".join(self._texts), details=details)

    def _delta(self, delta: AnyDelta) -> bytes:
        if self._failed:
            return b""
        match delta:
            case Begin():
                self._usage = delta.usage or self._usage
            case Used():
                self._usage = delta.usage
            case End(choice=0):
                self._finish = delta.finish
            case Ping():
                return b":\n\n"
            case Failed():
                self._failed = True
                return error_event(delta.error)
            case _ if getattr(delta, "choice", 0) == 0:
                return self._say(delta)
        return b""

    def _say(self, delta: AnyDelta) -> bytes:
        text = told(delta)
        if not text:
            return b""
        self._texts.append(text)
        likely = delta.logprobs if isinstance(delta, TextDelta) else None
        if likely is not None:
            pairs = tokens.rendered(likely)
            if "".join([string(token["text"]) for token, _ in pairs]) == text:
                return b"".join([self._token(token, top) for token, top in pairs])
        return self._token(tokens.one(text))

    def _token(self, token: Json, top: list[Json] | None = None) -> bytes:
        self._index += 1
        more = {"top_tokens": top} if top else {}
        return self._dump(token, **more, generated_text=None, details=None)

    def _dump(self, token: Json, **members: object) -> bytes:
        event = orjson.dumps({"index": self._index, "token": token, **members})
        return b"data:" + event + b"\n\n"
