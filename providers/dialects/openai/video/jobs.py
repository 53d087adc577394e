"""What is done with films in OpenAI's format once they are asked for.

https://platform.openai.com/docs/api-reference/videos
"""

from providers.bridging.jobs import Following, Verb
from providers.bridging.kept_ids import Ids
from providers.dialects.openai.kept_ids import CHANGED, FILMS
from providers.dialects.openai.resources import PAGES, delete, get, kept, post
from providers.dialects.openai.video.response import render_job, render_page, ticket_of, watch
from providers.operations import Operation
from providers.wire.members import Json

ONE = "/videos/{video}"


def _places(body: Json) -> Ids:
    """A film that is changed is named, or is a client's file; a form names it by brackets."""
    brought = "video" in body and not isinstance(body["video"], str | dict | list)
    named = any(name.startswith("video[") for name in body)
    return FILMS if brought and not named else CHANGED


VIDEOS = kept(
    Operation.VIDEO,
    "/videos",
    (
        get("/videos", listed=True, pages=PAGES, verb=Verb.LIST),
        get(ONE, verb=Verb.SHOW),
        delete(ONE),
        get(f"{ONE}/content", content=True, verb=Verb.FETCH),
        post(f"{ONE}/remix", told=watch),
        post("/videos/edits", told=watch),
        post("/videos/extensions", told=watch),
    ),
    ids=_places,
    shown=FILMS,
    following=Following(
        ticket=ticket_of, render=render_job, page=render_page, usual={"variant": "video"}
    ),
)
