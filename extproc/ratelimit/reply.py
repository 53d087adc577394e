"""What Envoy and the client are told."""

from collections.abc import Iterator, Sequence

from extproc.ratelimit.ask import Ask
from extproc.ratelimit.descriptors import CLAIM, HEADER, USED
from extproc.ratelimit.limit import Limit, Unit
from extproc.ratelimit.wire import Answer, State, Status

UNDER_WAY = 2
"""Seconds after which requests that are under way may have left something."""

FAMILIES: dict[Unit, str] = {
    "requests": "requests",
    "tokens": "tokens",
    "input_tokens": "tokens",
    "output_tokens": "tokens",
}
"""The `x-ratelimit-*-FAMILY` headers that OpenAI's SDKs read, by the units that they speak of
(https://platform.openai.com/docs/guides/rate-limits)."""

COST = "cost"
"""What a refusal is about that is of no family."""

SPENT = {
    "tokens": ("tokens", "rate_limit_exceeded"),
    COST: ("insufficient_quota", "insufficient_quota"),
    "requests": ("requests", "rate_limit_exceeded"),
}
"""What is spent, requests at last → the type and the code by which OpenAI's clients know it
(https://platform.openai.com/docs/guides/error-codes)."""

NAMES = {
    family: tuple(f"x-ratelimit-{what}-{family}" for what in ("limit", "remaining", "reset"))
    for family in FAMILIES.values()
}

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
    held = [ask for ask in asks if ask is not None and not ask.rule.limit.shadow]
    above = " ".join(ask.rule.limit.name for ask in asks if ask is not None and ask.above)
    refused = [ask for ask in held if ask.over]
    headers = list(_headers(held, now))
    statuses = [_status(ask, now) for ask in asks]
    if not refused:
        return Answer(statuses, headers, held=reserved, above=above)
    refusing = max(refused, key=lambda ask: _wait(ask, now))
    wait = _wait(refusing, now)
    return Answer(
        statuses,
        [("retry-after", str(wait)), *headers],
        message=_message(refusing, wait),
        refused_by=refusing.rule.limit.name,
        kind=FAMILIES.get(refusing.rule.limit.unit, COST),
    )


def settled(asks: Sequence[Ask | None]) -> Answer:
    """The answer to charges, of which nobody reads more than that there is one."""
    return Answer([SETTLED] * len(asks), [])


SETTLED = Status()


def _wait(ask: Ask, now: float) -> int:
    """Seconds until it is worth to try again."""
    return ask.reset(now) if ask.is_spent else min(ask.reset(now), UNDER_WAY)


def _status(ask: Ask | None, now: float) -> Status:
    if ask is None or ask.found is None or ask.rule.limit.shadow:
        return Status()
    limit = ask.rule.limit
    name = USED.get(limit.unit, limit.unit)
    state = State(name, ask.rule.budget, limit.every, ask.remaining, ask.reset(now))
    return Status(ask.over, state)


def _headers(held: Sequence[Ask], now: float) -> Iterator[tuple[str, str]]:
    """Of each family the limit that will be spent first; of two such, the one that lasts longer."""
    tightest: dict[str, Ask] = {}
    for ask in held:
        family = FAMILIES.get(ask.rule.limit.unit)
        if family is not None and ask.found is not None:
            other = tightest.setdefault(family, ask)
            if other is not ask and _spent_first(ask, other):
                tightest[family] = ask
    for family, ask in tightest.items():
        limit, remaining, reset = NAMES[family]
        yield limit, str(ask.rule.budget)
        yield remaining, str(ask.remaining)
        yield reset, duration(ask.reset(now))


def _spent_first(ask: Ask, other: Ask) -> bool:
    return (ask.remaining, -ask.end) < (other.remaining, -other.end)


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
    subject = " and ".join(part.removeprefix(HEADER).removeprefix(CLAIM) for part in limit.per)
    return f"{amount} {WORDS[limit.unit]} per {limit.every} for each {subject}"
