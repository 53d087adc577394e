"""The backends that a client names, where the route lets it."""

import pytest

from tests.envoy.finder import SCRIPT, Finder

FINDER = Finder(SCRIPT.replace("local ORDERED = false", "local ORDERED = true"))
KNOWN = ("east", "west", "far")
BODY = b'{"model": "m"}'


def asked(said: str | None, known=KNOWN, finder=FINDER):
    """What the finder did with a request of which the header says this."""
    headers = {} if said is None else {"x_ai_backends": said}
    return finder.request(BODY, (), known, **headers)


def order(said: str | None, known=KNOWN, finder=FINDER) -> tuple[list[str] | None, str | None]:
    """The groups and the number of attempts after the first that Envoy is told."""
    seen = asked(said, known, finder)
    found = finder.run(seen)
    assert found.status is None, found.message
    groups = seen[b"metadata"][b"ai.order/priority_groups"]
    names = None if groups is None else [one[b"name"].decode() for one in groups.values()]
    more = seen[b"headers"][b"x-envoy-max-retries"]
    return names, None if more is None else more.decode()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("west", (["west"], "0")),
        ("west,east", (["west", "east"], "1")),
        (" far ,\twest , east ", (["far", "west", "east"], "2")),
        ("east east west", (["east", "east", "west"], "2")),
        (None, (None, None)),
    ],
)
def test_envoy_is_told_whom_to_ask(said, told):
    assert order(said) == told


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("north", 'names "north", which is none of this model\'s backends: east, west, far'),
        ("EAST", 'names "EAST"'),
        ("", "from 1 to 3"),
        (" , ", "from 1 to 3"),
        ("east,east,east,east", "from 1 to 3"),
        ("n" * 5000, '"' + "n" * 64 + '"'),
    ],
)
def test_what_cannot_be_heeded_is_refused(said, says):
    seen = asked(said)
    found = FINDER.run(seen)
    assert (found.status, found.refused) == ("400", True)
    assert says in found.message
    assert seen[b"metadata"][b"ai.order/priority_groups"] is None


def test_a_route_that_lets_nobody_choose_says_so():
    found = FINDER.run(asked("east", ()))
    assert found.status == "400"
    assert "cannot be chosen" in found.message


def test_where_no_route_heeds_it_the_header_is_not_looked_at():
    finder = Finder()
    assert order("nobody", KNOWN, finder) == (None, None)
