"""What becomes of a client's field at a provider: found out by sending it, with and without."""

from typing import Any

import orjson

from providers.catalog import DIALECTS
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.fields import BASE, NEEDS, VALUES, with_field
from tests.providers.matrix.world import MODEL, Answered, World


def path_of(client: str) -> str:
    """Where a client of that dialect asks for a whole answer."""
    return DIALECTS[client].client[0].path.replace("{model}", MODEL)


class Outcome:
    """What became of a request."""

    def __init__(self, client: str, target: str, body: dict[str, Any]) -> None:
        world = World(target, validate=False)
        headers = [("content-type", "application/json")]
        self.answer: Answered = world.ask(path_of(client), headers, orjson.dumps(body))
        self.sent = world.sent[-1].json if world.sent else None
        named = dict(self.answer.headers).get("x-ai-dropped-params", "")
        self.dropped = {name for name in named.split(", ") if name}

    @property
    def refused(self) -> bool:
        """Whether the gateway itself said no."""
        return self.sent is None and self.answer.status == 400


def fate(
    client: str, target: str, without: dict[str, Any], having: dict[str, Any], name: str = ""
) -> str:
    """`carried`, `refused`, `nearest: names`, `dropped: names` or `silent`.

    `name`: dropped from both, if at all.
    """
    before, after = (Outcome(client, target, body) for body in (without, having))
    if before.sent is None:
        # What the field needs beside it cannot be told.
        assert before.refused, before.answer
        return "carried" if after.sent else "refused"
    if after.sent is None:
        assert after.refused, after.answer
        return f"refused: {after.answer.body.decode()}"
    lost = {name} & after.dropped or after.dropped - before.dropped
    if lost:
        what = "dropped" if after.sent == before.sent else "nearest"
        return f"{what}: {', '.join(sorted(lost))}"
    return "carried" if after.sent != before.sent else "silent"


def fates_of(client: str, field: str) -> dict[str, str]:
    """Provider's dialect → what becomes of a client's field there."""
    without = BASE[client]
    for path, value in NEEDS[client].get(field, {}).items():
        without = {**without, path: value}
    having = with_field(without, field, VALUES[client][field])
    return {target: fate(client, target, without, having) for target in CHAT if target != client}
