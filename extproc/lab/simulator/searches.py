"""Searches of the web that the simulated model makes: what all formats tell of them."""

from extproc.lab.simulator.dialect import Json, Turn

URL, TITLE = "https://found.test/page", "Found"


def made(turn: Turn) -> list[str]:
    """What is searched for; nothing where no search is offered."""
    return list(turn.directives.searches) if _offered(turn.asked.body) else []


def _offered(body: Json) -> bool:
    return "web_search_options" in body or any(map(is_search, body.get("tools") or ()))


def is_search(tool: Json) -> bool:
    """Whether a tool of any format is a search of the web."""
    return "web_search" in str(tool.get("type")) or bool(tool.keys() & {"googleSearch"})
