"""What Envoy and the client are told."""

from collections.abc import Sequence

from extproc.ratelimit.ask import Ask
from extproc.ratelimit.descriptors import HEADER, USED
from extproc.ratelimit.limit import Limit, Unit
from extproc.ratelimit.wire import Answer, State, Status

UNDER_WAY = 2
"""Seconds after which requests that are under way may have left something."""

FAMILIES: dict[str, frozenset[Unit]] = {
    "requests": frozenset({"requests"}),
    "tokens": frozenset({"tokens", "input_tokens", "output_tokens"}),
}
"""The `x-ratelimit-*-FAMILY` headers that OpenAI's SDKs read, and the units that each speaks of
(https://platform.openai.com/docs/guides/rate-limits)."""

KINDS: dict[Unit, str] = {
    "requests": "requests",
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "tokens": "tokens",
    "cost_usd": "cost",
}
"""What a refusal is about, for the error that Envoy makes of it."""

WORDS: dict[Unit, str] = {
    "requests": "requests",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "tokens": "tokens",
    "cost_usd": "USD",
}


def answer(asks: Sequence[Ask | None], now: float, reserved: str = "") -> Answer:
    """The answer to the descriptors, in their order; None stands for one that no limit holds for.

    `reserved` is for Envoy to keep. It makes `x-ratelimit-limit`, `-remaining` and `-reset` of the
    statuses by itself.
    """
    held = [ask for ask in asks if ask is not None]
    refusing = max((ask for ask in held if ask.over), key=lambda ask: _wait(ask, now), default=None)
    headers = [header for family in FAMILIES for header in _family(family, held, now)]
    statuses = [_status(ask, now) for ask in asks]
    if refusing is None:
        return Answer(statuses, headers, held=reserved)
    wait = _wait(refusing, now)
    return Answer(
        statuses,
        [("retry-after", str(wait)), *headers],
        message=_message(refusing, wait),
        refused_by=refusing.rule.limit.name,
        kind=KINDS[refusing.rule.limit.unit],
    )


def _wait(ask: Ask, now: float) -> int:
    """Seconds until it is worth to try again."""
    return ask.reset(now) if ask.is_spent else min(ask.reset(now), UNDER_WAY)


def _status(ask: Ask | None, now: float) -> Status:
    if ask is None or ask.found is None:
        return Status()
    limit = ask.rule.limit
    name = USED.get(limit.unit, limit.unit)
    state = State(name, ask.rule.budget, limit.every, ask.remaining, ask.reset(now))
    return Status(ask.over, state)


def _family(family: str, held: Sequence[Ask], now: float) -> list[tuple[str, str]]:
    """The headers of the limit that will be spent first; of two such, the one that lasts longer."""
    units = FAMILIES[family]
    of = [ask for ask in held if ask.rule.limit.unit in units and ask.found is not None]
    if not of:
        return []
    tightest = min(of, key=lambda ask: (ask.remaining, -ask.end))
    return [
        (f"x-ratelimit-limit-{family}", str(tightest.rule.budget)),
        (f"x-ratelimit-remaining-{family}", str(tightest.remaining)),
        (f"x-ratelimit-reset-{family}", duration(tightest.reset(now))),
    ]


def duration(seconds: int) -> str:
    """Seconds as OpenAI writes them: `1s`, `6m0s`, `1h0m5s`."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minute}m{second}s"
    return f"{minute}m{second}s" if minute else f"{second}s"


def _message(ask: Ask, wait: int) -> str:
    said = f"Rate limit reached: {terms(ask.rule.limit)}."
    if not ask.is_spent:
        said += " Requests that are under way will use up what is left."
    return f"{said} Try again in {duration(wait)}."


def terms(limit: Limit) -> str:
    """What a limit says, in words: `5 USD per day for each client and model`."""
    amount = f"{limit.amount:.6f}".rstrip("0").rstrip(".")
    subject = " and ".join(part.removeprefix(HEADER) for part in limit.per)
    return f"{amount} {WORDS[limit.unit]} per {limit.every} for each {subject}"
