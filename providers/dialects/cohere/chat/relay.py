"""A Cohere chat answer on its way to a Cohere chat client: watched, never touched."""

import re

from providers.bridging.watching import WatchingRelay
from providers.dialects.cohere.chat.answers import parse_finish, parse_usage
from providers.dialects.cohere.chat.errors import error_event, failure
from providers.errors import ApiError
from providers.neutral.chat import Finish
from providers.wire import sse
from providers.wire.members import Json

END = b"message-end"
ERROR = b'"error"'


class CohereRelay(WatchingRelay):
    """The end of a message may say an error."""

    WORDS = re.compile(rb'"(?:text|thinking|arguments|tool_plan)": ?"((?:[^"\\]|\\.)*)')

    def __init__(self, shows_usage: bool) -> None:
        super().__init__(sse.Splitter(), b"\n\n")
        self._ended = False

    def _complete(self) -> bool:
        return self._ended or self.seen.error is not None

    def _notable(self, data: bytes) -> bool:
        return END in data or ERROR in data

    def _object(self, piece: bytes) -> bytes:
        return sse.parse(piece)[1]

    def _said(self, said: Json) -> None:
        delta = said.get("delta")
        if said.get("type") == "message-end":
            self._end(delta if isinstance(delta, dict) else {})
        elif said.get("error") and said.get("type") in (None, "error"):
            self.seen.error, self.seen.finish = failure("ERROR", said["error"]), Finish.ERROR

    def _end(self, delta: Json) -> None:
        self._ended = True
        reason, error = delta.get("finish_reason"), delta.get("error")
        self.seen.usage = parse_usage(delta.get("usage")) or self.seen.usage
        self.seen.finish = Finish.ERROR if error else parse_finish(reason)
        if self.seen.finish is Finish.ERROR:
            self.seen.error = failure(reason, error)

    def _render(self, error: ApiError) -> bytes:
        return error_event(error)
