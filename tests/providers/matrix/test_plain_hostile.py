"""Members of every request but those for conversations, with what nobody should say in them."""

import json
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import pytest

from providers.catalog import PROVIDERS
from providers.wire import multipart
from providers.wire.multipart import Upload
from tests.providers.matrix.asked import CLIENTS, SOUND, Client, targets
from tests.providers.matrix.fields import with_field
from tests.providers.matrix.test_plain_silence import base_of
from tests.providers.matrix.world import World

Json = dict[str, Any]


def deep(wrap: Any) -> Any:
    """A value within very many others."""
    value: Any = "x"
    for _ in range(900):
        value = wrap(value)
    return value


JUNK: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        1e30,
        10**30,
        "",
        "\x00",
        "a" * 5_000,
        "data:image/png;base64,%%%",
        "aG k=\n",
    ),
    *([], [[]], [None], {}, {"type": []}, [{"type": {}}], ["x"] * 300),
    *(deep(lambda inner: {"a": inner}), deep(lambda inner: [inner])),
)
BAD_PARTS: tuple[Any, ...] = (
    *("", "x", "nan", "1e999", "9" * 30, "null", "[]", "\U0001f600", ["a", ""], [SOUND, "a"], []),
    Upload(data=b"", filename="", media_type=""),
    Upload(data=b"a", filename='a"\r\nx: y', media_type="x\r\ny: z"),
)


def places(said: Json, at: str = "") -> Iterator[str]:
    """The paths of all members."""
    for name, value in said.items():
        yield at + name
        if isinstance(value, dict):
            yield from places(value, f"{at}{name}.")


def bodies(client: Client) -> Iterator[tuple[str, Json]]:
    """(which member, the body), each member with each value."""
    for field in dict.fromkeys([*places(client.base), *client.values]):
        base = base_of(client, field)
        for junk in BAD_PARTS if client.form else JUNK:
            yield field, with_field(base, field, junk)


def written(client: Client, body: Json) -> tuple[bytes, str]:
    if client.form:
        return multipart.render(body)
    return json.dumps(body).encode(), "application/json"


@pytest.mark.parametrize("name", CLIENTS)
def test_what_cannot_be_read_is_refused_in_the_clients_form(name: str):
    """Every second value goes to one of the providers, in turn; the next member gets the others."""
    client = CLIENTS[name]
    providers = cycle(targets(client.operation).values())
    for (field, body), target in zip(islice(bodies(client), 0, None, 2), providers, strict=False):
        world = World(target.dialect, provider=PROVIDERS[target.provider], model=target.model)
        data, kind = written(client, body)
        answer = world.ask(client.path, [("content-type", kind)], data)
        if not world.sent:
            assert 400 <= answer.status < 500, (field, target, answer)
            assert isinstance(json.loads(answer.body), dict)


FORMS = [name for name, client in CLIENTS.items() if client.form]


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_broken_is_refused(name: str):
    client = CLIENTS[name]
    data, kind = multipart.render(client.base)
    target = next(iter(targets(client.operation).values()))
    boundary = kind.partition("boundary=")[2]
    broken = [
        (data, "multipart/form-data"),
        (data, "multipart/form-data; boundary="),
        (data, "multipart/form-data; boundary=other"),
        (data, f"multipart/form-data; boundary={'b' * 5_000}"),
        (b"", kind),
        (b"--", kind),
        (data[:-4], kind),
        (data.replace(b'name="', b'nom="'), kind),
        (data.replace(b"\r\n", b"\n"), kind),
        (data.replace(boundary.encode(), b"x", 1), kind),
        *((data[:end], kind) for end in range(1, len(data), 61)),
    ]
    for body, content_type in broken:
        world = World(target.dialect, provider=PROVIDERS[target.provider], model=target.model)
        answer = world.ask(client.path, [("content-type", content_type)], body)
        assert (answer.status, world.sent) == (400, []), (body, content_type)
        assert isinstance(json.loads(answer.body), dict)
