"""Lists of films by a provider of another format."""

from typing import Any

import orjson
import pytest

from providers.bridging.dialect import Context
from providers.bridging.jobs import NAMED, SPAN, Inquiry
from providers.catalog import RESOURCES
from providers.dialects.openai.video.response import PREFIX
from providers.errors import BadAnswer, InvalidRequest, NotFound, Unsupported
from providers.neutral.video import Ticket
from tests.providers.dialects.films import CAST, DANCE, FILMS, LIST, VEO3

START = 1_700_000_000
NAMES = {DANCE: "dance", VEO3: "veo"}


def inquiry() -> Inquiry:
    return Inquiry(FILMS, RESOURCES[CAST], LIST)


def prediction(number: int, model: str = DANCE, **more: Any) -> dict:
    """One that was made so many seconds after the first, which is p0."""
    minutes, seconds = divmod(number, 60)
    when = f"2023-11-14T22:{13 + minutes:02}:{20 + seconds:02}.5Z"
    said = {"id": f"p{number}", "model": model, "created_at": when, "status": "processing"}
    return {**said, "input": {"prompt": "a fox"}, "output": None, "error": None, **more}


def page(*found: dict, more: bool = False, **query: str) -> Any:
    one = inquiry()
    echo = {SPAN: one.span(query), NAMED: lambda model: NAMES.get(model, "")}
    context = Context(model="", id="x", now=START, echo=echo)
    follows = "https://api.replicate.com/v1/predictions?cursor=c" if more else None
    data, seen = one.whole(orjson.dumps({"results": [*found], "next": follows}), context)
    assert (seen.usage is not None, bool(seen.usage.units)) == (True, False)
    return orjson.loads(data or b"")


def refs(listed: Any) -> list[str]:
    return [Ticket.of(film["id"].removeprefix(PREFIX)).ref for film in listed["data"]]


def after(number: int) -> str:
    return PREFIX + Ticket(ref=f"p{number}", created=START + number).text()


def test_a_film_is_told_of_as_it_was_asked_for():
    given = {"prompt": "a fox", "duration": 5, "resolution": "720p", "aspect_ratio": "9:16"}
    done = {"status": "succeeded", "output": "https://x.test/1.mp4"}
    made = prediction(3, input=given, completed_at="2023-11-14T22:14:20Z", **done)
    (film,) = page(made)["data"]
    assert (
        film.items()
        >= {
            "object": "video",
            "model": "dance",
            "status": "completed",
            "prompt": "a fox",
            "seconds": "5",
            "size": "720x1280",
            "created_at": START + 3,
            "completed_at": START + 60,
        }.items()
    )
    ticket = Ticket(ref="p3", model="dance", seconds=5, size="720x1280", created=START + 3)
    assert film["id"] == PREFIX + ticket.text()


def test_what_is_no_film_of_a_model_that_is_served_is_left_out():
    other = prediction(2, "black-forest-labs/flux-schnell")
    listed = page(prediction(3), other, prediction(1, VEO3), prediction(0, model=None))
    assert refs(listed) == ["p3", "p1"]
    assert (listed["has_more"], listed["last_id"]) == (False, listed["data"][-1]["id"])


def test_a_page_begins_behind_its_id():
    found = [prediction(number) for number in (4, 3, 2, 1)]
    first = page(*found, limit="2")
    assert (refs(first), first["has_more"]) == (["p4", "p3"], True)
    rest = page(*found, limit="2", after=first["last_id"])
    assert (refs(rest), rest["has_more"]) == (["p2", "p1"], False)


def test_the_provider_is_asked_for_what_was_made_before():
    assert inquiry().path("", {}) == "/predictions"
    assert inquiry().path("", {"after": after(0)}) == (
        "/predictions?created_before=2023-11-14T22%3A13%3A25Z"
    )


def test_a_page_goes_on_where_the_film_is_gone_behind_which_it_begins():
    listed = page(prediction(4), prediction(2), prediction(1), after=after(3))
    assert refs(listed) == ["p2", "p1"]


def test_a_page_without_any_film_leads_further():
    others = [prediction(number, "meta/llama") for number in (4, 3)]
    first = page(*others, more=True)
    assert (first["data"], first["has_more"]) == ([], True)
    assert inquiry().path("", {"after": first["last_id"]}).endswith("13%3A24Z")
    again = page(*others, more=True, after=first["last_id"])
    assert Ticket.of(again["last_id"].removeprefix(PREFIX)).created == START + 2


def test_nothing_is_a_list_too():
    assert page() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"order": "asc"}, Unsupported),
        ({"before": "video_1"}, Unsupported),
        ({"limit": "none"}, InvalidRequest),
        ({"limit": "0"}, InvalidRequest),
        ({"after": "file-1"}, NotFound),
        ({"after": PREFIX + Ticket(ref="p", created=10**18).text()}, InvalidRequest),
    ],
)
def test_what_cannot_be_listed_so_is_refused(query: dict, error: type[Exception]):
    with pytest.raises(error):
        inquiry().path("", query)


def test_an_answer_that_is_no_list_is_none():
    one = inquiry()
    echo = {SPAN: one.span({}), NAMED: str}
    with pytest.raises(BadAnswer):
        one.whole(b'{"detail": "?"}', Context(model="", id="x", now=START, echo=echo))


def test_others_list_none():
    with pytest.raises(Unsupported):
        Inquiry(FILMS, RESOURCES["gemini.video"], LIST)
