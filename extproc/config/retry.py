"""When a failed attempt is made again, and why."""

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from extproc.config.base import Model, flaw
from extproc.config.values import Duration, Flag, Whole, one_or_more

CONDITIONS = (
    "5xx",
    "gateway-error",
    "connect-failure",
    "refused-stream",
    "reset",
    "reset-before-request",
    "timeout",
    "retriable-4xx",
)
"""What Envoy can tell."""
CAUSES = (
    "context-length",
    "quota",
    "rate-limit",
    "overloaded",
    "authentication",
    "content-filter",
)
"""What only the words of a refusal tell."""
FAILOVER = ("5xx", "429", "quota", "connect-failure", "refused-stream", "reset")
"""By default, where another backend may do better; Anthropic's 529 is a 5xx."""
UNSENT = ("connect-failure", "refused-stream", "reset-before-request")
"""By default, where there is one backend only: nothing can have been done twice."""
WORDS = (*CONDITIONS, *CAUSES)


def _condition(word: object) -> str:
    text = str(word) if isinstance(word, int | str) else ""
    if text in WORDS or (text.isdecimal() and len(text) == 3 and "400" <= text <= "599"):
        return text
    raise flaw(f"must be a status from 400 to 599, or one of {', '.join(WORDS)}")


Condition = Annotated[
    str,
    BeforeValidator(_condition),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(WORDS)},
                {"type": "string", "pattern": "^[45][0-9]{2}$"},
                {"type": "integer", "minimum": 400, "maximum": 599},
            ],
            "examples": [*WORDS, "429"],
        }
    ),
]


class Retry(Model):
    """When a failed attempt is made again, on the next priority where there is one."""

    attempts: Annotated[Whole, Field(ge=1, le=10)] | None = None
    """Attempts in all, the first one included; default: what the
    backends say; else one for each priority, at least 2."""
    on: (
        Annotated[
            tuple[Condition, ...],
            one_or_more(Condition, 100, least=0),
        ]
        | None
    ) = None
    """What counts as failed: statuses such as "429" and `5xx`, `gateway-error` (502, 503, 504),
    `connect-failure`, `refused-stream`, `reset`, `reset-before-request`, `timeout` (of the
    attempt), `retriable-4xx`; or why the provider refuses, whatever its status is:
    `context-length` (the prompt is too long for the model), `quota` (nothing is left to spend),
    `rate-limit`, `overloaded`, `authentication` (the key is not accepted, or may not do that),
    `content-filter` (what is asked for is not allowed; nothing else leads such a request to
    another backend). Default: `5xx`, "429", `quota`, `connect-failure`, `refused-stream` and
    `reset` where the route has several backends; with one, what cannot have reached it:
    `connect-failure`, `refused-stream`, `reset-before-request`."""
    per_try_timeout: Duration | None = None
    """For one attempt: until its whole answer is there, or its stream begins; default:
    `envoy.timeouts.per_try`."""
    backoff: Duration = Field(default=0.025, json_schema_extra={"default": "25ms"})
    """About how long to wait before the second attempt; each further wait is longer;
    default: what the backends say, else 25ms."""
    max_backoff: Duration = Field(default=0.5, json_schema_extra={"default": "500ms"})
    """The longest wait; default: what the backends say, else 500ms."""
    retry_after: Duration | None = None
    """How long to wait before the next attempt at the most, where the provider says how long in
    `Retry-After`; what it says beyond that is ignored. Default: there is no such wait, for another
    backend need not be waited for."""
    lossless: Flag = False
    """True: after a failure only backends are asked that lose nothing of the very request; where
    there is none, the first failure is the answer. What the first backend itself loses plays no
    role."""

    def conditions(self, backends: int) -> tuple[str, ...]:
        """What counts as failed on a route with so many backends."""
        if self.on is not None:
            return self.on
        return FAILOVER if backends > 1 else UNSENT
