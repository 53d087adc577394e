"""A search of the web in the words that xAI had for it until 2026.

Clients still say them (https://github.com/vercel/ai/pull/15713): xAI itself answers with 410 now.
"""

from collections.abc import Iterator
from typing import Any

from providers.errors import Unsupported
from providers.neutral.web_search import Location, WebSearch, domains
from providers.wire.members import Json, dicts
from providers.wire.splice import REMOVED

MEMBER = "search_parameters"
WEB = {"allowed_websites": "allowed_domains", "excluded_websites": "blocked_domains"}
"""A list of domains → its neutral name."""
USUAL = ({"mode": "auto"}, {"mode": "on"}, {"return_citations": True})
"""What is so wherever somebody searches."""


def asks(said: Any) -> bool:
    """Whether the web may be searched, and not only what else xAI had."""
    if not isinstance(said, dict) or said.get("mode") == "off":
        return False
    return not said.get("sources") or bool(_web(said))


def read(said: Json) -> WebSearch:
    """What is asked for."""
    web = _web(said)
    found: Json = {}
    names: dict[str, str] = {}
    for name, value in (web[0] if web else {}).items():
        option, parsed = _option(name, value)
        if parsed:
            found[option], names[option] = parsed, f"{MEMBER}.sources.{name}"
    return WebSearch(**found, names=names, others=tuple(dict.fromkeys(_others(said, web))))


def _web(said: Json) -> list[Json]:
    return [source for source in dicts(said.get("sources")) if source.get("type") == "web"]


def _option(name: str, value: Any) -> tuple[str, Any]:
    if name in WEB:
        return WEB[name], domains(value)
    country = name == "country" and isinstance(value, str) and value
    return "user_location", Location(country=value) if country else None


def _others(said: Json, web: list[Json]) -> Iterator[str]:
    """The names of what nobody else has."""
    for name, value in said.items():
        if name != "sources" and value is not None and {name: value} not in USUAL:
            yield f"{MEMBER}.{name}"
    if dicts(said.get("sources")) != web[:1]:
        yield f"{MEMBER}.sources"
    for name, value in (web[0] if web else {}).items():
        if name != "type" and not _option(name, value)[1]:
            yield f"{MEMBER}.sources.{name}"


def is_gone(body: Json) -> dict[str, Any]:
    """Refuses what xAI answers with 410; that nothing shall be searched need not be said."""
    said = body.get(MEMBER)
    if isinstance(said, dict) and said.get("mode") != "off":
        raise Unsupported(
            f"xAI has ended its live search: a backend of `dialect: openai.responses` searches"
            f" for what {MEMBER} asks for",
            param=MEMBER,
        )
    return {MEMBER: REMOVED} if MEMBER in body else {}
