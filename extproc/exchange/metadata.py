"""What an exchange reports, as dynamic metadata in the namespace `ai.extproc`.

The keys are a contract with rate limits, access logs and billing: `protos/usage.proto` is the same
contract for those who store records.
"""

from extproc.exchange.events import MetadataValue
from providers.usage import MOST, Price, Units, Usage

NOTHING_USED = Usage()

Record = dict[str, MetadataValue]


def counted(units: Units) -> Record:
    """What was used that are no tokens."""
    return {
        "images": units.images,
        "seconds": units.seconds,
        "characters": units.characters,
        "searches": units.searches,
        "pages": units.pages,
    }


NO_UNITS = counted(Units())


def usage(used: Usage, price: Price) -> Record:
    """The numbers of `used`, and what they cost."""
    nanousd = price.nanousd(used)
    units = {} if used.units is None else counted(used.units)
    return {
        **units,
        "input_tokens": min(used.input, MOST),
        "output_tokens": used.output,
        "total_tokens": min(used.total, MOST),
        "cache_read_tokens": used.cache_read,
        "cache_write_tokens": used.cache_write,
        "reasoning_tokens": used.reasoning,
        "cost_nanousd": nanousd,
        "cost_microusd": min(-(-nanousd // 1000), MOST),
        "estimated": used.estimated,
    }


def costs(nanousd: int) -> Record:
    """What was paid, where it is the sum of several prices."""
    return {"cost_nanousd": nanousd, "cost_microusd": min(-(-nanousd // 1000), MOST)}


def asked(prompt: int, price: Price) -> Record:
    """What is charged from the moment on at which a provider has the prompt."""
    record: Record = {"input_tokens": prompt, "total_tokens": prompt, "estimated": True}
    if price.input or price.formula is not None:
        nanousd = price.nanousd(Usage(input=prompt))
        record["cost_nanousd"] = nanousd
        record["cost_microusd"] = min(-(-nanousd // 1000), MOST)
    return record


ASKED = frozenset({"input_tokens", "total_tokens", "estimated", "cost_nanousd", "cost_microusd"})
"""The keys of `asked`: an answer must say them anew, whatever they are."""

GROWING = ("output_tokens", "total_tokens", "cost_nanousd", "cost_microusd")
"""What changes while an answer is generated."""

UNUSED = usage(NOTHING_USED, Price())

LOST = "lost_members"
"""What an answer said that the client's format has no place for; not said where that is nothing."""

FRESH: Record = {
    **UNUSED,
    "status": 0,
    "error_type": "",
    "finish_reason": "",
    "response_model": "",
    "ttft_ms": 0,
    "duration_ms": 0,
}
"""What an attempt begins with: nothing that an earlier attempt reported may stay."""
