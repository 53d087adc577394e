"""The finder where no model is named: who keeps what is asked for, and nobody else."""

import json

import pytest

from extproc.config import parse
from extproc.exchange.ids import Seal
from extproc.render.filters import model_finder_script
from providers.wire import multipart
from providers.wire.multipart import Upload
from tests.envoy.finder import CHAT, Finder

SECRET = {"key": "secret"}


def gateway(*names: str, **resources: object) -> dict:
    one = {"provider": "openai", "credential": {"api_key": "env:K"}}
    return {
        "version": 1,
        "backends": dict.fromkeys(names, one),
        "resources": {"secret": "env:K", **resources},
    }


def finder(*names: str, **resources: object) -> Finder:
    return Finder(model_finder_script("", parse(gateway(*names, **resources))))


TWO = finder("a", "b")
ID = Seal("b", "", SECRET).closed("file-1")
OLD = Seal("gone", "", SECRET).closed("file-1")


class Kept:
    """What the finder made of a request."""

    def __init__(self, one: Finder, method: str, path: str, body: bytes | None = None, **more: str):
        seen = one.request(body, **{":method": method, ":path": path, **more})
        self.found = one.run(seen)
        cluster = seen[b"headers"][b"x-ai-cluster"]
        self.cluster = None if cluster is None else cluster.decode()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/v1/files/{ID}", None),
        ("DELETE", f"/v1/files/{ID}", None),
        ("GET", f"/v1/files/{ID}/content", None),
        ("GET", f"/openai/v1/files/{ID}?a=b", None),
        ("GET", f"/files/{ID}", None),
        ("GET", f"/v1//v1/files/{ID}", None),
        ("POST", "/v1/batches", b'{"x":"0gw","input_file_id":"%s"}' % ID.encode()),
    ],
)
def test_an_id_leads_to_its_backend(method: str, path: str, body: bytes | None) -> None:
    kept = Kept(TWO, method, path, body, **{"x-ai-backend": "a"} if body is None else {})
    assert kept.cluster == "ai/b"
    assert kept.found.call is not None
    assert kept.found.call.startswith("kept\n/")
    assert kept.found.model is None
    assert kept.found.cleared


def test_a_header_names_the_backend_and_no_other_one() -> None:
    assert Kept(TWO, "GET", "/v1/files", **{"x-ai-backend": "b"}).cluster == "ai/b"
    wrong = Kept(TWO, "GET", "/v1/files", **{"x-ai-backend": "c"})
    assert (wrong.found.status, wrong.cluster) == ("404", None)
    assert "a, b" in (wrong.found.message or "")
    none = Kept(TWO, "POST", "/v1/vector_stores", b"{}")
    assert (none.found.status, none.cluster) == ("400", None)


@pytest.mark.parametrize("path", ["/v1/files", "/openai/files/", f"/v1/files?after={ID}&limit=1"])
def test_a_list_of_all_is_asked_of_the_first_or_the_default(path: str) -> None:
    assert Kept(TWO, "GET", path).cluster == "ai/a"
    assert Kept(finder("a", "b", default="b"), "GET", path).cluster == "ai/b"
    assert Kept(TWO, "GET", path, **{"x-ai-backend": "b"}).cluster == "ai/b"


def test_the_only_one_or_the_default_is_asked_unless_told_otherwise() -> None:
    assert Kept(finder("a"), "GET", "/v1/files").cluster == "ai/a"
    some = finder("a", "b", default={"files": "b"})
    assert Kept(some, "GET", "/v1/files").cluster == "ai/b"
    assert Kept(some, "POST", "/v1/batches", b"{}").found.status == "400"
    assert Kept(some, "GET", "/v1/files", **{"x-ai-backend": "a"}).cluster == "ai/a"


def test_an_id_of_a_backend_that_is_gone_leads_to_one_that_will_not_find_it() -> None:
    assert Kept(TWO, "GET", f"/v1/files/{OLD}").cluster == "ai/a"


def test_a_file_for_a_batch_goes_the_way_of_its_model() -> None:
    line = json.dumps({"url": CHAT, "body": {"messages": [], "model": "m"}}).encode()
    for purpose, model in (("batch", "m"), ("assistants", None)):
        file = Upload(data=line + b"\n{}", filename="b.jsonl", media_type="")
        body, kind = multipart.render({"purpose": purpose, "file": file})
        kept = Kept(TWO, "POST", "/v1/files", body, **{"content-type": kind})
        assert (kept.found.model, kept.cluster) == (model, None)


@pytest.mark.parametrize("default", [{}, {"default": "first"}])
def test_a_list_of_all_is_asked_for_where_the_format_is_the_backends_own(default: dict) -> None:
    config = gateway("a", "b", **default)
    claude = {"provider": "anthropic", "credential": {"api_key": "env:K"}, "openai_batches": True}
    config["backends"] = {"first": claude, **config["backends"]}
    one = Finder(model_finder_script("", parse(config)))
    assert Kept(one, "GET", "/v1/batches").cluster == "ai/a"
    assert Kept(one, "GET", "/v1/batches", **{"x-ai-backend": "first"}).cluster == "ai/first"
    first = Seal("first", "", SECRET).closed("batch_1")
    assert Kept(one, "GET", f"/v1/batches/{first}").cluster == "ai/first"


def test_an_id_in_a_form_leads_to_its_backend() -> None:
    for member, cluster in (("consent", "ai/b"), ("name", "ai/b"), ("other", "ai/a")):
        said = {member: ID if member != "other" else f"{ID} and more", "type": "prompt"}
        body, kind = multipart.render(said)
        default = finder("a", "b", default="a")
        kept = Kept(default, "POST", "/v1/audio/voices", body, **{"content-type": kind})
        assert kept.cluster == cluster, member


def test_a_call_of_a_model_is_bound_to_the_backend_of_what_it_uses() -> None:
    body = b'{"model":"m","previous_response_id":"%s"}' % ID.encode()
    kept = Kept(TWO, "POST", "/v1/responses", body)
    assert (kept.found.model, kept.cluster) == ("m", "ai/b")
    said = json.dumps({"model": "m", "input": f'say "{ID}"'}).encode()
    assert Kept(TWO, "POST", "/v1/responses", said).cluster is None
    assert Kept(finder("a"), "POST", "/v1/responses", body).cluster is None


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/filesystem", "/v2/files", "/v1", "/", ""])
def test_other_paths_lead_nowhere(path: str) -> None:
    kept = Kept(TWO, "GET", path, **{"x-ai-backend": "a"})
    assert (kept.found.call, kept.cluster) == (None, None)


def test_where_nobody_could_tell_whose_an_id_is_nothing_is_kept() -> None:
    data = gateway("a", "b")
    del data["resources"]
    one = Finder(model_finder_script("", parse(data)))
    kept = Kept(one, "GET", f"/v1/files/{ID}", **{"x-ai-backend": "a"})
    assert kept.found.status == "404"
    assert "resources.secret" in (kept.found.message or "")


def google(*names: str) -> Finder:
    one = {"provider": "gemini", "credential": {"api_key": "env:K"}}
    data = {"version": 1, "backends": dict.fromkeys(names, one), "resources": {"secret": "env:K"}}
    return Finder(model_finder_script("", parse(data)))


BATCH = "/v1beta/models/a%20model:batchGenerateContent"
NAME = Seal("b", "", SECRET).closed("files/1")


@pytest.mark.parametrize("path", [BATCH, f"/v1beta{BATCH}", BATCH.replace("/v1beta", "")])
def test_what_is_made_at_a_model_goes_the_way_of_the_model(path: str) -> None:
    kept = Kept(google("a", "b"), "POST", path, b"{}")
    assert (kept.found.model, kept.cluster) == ("a model", None)
    assert (kept.found.call or "").startswith("kept\n/")
    assert Kept(google("a"), "POST", path, b"{}").cluster == "ai/a"
    assert Kept(google("a", "b"), "POST", path, b"{}", **{"x-ai-backend": "b"}).cluster == "ai/b"
    body = b'{"batch":{"inputConfig":{"fileName":"%s"}}}' % NAME.encode()
    assert Kept(google("a", "b"), "POST", path, body).cluster == "ai/b"


def test_no_body_of_a_file_is_waited_for() -> None:
    for path in ("/upload/v1beta/files?upload_id=x", "/upload/v1beta/files"):
        kept = Kept(google("a", "b"), "POST", path, b"{}")
        assert (kept.found.status, kept.found.reads) == ("400", 0)
    lead = Seal("b", "", SECRET).closed("x")
    kept = Kept(google("a", "b"), "POST", f"/upload/v1beta/files?upload_id={lead}", b"\x00")
    assert (kept.cluster, kept.found.reads) == ("ai/b", 0)


@pytest.mark.parametrize(
    "path", ["/v1beta/models", "/v1beta/models/m", BATCH.replace("batchGenerate", "nothing")]
)
def test_models_themselves_are_nothing_that_is_kept(path: str) -> None:
    assert Kept(google("a"), "GET", path).found.call is None


@pytest.mark.parametrize(
    ("path", "header", "cluster"),
    [
        ("/v1/files", {}, None),
        ("/v1/files", {"x-goog-api-client": "genai"}, "ai/a"),
        ("/v1beta/files", {}, "ai/a"),
        ("/upload/v1beta/files", {}, "ai/a"),
    ],
)
def test_a_header_tells_clients_apart_only_where_others_have_the_path(
    path: str, header: dict, cluster: str | None
) -> None:
    assert Kept(google("a"), "GET", path, **header).cluster == cluster


@pytest.mark.parametrize("text", [b"0gw" * 400_000, b'0gw"' * 300_000, b'"' * 1_200_000])
def test_hostile_bodies_are_looked_through_at_once(text: bytes) -> None:
    body = b'{"model":"m","x":"' + text.replace(b'"', b"'") + b'"}'
    assert TWO.instructions(body) < 100_000


def films() -> Finder:
    data = gateway("a")
    data["backends"]["b"] = {**data["backends"]["a"], "provider": "gemini"}
    return Finder(model_finder_script("", parse(data)))


FILMS = films()


@pytest.mark.parametrize(
    "path",
    [
        f"/v1beta/models/veo-3.1/operations/{ID}",
        f"/v1alpha/models/veo-3.1/operations/{ID}?a=b",
        f"/v1beta/files/{ID}:download?alt=media",
        f"/v1/videos/{ID}/content",
    ],
)
def test_what_is_kept_below_a_model_or_before_a_verb_is_found(path: str) -> None:
    kept = Kept(FILMS, "GET", path)
    assert kept.cluster == "ai/b"
    assert (kept.found.call or "").startswith(f"kept\n{path}\n")


def test_a_get_that_becomes_a_post_is_given_a_body_at_that_backend_alone() -> None:
    data = gateway("a")
    there = {"project": "p", "region": "us", "credential": {"gcp": {"access_token": "env:K"}}}
    data["backends"]["b"] = {"provider": "vertex", **there}
    finder = Finder(model_finder_script("", parse(data)))
    for method, backend, given in (("GET", "b", b"{}"), ("DELETE", "b", None), ("GET", "a", None)):
        id = f"video_1{Seal(backend, '', SECRET).closed('')}"
        seen = finder.request(None, **{":method": method, ":path": f"/v1/videos/{id}"})
        assert (finder.run(seen).call or "").endswith("\nopenai.video")
        assert (seen[b"headers"][b"x-ai-cluster"], seen[b"given"]) == (
            b"ai/%s" % backend.encode(),
            given,
        )


@pytest.mark.parametrize(
    "path", ["/v1beta/models", "/v1beta/models/veo-3.1", "/v1beta/models/a/b/operations/c"]
)
def test_models_themselves_are_not_kept(path: str) -> None:
    assert Kept(FILMS, "GET", path).found.call is None


def test_a_film_is_asked_for_by_a_form_or_by_json() -> None:
    form, kind = multipart.render({"model": "m", "prompt": "a fox"})
    bare, _ = multipart.render({"prompt": "a fox"})
    file, _ = multipart.render({"model": "m", "input_reference[file_id]": ID})
    for body, said, model, cluster in (
        (form, kind, "m", None),
        (b'{"model":"m"}', "application/json", "m", None),
        (b'{"model":"m","input_reference":{"file_id":"%s"}}' % ID.encode(), "", "m", "ai/b"),
        (file, kind.replace(kind.partition("boundary=")[2], file[2:50].decode()), "m", "ai/b"),
        (bare, kind.replace(kind.partition("boundary=")[2], bare[2:50].decode()), None, None),
    ):
        kept = Kept(TWO, "POST", "/v1/videos", body, **{"content-type": said})
        assert (kept.found.model, kept.cluster) == (model, cluster), (body, kept.found)
        assert (kept.found.message is None) == (model is not None)


def passing() -> Finder:
    config = gateway("a", "b")
    config["backends"] = {**config["backends"]}
    config["backends"]["b"] = {**config["backends"]["b"], "passthrough": ["GET /v1/x"]}
    return Finder(model_finder_script("/ai", parse(config)))


def test_a_path_of_a_backend_leads_there_where_any_may_be_asked_for() -> None:
    one = passing()
    for path in ("/passthrough/b/v1/x?a=b", "/ai/passthrough/b/v1/x?a=b"):
        kept = Kept(one, "GET", path, **{"x-ai-model": "small"})
        assert kept.cluster == "ai/b"
        assert kept.found.call == "passthrough\n/v1/x?a=b\nb"
        assert kept.found.model is None
        assert kept.found.cleared
    assert Kept(one, "POST", "/passthrough/b/v1/chat/completions", b"").found.reads == 0
    for path in ("/passthrough/a/v1/x", "/passthrough/b", "/passthrough/b?/v1/x", "/passthrough/"):
        kept = Kept(one, "GET", path)
        assert (kept.cluster, kept.found.call) == (None, None)
    assert Kept(one, "GET", "/passthrough/b/v1/x", upgrade="websocket").cluster is None
