"""Which rule answers a request about what is kept."""

from collections.abc import Sequence

from extproc.lab.simulator.http1 import Request
from extproc.lab.simulator.kept import anthropic, openai
from extproc.lab.simulator.kept.shelf import Rule, ids_of

MARKED = (("anthropic-version", "anthropic.messages", anthropic.RULES),)
"""A header that only some clients send, the dialect of their errors, and what they may do."""
USUAL = ("openai.chat", openai.RULES)


def found(request: Request) -> tuple[str, Rule, Sequence[str]] | None:
    """(dialect of errors, rule, what stands in the path)."""
    told = ((name, rules) for header, name, rules in MARKED if request.header(header))
    name, rules = next(told, USUAL)
    for rule in rules:
        match = rule.path.fullmatch(request.path) if rule.method == request.method else None
        if match:
            return name, rule, ids_of(match)
    return None
