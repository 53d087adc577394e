"""The jobs by which providers make films: how one is named, and where it is looked at."""

import re
from typing import Any
from urllib.parse import quote

import msgspec

from providers.errors import BadAnswer, NotFound
from providers.neutral.video import Film, State
from providers.wire import members


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's kind of job."""

    word: str
    """What the provider calls it."""
    member: str = "id"
    """Of the answer that begins one: its id."""
    id: re.Pattern[str]
    place: str
    """The path before the id."""

    def begun(self, answer: Any) -> Film:
        """The job that was begun; raises BadAnswer."""
        ref = members.string(answer.get(self.member))
        if not self.id.fullmatch(ref):
            raise BadAnswer(f"the provider's answer names no {self.word}")
        return Film(ref=ref, state=State.QUEUED)

    def path(self, ref: str) -> str:
        """Where one is shown; raises NotFound."""
        if not self.id.fullmatch(ref):
            raise NotFound("there is no such video")
        return self.place + quote(ref, safe="")
