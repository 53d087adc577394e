"""What an exchange reports, as dynamic metadata in the namespace `ai.extproc`.

The keys are a contract with rate limits, access logs and billing: `protos/usage.proto` is the same
contract for those who store records.
"""

from extproc.exchange.events import MetadataValue
from providers.usage import Price, Usage

MAX_CHARGE = 1_000_000_000
"""Envoy drops a charge that is larger (`hits_addend`)."""

NOTHING_USED = Usage()

Record = dict[str, MetadataValue]


def usage(used: Usage, price: Price) -> Record:
    """The numbers of `used`, and what they cost."""
    nanousd = price.nanousd(used)
    return {
        "input_tokens": used.input,
        "output_tokens": used.output,
        "total_tokens": used.total,
        "cache_read_tokens": used.cache_read,
        "cache_write_tokens": used.cache_write,
        "reasoning_tokens": used.reasoning,
        "cost_nanousd": nanousd,
        "cost_microusd": min(-(-nanousd // 1000), MAX_CHARGE),
        "estimated": used.estimated,
    }


GROWING = ("output_tokens", "total_tokens", "cost_nanousd", "cost_microusd")
"""What changes while an answer is generated."""

UNUSED = usage(NOTHING_USED, Price())

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
