"""Lists of several backends as one: every thing once, in the order of time, whatever the pages."""

from collections.abc import Mapping

import pytest

from providers.bridging.pages import ROUNDS, ByCursor, ByTime, Chained, Merged, Ordered, Want
from providers.errors import InvalidRequest, Unsupported

PAGES = ByTime(
    items="data", sizes=("limit",), begins=("after",), alone=frozenset({"before"}), usual=3, most=4
)
BY_CURSOR = ByCursor(items="files", sizes=("pageSize",), begins=("pageToken",), more="next")
Things = list[dict]


def things(name: str, *made: object) -> Things:
    return [{"id": f"{name}{n}", "created_at": when} for n, when in enumerate(made)]


def page(known: Things, query: Mapping[str, str], most: int = 2) -> dict:
    """As a vendor answers who never shows more than `most`."""
    ordered = known[::-1] if query.get("order") == "asc" else known
    ids = [thing["id"] for thing in ordered]
    rest = ordered[ids.index(query["after"]) + 1 :] if "after" in query else ordered
    shown = rest[: min(int(query.get("limit", most)), most)]
    return {"object": "list", "data": shown, "has_more": len(rest) > len(shown)}


def answered(merged: Merged, backends: Mapping[str, Things], down: str = "") -> dict | None:
    while wants := merged.wanted():
        for want in wants:
            merged.take(want, None if want.backend == down else said(want, backends[want.backend]))
    return merged.page()


def said(want: Want, known: Things) -> dict:
    return (
        next(thing for thing in known if thing["id"] == want.id)
        if want.id
        else page(known, dict(want.query))
    )


def ordered(backends: Mapping[str, Things], **query: str) -> Ordered:
    return Ordered(PAGES, list(backends), list(query.items()), lambda id: id[0])


def walked(backends: Mapping[str, Things], **query: str) -> list[str]:
    found: list[str] = []
    while True:
        body = answered(ordered(backends, **query), backends)
        assert body is not None
        found += [thing["id"] for thing in body["data"]]
        if not body["has_more"]:
            return found
        assert body["last_id"] == found[-1]
        query["after"] = found[-1]


TIED = {
    "a": things("a", 9, 7, 7, 5, 1),
    "b": things("b", 8, 7, 7, 7, 7, 7, 2),
    "c": things("c"),
}
NEWEST = ["a0", "b0", "a1", "a2", "b1", "b2", "b3", "b4", "b5", "a3", "b6", "a4"]


@pytest.mark.parametrize("limit", ["1", "2", "3", "4", "9", ""])
def test_every_thing_comes_once_and_in_order(limit: str):
    query = {"limit": limit} if limit else {}
    assert walked(TIED, **query) == NEWEST
    oldest = walked(TIED, order="asc", **query)
    made = {thing["id"]: thing["created_at"] for each in TIED.values() for thing in each}
    assert sorted(oldest) == sorted(NEWEST)
    assert [made[id] for id in oldest] == sorted(made.values())


def test_times_in_words_are_times():
    known = {
        "a": things("a", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z"),
        "b": things("b", "2026-01-01T00:00:00.25Z", "2025-12-31T23:59:59.999999+00:00", "never"),
    }
    assert walked(known, limit="1") == ["a0", "b0", "a1", "b1", "b2"]


def test_who_knows_no_cursors_shows_all_at_once():
    known = {"a": things("a", 9, 3), "b": things("b", 5, 4)}

    def whole(want: Want) -> dict:
        every = {"data": known[want.backend][::-1]}  # in no order at all
        return known[want.backend][0] if want.id else every

    one = ordered(known, after="a0", limit="2")
    for want in one.wanted():
        one.take(want, whole(want))
    assert not one.wanted()
    body = one.page()
    assert [thing["id"] for thing in body["data"]] == ["b0", "b1"]
    assert body["has_more"]


def test_who_counts_pages_is_not_all_there():
    one = ordered({"a": [], "b": []})
    first, second = one.wanted()
    one.take(first, {"data": things("a", 9), "total": 5})
    one.take(second, {"data": things("b", 8), "total": 1})
    assert not one.wanted()
    assert list(one.missing) == ["a"]


def test_the_part_of_who_is_down_is_missing():
    one = ordered(TIED, limit="4")
    body = answered(one, TIED, down="b")
    assert [thing["id"] for thing in body["data"]] == ["a0", "a1", "a2", "a3"]
    assert list(one.missing) == ["b"]
    nobody = ordered({"a": []})
    assert answered(nobody, {"a": []}, down="a") is None


def test_what_is_too_far_behind_is_refused():
    known = {"a": things("a", 0), "b": things("b", *range(9_000, 9_000 - 3 * ROUNDS, -1))}
    with pytest.raises(InvalidRequest, match="x-ai-backend"):
        answered(ordered(known, after="a0"), known)


def test_what_one_alone_can_answer_is_refused():
    with pytest.raises(Unsupported, match="before"):
        ordered(TIED, before="a0")


def test_odd_answers_are_no_things():
    one = ordered({"a": [], "b": []})
    first, second = one.wanted()
    one.take(first, {"data": [1, {"id": "a0", "created_at": True}], "has_more": "yes"})
    one.take(second, {"data": "nothing"})
    assert not one.wanted()
    assert [thing["id"] for thing in one.page()["data"]] == ["a0"]


def chained(backends: Mapping[str, list], **query: str) -> Chained:
    return Chained(
        BY_CURSOR,
        list(backends),
        list(query.items()),
        opened=lambda text: tuple(text.split(":")),
        closed=lambda backend, cursor: f"{backend}:{cursor}",
    )


def numbered(want: Want, known: list) -> dict:
    query = dict(want.query)
    start = int(query.get("pageToken") or 0)
    end = start + min(int(query.get("pageSize") or 2), 2)
    more = {"next": str(end)} if end < len(known) else {}
    shown = {"files": known[start:end]} if known[start:end] else {}
    return {**shown, **more}


FILES = {"a": [1, 2, 3], "b": [], "c": [4, 5], "d": [6]}


@pytest.mark.parametrize("size", ["", "1", "2", "3", "50"])
def test_one_list_comes_after_the_other(size: str):
    query, found = {"filter": "x", **({"pageSize": size} if size else {})}, []
    while True:
        one = chained(FILES, **query)
        while wants := one.wanted():
            (want,) = wants
            assert want.query[0] == ("filter", "x")
            one.take(want, numbered(want, FILES[want.backend]))
        body = one.page()
        assert len(body.get("files", [])) <= int(size or 9)
        found += body.get("files", [])
        if "next" not in body:
            break
        query["pageToken"] = body["next"]
    assert found == [1, 2, 3, 4, 5, 6]


def test_the_next_list_follows_where_one_is_missing():
    one = chained(FILES, pageSize="5")
    while wants := one.wanted():
        want = wants[0]
        one.take(want, None if want.backend == "a" else numbered(want, FILES[want.backend]))
    assert one.page() == {"files": [4, 5, 6]}
    assert list(one.missing) == ["a"]


def test_a_backend_that_shows_the_same_page_for_ever_is_read_once():
    same = {"data": things("a", 9, 8), "has_more": True}
    one = ordered({"a": [], "b": []}, limit="4")
    rounds = 0
    while wants := one.wanted():
        rounds += 1
        for want in wants:
            one.take(want, same if want.backend == "a" else page(things("b", 7), {}))
    body = one.page()
    assert body is not None
    assert [thing["id"] for thing in body["data"]] == ["a0", "a1", "b0"]
    assert (rounds, list(one.missing), body["has_more"]) == (2, ["a"], False)
