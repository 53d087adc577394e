"""Which rule answers a request about what is kept."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from extproc.lab.simulator.http1 import Request
from extproc.lab.simulator.kept import (
    anthropic,
    bedrock,
    cohere,
    films,
    gemini,
    interactions,
    openai,
    operations,
    tasks,
    vertex,
    voices,
)
from extproc.lab.simulator.kept.shelf import Rule, ids_of

GOOGLES = (*vertex.RULES, *operations.RULES, *interactions.RULES, *gemini.RULES)
MARKED = (
    ("anthropic-version", "anthropic.messages", anthropic.RULES),
    ("x-goog-api-key", "gemini.generate_content", GOOGLES),
)
"""A header that only some clients send, the dialect of their errors, and what they may do."""
PLACES = (
    ("/model-invocation-job", "bedrock.converse", bedrock.RULES),
    ("/async-invoke", "bedrock.converse", bedrock.RULES),
    ("/v1/datasets", "cohere.chat", cohere.RULES),
    ("/v1/embed-jobs", "cohere.chat", cohere.RULES),
    ("/v2/batches", "cohere.chat", cohere.RULES),
    ("/v1/projects/", "gemini.generate_content", GOOGLES),
    ("/upload/", "gemini.generate_content", GOOGLES),
)
"""The same, where the path tells."""
USUAL = ("openai.chat", (*openai.RULES, *films.RULES, *tasks.RULES, *voices.RULES))


def found(request: Request) -> tuple[str, Rule, Sequence[str]] | None:
    """(dialect of errors, rule, what stands in the path)."""
    placed = (name for place, name, _ in PLACES if request.path.startswith(place))
    told = (name for header, name, _ in MARKED if request.header(header))
    return _found(request.method, request.path, next(chain(placed, told), USUAL[0]))


@lru_cache(maxsize=1024)
def _found(method: str, path: str, name: str) -> tuple[str, Rule, Sequence[str]] | None:
    rules = next((rules for _, marked, rules in (*PLACES, *MARKED) if marked == name), USUAL[1])
    # Any prefix may stand before a path: the longest is meant.
    for rule in sorted(rules, key=_segments, reverse=True):
        match = rule.path.fullmatch(path) if rule.method == method else None
        if match:
            return name, rule, ids_of(match)
    return None


def _segments(rule: Rule) -> int:
    return rule.path.pattern.replace("[^/]", "").count("/")
