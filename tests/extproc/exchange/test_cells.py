"""Every act on what is kept, at every provider that keeps it: one vector for each cell."""

import json
from urllib.parse import quote

import pytest

from extproc.config import parse
from extproc.exchange.acts import PLACE
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, Leave, Reject
from extproc.exchange.ids import Seal
from extproc.exchange.proof import BACKEND, CALL
from providers.bridging.jobs import Doing, Verb
from providers.bridging.resource import Act, Kept
from providers.catalog import PROVIDERS, RESOURCES, kept_by, runs
from providers.neutral.batches import Part, Slip
from providers.neutral.video import Ticket
from providers.operations import ASKED_FOR
from providers.signing.aws_sigv4 import aws_sigv4
from providers.vendors.provider import Provider
from tests.docs import kept_cells
from tests.plans import (
    Pairs,
    RequestHeaders,
    exchange,
    request_body,
    response_body,
    response_headers,
)

CELLS = [
    (provider, RESOURCES[name], act)
    for provider in PROVIDERS.values()
    for name in sorted(provider.keeps)
    for act in RESOURCES[name].acts
]
FOLLOWED = [
    (provider, RESOURCES[name], act)
    for provider in PROVIDERS.values()
    for name, own in kept_by(provider).items()
    for act in RESOURCES[name].acts
    if own.name != name and not runs(RESOURCES[name], own)
]
"""What clients of another format may ask for."""
BATCHED = [
    (provider, RESOURCES[name], act)
    for provider in PROVIDERS.values()
    for name, own in kept_by(provider).items()
    for act in RESOURCES[name].acts
    if runs(RESOURCES[name], own) and act.verb not in (Verb.SEND, Verb.MAKE)
]
"""What of batches that are run in another format, but their beginning."""
BATCH_REFS = {"anthropic": "b1", "gemini": "batches/b1"}
VERTEX = "projects/p/locations/us-east-1/publishers/google/models/m"
ARN = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/abc"
REFS = {
    "bedrock.video": ARN,
    "gemini.video": "models/m/operations/o",
    "replicate.video": "p1",
    "runway.video": "t1",
    "vertex.video": f"{VERTEX}/operations/o",
    "xai.video": "r1",
}
"""Kind → what its provider calls a job."""
PLACES = {
    "bedrock.video": f"/async-invoke/{quote(ARN, safe='')}",
    "vertex.video": f"/v1/{VERTEX}:fetchPredictOperation",
}
"""Kind → where a job is looked at, if not at what stands for it."""
SECRET = {"key": "secret"}
OPTIONS = {"instance": "inst", "region": "us-east-1", "project": "p"}


class Secrets:
    def get(self, backend: str, tried: object = ()) -> dict[str, str]:
        if backend.startswith("/"):
            return {"key": "secret"}
        return {"key": f"key-of-{backend}", "bearer": f"key-of-{backend}"}


def gateway(provider: Provider, kept: Kept) -> dict:
    options = {name: OPTIONS[name] for name in provider.options if name in OPTIONS}
    signs = provider.signer is aws_sigv4
    credential = {"aws": {"bearer": "env:K"}} if signs else {"api_key": "env:K"}
    one = {"provider": provider.name, "credential": credential, **options}
    if "bedrock.video" in provider.keeps:
        one["bucket"] = "s3://films/made"
    if kept.operation in ASKED_FOR:
        one["operations"] = kept.operation.value
    return {
        "version": 1,
        "backends": {"up": one, "other": one},
        "routes": [{"models": ["small"], "backends": [{"backend": "up", "model": "upstream"}]}],
        "resources": {"secret": "env:K"},
    }


def asked(kept: Kept, act: Act, seal: Seal) -> tuple[str, str]:
    """(the client's path, what stands in the provider's after the version)."""
    places = [place[1] or "*" for place in PLACE.finditer(act.path)]
    ids = [f"id-{number}" for number, _ in enumerate(places)]
    before = kept.collection
    words = {"*": lambda id: (id, id), "model": lambda id: ("small", "upstream")}

    def closed(id: str) -> tuple[str, str]:
        return seal.closed(before + id).removeprefix(before), id

    pairs = [words.get(place, closed)(id) for id, place in zip(ids, places, strict=True)]
    shown, own = (iter(each) for each in zip(*pairs, strict=True)) if pairs else (iter(()),) * 2
    path = PLACE.sub(lambda place: next(shown), act.path)
    return kept.prefixes[0] + path, PLACE.sub(lambda place: next(own), act.path)


def thing_of(kept: Kept, id: str) -> dict:
    """What an answer says of a thing with that id."""
    ids = kept.shown or kept.ids({})
    if ids.kinds:
        return {ids.kind: sorted(ids.kinds)[0], "id": id}
    return {sorted(ids.names & {"jobArn", "invocationArn", "name", "id"})[0]: id}


def body_of(act: Act) -> dict:
    body: dict = {"note": 1}
    for way in act.models:
        value: object = "small"
        for step in reversed(way):
            value = [value] if step == "*" else {step: value}
        assert isinstance(value, dict)
        body.update(value)
    return body


@pytest.mark.parametrize(
    ("provider", "kept", "act"),
    CELLS,
    ids=[f"{p.name}-{k.name}-{a.method}-{a.path}" for p, k, a in CELLS],
)
def test_an_act_goes_to_its_provider_and_back(provider: Provider, kept: Kept, act: Act):
    plan = compile_plan(parse(gateway(provider, kept)))
    seal = Seal("up", "", SECRET)
    path, own = asked(kept, act, seal)
    one = exchange(plan, Secrets())
    bare = act.method in ("GET", "DELETE")
    # A list of both backends is another matter.
    headers = Pairs(content_type="application/json", x_ai_backend="up")
    headers._pairs |= {
        ":path": path,
        ":method": act.method,
        ":authority": "here",
        ":scheme": "http",
    }
    attributes = {BACKEND: "up", CALL: f"kept\n{path}\n{kept.name}"}
    action = one.handle(RequestHeaders(headers, attributes, bare))
    if not bare:
        action = one.handle(request_body(body_of(act)))
        assert isinstance(action, Change), action
        assert b"small" not in (action.body or b"")
        assert (action.body is None) == act.raw
    else:
        assert type(action) is Leave, action
    sent = dict(action.set_headers)
    assert sent[":path"].partition("?")[0].endswith(own)
    assert "0gw" not in sent[":path"]
    assert any("key-of-up" in value for value in sent.values())
    assert action.metadata["operation"] == kept.operation.value
    answered = one.handle(response_headers())
    if not kept.has_ids:
        assert isinstance(answered, Change)
        assert answered.body is None
        return
    id = (kept.collection or "files/" * act.raw) + "id-9"
    shown = one.handle(response_body(thing_of(kept, id)))
    if not act.content:
        assert json.loads(shown.body) == thing_of(kept, seal.closed(id))


@pytest.mark.parametrize(
    ("provider", "kept", "act"),
    FOLLOWED,
    ids=[f"{p.name}-{k.name}-{a.method}-{a.path}" for p, k, a in FOLLOWED],
)
def test_a_job_is_asked_for_where_it_is_done_and_nothing_else(
    provider: Provider, kept: Kept, act: Act
):
    plan = compile_plan(parse(gateway(provider, kept)))
    own = kept_by(provider)[kept.name]
    ref = REFS[own.name]
    shown = Seal("up", "", SECRET).closed(f"video_{Ticket(ref=ref).text()}")
    path = kept.prefixes[0] + PLACE.sub(shown, act.path)
    one = exchange(plan, Secrets())
    headers = Pairs(content_type="application/json")
    headers._pairs |= {":path": path, ":method": act.method, "x-ai-backend": "up"}
    attributes = {BACKEND: "up", CALL: f"kept\n{path}\n{kept.name}"}
    assert isinstance(own.doing, Doing)
    posts = own.doing.body is not None
    action = one.handle(RequestHeaders(headers, attributes, not posts))
    lists = act.verb is Verb.LIST
    if posts and act.verb is not None and not lists:
        action = one.handle(request_body({}))
    if act.verb is None or (lists and own.doing.listing is None):
        assert isinstance(action, Reject)
        assert json.loads(action.body)["error"]["type"] == "invalid_request_error"
        return
    if lists:
        assert isinstance(action, Leave)
        assert dict(action.set_headers)[":path"].endswith(own.doing.listing.path(""))
        return
    assert type(action) is (Change if posts else Leave), action
    sent = dict(action.set_headers)
    assert sent[":path"] == PLACES.get(own.name) or sent[":path"].endswith(f"/{ref}")
    assert (sent.get(":method"), action.body) == (
        ("POST", json.dumps(own.doing.body(ref), separators=(",", ":")).encode())
        if own.doing.body
        else (None, None)
    )
    assert any("key-of-up" in value for value in sent.values())


def test_a_job_that_is_looked_at_by_a_post_needs_the_body_that_the_finder_gives():
    provider, kept = PROVIDERS["vertex"], RESOURCES["openai.video"]
    shown = Seal("up", "", SECRET).closed(f"video_{Ticket(ref=REFS['vertex.video']).text()}")
    headers, path = Pairs(), f"/v1/videos/{shown}"
    headers._pairs |= {":path": path, ":method": "GET"}
    attributes = {BACKEND: "up", CALL: f"kept\n{path}\n{kept.name}"}
    one = exchange(compile_plan(parse(gateway(provider, kept))), Secrets())
    action = one.handle(RequestHeaders(headers, attributes, True))
    assert isinstance(action, Reject)
    assert (action.status, b"render" in action.body) == (503, True)


@pytest.mark.parametrize(
    ("provider", "kept", "act"),
    BATCHED,
    ids=[f"{p.name}-{k.name}-{a.method}-{a.path}" for p, k, a in BATCHED],
)
def test_a_batch_is_asked_for_where_it_is_run(provider: Provider, kept: Kept, act: Act):
    said = gateway(provider, kept)
    said["backends"]["up"] = {**said["backends"]["up"], "openai_batches": True}
    plan = compile_plan(parse(said))
    ref, batch = BATCH_REFS[provider.name], kept.name == "openai.batches"
    part = Part.BATCH if batch else Part.OUTPUT
    slip = Slip(part=part, ref=ref, model="small", endpoint="c", lines=1, size=1, created=1)
    shown = Seal("up", "", SECRET).closed(f"{'batch_' if batch else 'file-'}{slip.text()}")
    path = kept.prefixes[0] + PLACE.sub(shown, act.path)
    one = exchange(plan, Secrets())
    headers = Pairs(content_type="application/json")
    headers._pairs |= {":path": path, ":method": act.method}
    attributes = {BACKEND: "up", CALL: f"kept\n{path}\n{kept.name}"}
    action = one.handle(RequestHeaders(headers, attributes, True))
    if act.verb is None:
        assert isinstance(action, Reject)
        why = "by its id" if act.listed else "is not possible there"
        assert why in json.loads(action.body)["error"]["message"]
        return
    assert type(action) is Leave, action
    sent = dict(action.set_headers)
    assert ("/batches?" if act.verb is Verb.LIST else f"/{ref}") in sent[":path"]
    assert any("key-of-up" in value for value in sent.values())


@pytest.mark.parametrize("kept", [kept for kept in RESOURCES.values() if kept.prefixes])
def test_what_is_not_known_is_not_found_in_the_clients_form(kept: Kept):
    provider = next(one for one in PROVIDERS.values() if kept.name in one.keeps)
    one = exchange(compile_plan(parse(gateway(provider, kept))))
    path = f"{kept.prefixes[0]}{kept.root}/x/y/z/../../.."
    headers = Pairs()
    headers._pairs |= {":path": path, ":method": "GET"}
    attributes = {BACKEND: "up", CALL: f"kept\n{path}\n{kept.name}"}
    action = one.handle(RequestHeaders(headers, attributes, True))
    assert isinstance(action, Reject)
    assert action.status == 404
    said = json.loads(action.body)
    assert said.get("error", said)["message"]


def test_every_cell_of_the_page_has_run():
    """The catalogue's page is made of what has vectors here, and of nothing else."""
    ran = {(provider.name, kept.operation) for provider, kept, _ in CELLS + FOLLOWED}
    assert ran == kept_cells()
    assert len(ran) >= 40
