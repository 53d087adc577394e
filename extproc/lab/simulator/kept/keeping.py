"""Answers of models that are asked for again, by whoever made them.

https://platform.openai.com/docs/api-reference/responses
"""

from typing import Any

import orjson

from extproc.lab.simulator.dialect import Json
from extproc.lab.simulator.kept import interactions, knowledge, operations, tasks
from extproc.lab.simulator.kept.shelf import Shelf

JOBS = frozenset({"openai.video", "gemini.video", tasks.XAI, tasks.RUNWAY, tasks.REPLICATE})
"""Dialects whose every answer is asked for again."""
STORED = frozenset({"openai.responses", "gemini.interactions", knowledge.DIALECT})
"""Dialects whose answers are kept where their request does not forbid it."""


def keeps(asked: Json, dialect: str) -> bool:
    """Whether an answer is kept."""
    if dialect in JOBS:
        return True
    stored = asked.get("store")
    return stored is True or (dialect in STORED and stored is not False)


def keep(shelf: Shelf, asked: Json, answered: bytes) -> bytes:
    """An answer of a model, kept where that was asked for; what is said of it instead."""
    try:
        said: Any = orjson.loads(answered)
    except orjson.JSONDecodeError:
        return answered
    kind = said.get("object")
    if kind == "response":
        shelf.put({**said, "background": bool(asked.get("background"))})
        if asked.get("background"):
            queued = {**said, "background": True, "status": "queued", "output": [], "usage": None}
            return orjson.dumps(queued)
    elif "steps" in said:
        return orjson.dumps(interactions.begin(shelf, asked, said))
    elif "sessionId" in said:
        knowledge.go_on(shelf, asked, said)
    elif kind == "video":
        return orjson.dumps(shelf.put({**said, "id": shelf.new_id("video_")}))
    elif "/operations/" in str(said.get("name")):
        return orjson.dumps(operations.begin(shelf, said["name"], said["prompt"]))
    elif "request_id" in said:
        return orjson.dumps(tasks.begin(shelf, tasks.XAI, said["prompt"]))
    elif "task" in said:
        return orjson.dumps(tasks.begin(shelf, tasks.RUNWAY, said["prompt"]))
    elif "prediction" in said:
        return orjson.dumps(tasks.predict(shelf, said["model"], asked["input"]))
    elif kind == "chat.completion":
        shelf.put({**said, "metadata": asked.get("metadata") or {}})
    return answered
