"""What an Envoy is told, in both forms of the protocol."""

import pytest

from extproc.xds.peer import Answer, Ask, Peer
from extproc.xds.snapshot import CLUSTERS, LISTENERS, ROUTES, Resource, Snapshot


def shot(**kinds: dict[str, str]) -> Snapshot:
    names = {"clusters": CLUSTERS, "listeners": LISTENERS, "routes": ROUTES}
    made = {
        names[kind]: {name: Resource(version, version.encode()) for name, version in some.items()}
        for kind, some in kinds.items()
    }
    return Snapshot(str(kinds), made, {})


BEFORE = shot(clusters={"a": "1", "b": "1"}, listeners={"l": "1"}, routes={"r": "1"})
AFTER = shot(clusters={"b": "2", "c": "1"}, listeners={"l": "1"}, routes={"r": "2"})


def taken(peer: Peer, answer: Answer | None, names: tuple[str, ...] = ()) -> Answer:
    """The answer, which Envoy acknowledges."""
    assert answer is not None
    said = names if answer.kind not in (CLUSTERS, LISTENERS) else ()
    assert peer.hear(Ask(kind=answer.kind, nonce=answer.nonce, names=said)) is None
    assert answer.kind not in peer.open
    return answer


@pytest.fixture(params=["whole", "delta"])
def peer(request) -> Peer:
    """One that has everything of `BEFORE`."""
    peer = Peer(BEFORE, whole=request.param == "whole")
    for kind, names in ((CLUSTERS, ()), (LISTENERS, ()), (ROUTES, ("r",))):
        taken(peer, peer.hear(Ask(kind=kind, names=names)), names if peer._whole else ())
    assert peer.complete()
    return peer


def test_who_names_nothing_gets_every_cluster_and_who_names_a_route_gets_that():
    peer = Peer(shot(clusters={"a": "1"}, routes={"r": "1", "s": "1"}), whole=False)
    found = peer.hear(Ask(kind=CLUSTERS))
    assert found is not None
    assert list(found.resources) == ["a"]
    found = peer.hear(Ask(kind=ROUTES, names=("s",)))
    assert found is not None
    assert list(found.resources) == ["s"]


def test_what_is_new_comes_before_what_is_gone_goes(peer: Peer):
    peer.snapshot = AFTER
    assert peer.changed(CLUSTERS) == {"b", "c"}
    grown = taken(peer, peer.grown(CLUSTERS))
    assert grown.removed == ()
    assert grown.resources.keys() == ({"a", "b", "c"} if peer._whole else {"b", "c"})
    assert (
        taken(peer, peer.exact(ROUTES), ("r",) if peer._whole else ()).resources["r"].body == b"2"
    )
    assert peer.exact(LISTENERS) is None
    exact = taken(peer, peer.exact(CLUSTERS))
    assert exact.removed == ("a",)
    assert exact.resources.keys() == ({"b", "c"} if peer._whole else set())
    assert peer.exact(CLUSTERS) is None


def test_what_was_refused_is_told_again_as_it_was(peer: Peer):
    peer.snapshot = AFTER
    refused = peer.exact(ROUTES)
    assert refused is not None
    names = ("r",) if peer._whole else ()
    assert peer.hear(Ask(kind=ROUTES, nonce=refused.nonce, error="no", names=names)) is None
    peer.snapshot = BEFORE
    assert taken(peer, peer.exact(ROUTES), names).resources["r"].body == b"1"


def test_who_has_it_from_before_is_told_what_differs():
    peer = Peer(AFTER, whole=False)
    known = {"a": "1", "b": "1"}
    found = taken(peer, peer.hear(Ask(kind=CLUSTERS, known=known)))
    assert (found.resources.keys(), found.removed) == ({"b", "c"}, ())
    assert taken(peer, peer.exact(CLUSTERS)).removed == ("a",)


def test_who_asks_for_what_is_not_there_hears_so():
    peer = Peer(BEFORE, whole=False)
    found = peer.hear(Ask(kind=ROUTES, names=("r", "gone")))
    assert found is not None
    assert (list(found.resources), found.removed) == (["r"], ("gone",))


def test_who_wants_something_more_gets_it(peer: Peer):
    peer.snapshot = shot(routes={"r": "1", "s": "1"})
    nonce = peer._nonces[ROUTES]
    names = ("r", "s") if peer._whole else ("s",)
    found = peer.hear(Ask(kind=ROUTES, nonce=nonce if peer._whole else "", names=names))
    assert found is not None
    assert "s" in found.resources


def test_a_late_word_about_an_older_answer_changes_nothing(peer: Peer):
    peer.snapshot = AFTER
    first = peer.grown(CLUSTERS)
    assert first is not None
    peer.snapshot = shot(clusters={"d": "1"}, listeners={"l": "1"}, routes={"r": "1"})
    second = peer.grown(CLUSTERS)
    assert second is not None
    assert peer.hear(Ask(kind=CLUSTERS, nonce=first.nonce)) is None
    assert peer.open == {CLUSTERS: second.nonce}


def test_who_no_longer_wants_something_hears_no_more_of_it():
    peer = Peer(shot(routes={"r": "1", "s": "1"}), whole=False)
    taken(peer, peer.hear(Ask(kind=ROUTES, names=("r", "s"))))
    assert peer.hear(Ask(kind=ROUTES, dropped=("s",))) is None
    peer.snapshot = shot(routes={"r": "1", "s": "2"})
    assert peer.exact(ROUTES) is None
