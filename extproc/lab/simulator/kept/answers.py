"""OpenAI's stored answers and conversations, and how it lists things.

https://platform.openai.com/docs/api-reference/responses
"""

import re
from collections.abc import Sequence

import orjson

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept.shelf import Ask, json
from extproc.lab.simulator.play import Answer

PAGE = 20


def page(ask: Ask, things: Sequence[Json]) -> Answer:
    """A page of a list; a cursor must be one of it."""
    after = ask.query.get("after")
    ids = [thing["id"] for thing in things]
    if after is not None:
        if after not in ids:
            raise Refusal(f"No item with id {after!r} in the list.", param="after")
        things = things[ids.index(after) + 1 :]
    limit = int(ask.query.get("limit", PAGE))
    shown = things[:limit]
    return json(
        {
            "object": "list",
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": len(things) > limit,
        }
    )


def response(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], "response")
    if ask.query.get("stream") == "true":
        return _resumed(thing, int(ask.query.get("starting_after", -1)))
    return json(thing)


NUMBER = re.compile(rb'"sequence_number":(\d+)')


def _resumed(thing: Json, after: int) -> Answer:
    events = [
        {"type": "response.created", "response": {**thing, "status": "queued"}},
        {"type": "response.in_progress", "response": {**thing, "status": "in_progress"}},
        {"type": "response.completed", "response": thing},
    ]
    frames = [
        b"event: %s\ndata: %s\n\n"
        % (str(event["type"]).encode(), orjson.dumps({**event, "sequence_number": number}))
        for number, event in enumerate(events)
        if number > after
    ]
    return Answer(content_type="text/event-stream", events=frames)


def input_items(ask: Ask) -> Answer:
    ask.shelf.get(ask.ids[0], "response")
    return page(ask, [{"id": "msg_1", "type": "message", "role": "user", "content": []}])


def cancel_response(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], "response")
    if not thing.get("background"):
        raise Refusal("Only background responses can be cancelled.", param="response_id")
    return json({**thing, "status": "cancelled"})


def items(ask: Ask) -> Answer:
    """Of a conversation: added, or listed."""
    ask.shelf.get(ask.ids[0], "conversation")
    if ask.request.method == "POST":
        for item in ask.body["items"]:
            made = {**item, "id": ask.shelf.new_id("msg_"), "status": "completed"}
            ask.shelf.put({**made, "object": "item", "of": ask.ids[0]})
    found = ask.shelf.all("item", of=ask.ids[0])
    return page(ask, [_bare(item) for item in found])


def _bare(item: Json) -> Json:
    return {name: value for name, value in item.items() if name not in ("object", "of")}


def item(ask: Ask) -> Answer:
    owner = ask.shelf.get(ask.ids[0], "conversation")
    found = ask.shelf.get(ask.ids[1], "item")
    if found["of"] != owner["id"]:
        raise Refusal("No such item.", status=404)
    if ask.request.method == "DELETE":
        ask.shelf.drop(ask.ids[1])
        return json(owner)
    return json(_bare(found))
