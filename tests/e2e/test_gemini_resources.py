"""What the Gemini API keeps, by Google's SDK through a real Envoy."""

import io
from collections.abc import Iterator

import httpx
import openai
import orjson
import pytest
from google import genai
from google.genai import errors, types
from google.oauth2 import credentials

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_resources import ENV, Two

GOOGLE = "https://generativelanguage.googleapis.com/v1beta/"


def backends(**urls: str) -> dict:
    return {
        name: {
            "provider": "gemini",
            "base_url": url,
            "credential": {"api_key": f"env:KEY_{name.upper()}"},
        }
        for name, url in urls.items()
    }


def routes(*names: str) -> list[dict]:
    return [
        {
            "models": [f"of-{name}"],
            "backends": [{"backend": name, "model": "gemini-2.5-flash"}],
            "price": {"input": 2.0, "output": 10.0},
        }
        for name in names
    ]


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        config = {
            "backends": backends(a=a.url, b=b.url),
            "routes": routes("a", "b"),
            "resources": {"secret": "env:IDS"},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, b)


@pytest.fixture(scope="module")
def one() -> Iterator[Two]:
    with RunningSimulator(name="a") as a:
        config = {"backends": backends(a=a.url), "routes": routes("a")}
        with Local(config, ENV) as local:
            yield Two(local, a, a)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """One backend, and two clients who must not see what the other keeps."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator(name="a") as a:
        config = {
            "backends": backends(a=a.url),
            "routes": routes("a"),
            "clients": {"api_keys": {"file": str(keys)}},
            "resources": {"secret": "env:IDS"},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, a)


def sdk(gateway: Two, key: str = "any", attempts: int = 5, **headers: str) -> genai.Client:
    options = types.HttpOptions(
        base_url=gateway.local.url,
        headers=headers,
        timeout=30_000,
        retry_options=types.HttpRetryOptions(attempts=attempts),
    )
    return genai.Client(api_key=key, http_options=options)


def upload(client: genai.Client, data: bytes, kind: str = "text/plain", **more) -> types.File:
    config = types.UploadFileConfig(mime_type=kind, display_name="words", **more)
    return client.files.upload(file=io.BytesIO(data), config=config)


def shelf(simulator: RunningSimulator) -> dict:
    return simulator.simulator.desk.shelf.things


def asking(file: types.File) -> list:
    return ["what is this?", types.Part.from_uri(file_uri=file.uri, mime_type="text/plain")]


def test_with_one_backend_names_stay_and_uploads_come_here(one: Two):
    client = sdk(one)
    file = upload(client, b"words")
    assert file.name in shelf(one.a)
    assert file.uri == GOOGLE + file.name
    begun, sent = one.a.requests[-2:]
    assert begun.header("x-goog-api-key") == ENV["KEY_A"]
    assert not sent.header("x-goog-api-key")
    assert client.files.get(name=file.name).size_bytes == 5
    assert client.models.generate_content(model="of-a", contents=asking(file)).text
    client.files.delete(name=file.name)
    with pytest.raises(errors.ClientError) as caught:
        client.files.get(name=file.name)
    assert caught.value.code == 403


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_file_is_sent_in_pieces_to_one_backend_and_used_there(two: Two, name: str):
    simulator = {"a": two.a, "b": two.b}[name]
    data = b"w" * ((8 << 20) + 5)
    file = upload(sdk(two, **{"x-ai-backend": name}), data)
    own = file.name.partition("0gw")[0]
    assert own != file.name
    assert simulator.simulator.desk.shelf.contents[own] == data
    assert file.uri == GOOGLE + file.name
    anywhere = sdk(two)
    assert anywhere.files.get(name=file.name).name == file.name
    assert anywhere.files.get(name=file.uri).uri == file.uri
    answer = anywhere.models.generate_content(model=f"of-{name}", contents=asking(file))
    assert answer.text
    part = simulator.requests[-1].json["contents"][0]["parts"][1]
    assert part["fileData"]["file_uri"] == GOOGLE + own
    counted = anywhere.models.count_tokens(model=f"of-{name}", contents=asking(file))
    assert counted.total_tokens
    pieces = anywhere.models.generate_content_stream(model=f"of-{name}", contents=asking(file))
    assert "".join(piece.text or "" for piece in pieces)
    at = sdk(two, **{"x-ai-backend": name})
    listed = list(at.files.list())
    assert file.name in [each.name for each in listed]
    anywhere.files.delete(name=file.name)
    assert own not in shelf(simulator)


def test_files_are_used_by_clients_of_other_formats(two: Two):
    file = upload(sdk(two, **{"x-ai-backend": "b"}), b"words")
    part = {"type": "file", "file": {"file_id": file.uri}}
    client = openai.OpenAI(base_url=f"{two.local.url}/v1", api_key="any", max_retries=0)
    messages = [{"role": "user", "content": [{"type": "text", "text": "read"}, part]}]
    assert client.chat.completions.create(model="of-b", messages=messages).choices
    sent = two.b.requests[-1].json["contents"][0]["parts"][1]
    assert sent["fileData"]["fileUri"] == GOOGLE + file.name.partition("0gw")[0]
    part["file"]["file_id"] = GOOGLE + file.name.partition("0gw")[0]
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="of-b", messages=messages)


def test_a_file_may_be_given_a_name(two: Two):
    file = upload(sdk(two, **{"x-ai-backend": "a"}), b"words", name="my-words")
    assert file.name.partition("0gw")[0] == "files/my-words"
    assert sdk(two).files.get(name=file.name).display_name == "words"


def test_what_is_forged_is_not_found(two: Two):
    client = sdk(two)
    file = upload(sdk(two, **{"x-ai-backend": "a"}), b"words")
    own = file.name.partition("0gw")[0]
    forged = file.name[:-1] + ("a" if file.name[-1] != "a" else "b")
    before = len(two.a.requests)
    for name in (own, forged, "files/x", file.name.replace(own, own + "x")):
        with pytest.raises(errors.ClientError) as caught:
            client.files.get(name=name)
        assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
        for uri in (GOOGLE + name, name, f"https://generativelanguage.mtls.googleapis.com/{name}"):
            part = types.Part.from_uri(file_uri=uri, mime_type="text/plain")
            with pytest.raises(errors.ClientError) as caught:
                client.models.generate_content(model="of-a", contents=["read", part])
            assert caught.value.code == 404
    with pytest.raises(errors.ClientError):
        client.caches.get(name=file.name.replace("files/", "cachedContents/"))
    assert len(two.a.requests) == before
    elsewhere = types.Part.from_uri(file_uri="https://a.test/files/x", mime_type="text/plain")
    assert client.models.generate_content(model="of-a", contents=["read", elsewhere]).text


def test_who_does_not_say_which_backend_is_told_how(two: Two):
    with pytest.raises(errors.ClientError, match=r"x-ai-backend \(a, b\)"):
        upload(sdk(two), b"words")


def test_a_conversations_beginning_is_kept_and_used(two: Two):
    at_b, client = sdk(two, **{"x-ai-backend": "b"}), sdk(two)
    file = upload(at_b, b"words")
    config = types.CreateCachedContentConfig(
        contents=asking(file), display_name="words", ttl="300s", system_instruction="be brief"
    )
    cache = client.caches.create(model="of-b", config=config)
    own = cache.name.partition("0gw")[0]
    assert shelf(two.b)[own]["model"] == "models/gemini-2.5-flash"
    record = two.record(operation="caches", method="POST", backend="b")
    assert (record["input_tokens"], record["output_tokens"]) == (2048, 0)
    assert record["cost_nanousd"] == 2048 * 2_000
    use = types.GenerateContentConfig(cached_content=cache.name)
    assert client.models.generate_content(model="of-b", contents="go on", config=use).text
    assert two.b.requests[-1].json["cachedContent"] == own
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(
            model="of-b", contents="go on", config=types.GenerateContentConfig(cached_content=own)
        )
    assert caught.value.code == 404
    assert client.caches.get(name=cache.name).display_name == "words"
    assert [each.name for each in at_b.caches.list()] == [cache.name]
    later = types.UpdateCachedContentConfig(ttl="600s")
    assert client.caches.update(name=cache.name, config=later).name == cache.name
    client.caches.delete(name=cache.name)
    assert own not in shelf(two.b)


def test_a_cache_of_a_model_that_no_route_has_is_refused(two: Two):
    client = sdk(two, **{"x-ai-backend": "b"})
    config = types.CreateCachedContentConfig(contents="words")
    with pytest.raises(errors.ClientError, match="does not exist"):
        client.caches.create(model="gemini-2.5-flash", config=config)


def test_a_list_of_both_goes_on_where_a_page_ended(two: Two):
    for name in ("a", "b", "b"):
        at = sdk(two, **{"x-ai-backend": name})
        upload(at, b"words")
    client = sdk(two)
    kept = [id for one in (two.a, two.b) for id in reversed(shelf(one)) if id.startswith("files/")]
    for size in (1, 2, 50):
        found = list(client.files.list(config={"page_size": size}))
        assert [each.name.partition("0gw")[0] for each in found] == kept
    assert client.files.get(name=found[-1].name).name == found[-1].name
    page = client.files.list(config={"page_size": 1})
    token = page.config["page_token"]
    with pytest.raises(errors.ClientError) as caught:
        client.files.list(config={"page_token": token[:-1] + ("a" if token[-1] != "a" else "b")})
    assert caught.value.code == 404


def inlined(**more) -> list:
    contents = [{"role": "user", "parts": [{"text": "hello"}]}]
    return [types.InlinedRequest(contents=contents, metadata={"name": "files/x"}, **more)]


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_batch_is_made_shown_and_charged(two: Two, name: str):
    simulator, client = {"a": two.a, "b": two.b}[name], sdk(two)
    made = client.batches.create(model=f"of-{name}", src=inlined(model=f"of-{name}"))
    own = made.name.partition("0gw")[0]
    assert own in shelf(simulator)
    assert made.state == "JOB_STATE_PENDING"
    found = client.batches.get(name=made.name)
    assert (found.name, found.state) == (made.name, "JOB_STATE_SUCCEEDED")
    [answered] = found.dest.inlined_responses
    assert answered.metadata == {"name": "files/x"}
    usage = answered.response.usage_metadata
    place = f"/v1beta/{own}"
    record = two.record(operation="batches", method="GET", backend=name, path=place)
    assert record["input_tokens"] == usage.prompt_token_count
    full = record["input_tokens"] * 2_000 + record["output_tokens"] * 10_000
    assert record["cost_nanousd"] == full // 2 > 0
    at = sdk(two, **{"x-ai-backend": name})
    listed = {each.name: each for each in at.batches.list()}
    assert listed[made.name].state == "JOB_STATE_SUCCEEDED"
    # Nobody pays for a list.
    assert not any(each.dest and each.dest.inlined_responses for each in listed.values())
    client.batches.cancel(name=made.name)
    assert shelf(simulator)[own]["metadata"]["state"] == "BATCH_STATE_CANCELLED"
    client.batches.delete(name=made.name)
    with pytest.raises(errors.ClientError):
        client.batches.get(name=made.name)


def test_a_batch_of_a_file_is_charged_when_its_results_are_fetched(two: Two):
    line = {"key": "one", "request": {"contents": [{"parts": [{"text": "hello"}]}]}}
    file = upload(sdk(two, **{"x-ai-backend": "b"}), orjson.dumps(line), "application/jsonl")
    client = sdk(two)
    made = client.batches.create(model="of-b", src=file.name)
    found = client.batches.get(name=made.name)
    results = client.files.download(file=found.dest.file_name)
    said = orjson.loads(results.splitlines()[0])
    assert said["key"] == "one"
    own = found.dest.file_name.partition("0gw")[0]
    record = two.record(operation="files", method="GET", path=f"/v1beta/{own}:download")
    assert record["total_tokens"] == said["response"]["usageMetadata"]["totalTokenCount"]
    full = record["input_tokens"] * 2_000 + record["output_tokens"] * 10_000
    assert record["cost_nanousd"] == full // 2 > 0


@pytest.mark.filterwarnings("ignore:batches.create_embeddings")
def test_texts_are_embedded_at_leisure(two: Two):
    source = {"inlined_requests": {"contents": [types.Content(parts=[types.Part(text="tea")])]}}
    client = sdk(two)
    made = client.batches.create_embeddings(model="of-a", src=source)
    assert made.name.partition("0gw")[0] in shelf(two.a)
    assert client.batches.get(name=made.name).dest.inlined_embed_content_responses


def test_a_model_that_no_route_has_runs_no_batch(two: Two):
    client = sdk(two, **{"x-ai-backend": "a"})
    with pytest.raises(errors.ClientError, match="does not exist"):
        client.batches.create(model="nobody", src=inlined())
    url = f"{two.local.url}/v1beta/models/of-a:batchGenerateContent"
    for place in ("inputConfig", "input_config"):
        request = {"request": {"model": "models/nobody", "contents": []}}
        body = {"batch": {place: {"requests": {"requests": [request]}}}}
        assert httpx.post(url, json=body).status_code == 404


def test_what_a_client_keeps_is_its_own(clients: Two):
    ann, bob = sdk(clients, "key-of-ann"), sdk(clients, "key-of-bob")
    file = upload(ann, b"a secret of mine")
    cache = ann.caches.create(
        model="of-a", config=types.CreateCachedContentConfig(contents=asking(file))
    )
    batch = ann.batches.create(model="of-a", src=inlined())
    assert ann.models.generate_content(model="of-a", contents=asking(file)).text
    own = [each.name.partition("0gw")[0] for each in (file, cache, batch)]
    for name in (*own, file.name, cache.name, batch.name):
        kind = name.partition("/")[0]
        acts = {"files": bob.files, "cachedContents": bob.caches, "batches": bob.batches}[kind]
        for act in (acts.get, acts.delete):
            with pytest.raises(errors.ClientError) as caught:
                act(name=name)
            assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    with pytest.raises(errors.ClientError) as caught:
        bob.models.generate_content(model="of-a", contents=asking(file))
    assert caught.value.code == 404
    for listed in (bob.files, bob.caches, bob.batches):
        with pytest.raises(errors.ClientError, match="shared"):
            listed.list()
    with pytest.raises(errors.ClientError, match="shared"):
        ann.batches.create(model="of-a", src=file.name)
    assert ann.files.get(name=file.name).name == file.name


START = {
    "x-goog-upload-protocol": "resumable",
    "x-goog-upload-command": "start",
    "x-goog-upload-header-content-type": "text/plain",
}


PIECE = {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}


def test_an_upload_is_its_clients_own_and_comes_to_the_gateway(clients: Two):
    url = f"{clients.local.url}/upload/v1beta/files"
    assert httpx.post(url, json={"file": {}}, headers=START).status_code == 401
    begun = httpx.post(f"{url}?key=key-of-ann", json={"file": {}}, headers=START)
    led = begun.headers["x-goog-upload-url"]
    assert led.startswith(f"{url}?upload_id=")
    assert begun.headers["x-goog-upload-control-url"] == led
    said = dict(httpx.URL(led).params)
    assert said.keys() == {"upload_id", "client", "upload_protocol"}
    id, own = said["upload_id"], said["upload_id"].partition("0gw")[0]
    before = len(clients.a.requests)
    for wrong in (
        led.replace(id, own),
        led.replace(id, own + id[-27:-1] + ("a" if id[-1] != "a" else "b")),
        led.replace("client=ann", "client=bob"),
        led.replace("client=ann", "client="),
        f"{url}?upload_id=",
        f"{url}?upload_id={id}&client=ann&upload_id={own}",
    ):
        assert httpx.post(wrong, content=b"x", headers=PIECE).status_code == 404
    assert len(clients.a.requests) == before
    # The URL itself is the proof: Google's SDKs send no key there.
    name = httpx.post(led, content=b"\x00\xff", headers=PIECE).json()["file"]["name"]
    ann, bob = sdk(clients, "key-of-ann"), sdk(clients, "key-of-bob")
    assert ann.files.get(name=name).size_bytes == 2
    with pytest.raises(errors.ClientError):
        bob.files.get(name=name)
    assert httpx.get(led).status_code == 401


def test_no_header_makes_a_request_another_one(clients: Two):
    headers = {"x-http-method-override": "GET", "x-goog-api-key": "key-of-ann"}
    body = {"model": "models/of-a", "contents": [{"parts": [{"text": "hi"}]}]}
    url = f"{clients.local.url}/v1beta/cachedContents"
    assert httpx.post(url, json=body, headers=headers).json()["name"]
    assert not clients.a.requests[-1].header("x-http-method-override")


PROJECT = {"vertexai": True, "project": "mine", "location": "europe-west1"}


@pytest.fixture(scope="module")
def vertex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Two projects on Vertex AI, and two clients."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        config = {
            "backends": {
                name: {
                    "provider": "vertex",
                    "base_url": one.url,
                    "project": f"theirs-{name}",
                    "region": "us-central1",
                    "credential": {"api_key": f"env:KEY_{name.upper()}"},
                }
                for name, one in (("a", a), ("b", b))
            },
            "routes": routes("a", "b"),
            "clients": {"api_keys": {"file": str(keys)}},
            "resources": {"secret": "env:IDS", "default": {"batches": "a", "caches": "b"}},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, b)


def on_vertex(gateway: Two, key: str = "key-of-ann") -> genai.Client:
    options = types.HttpOptions(base_url=gateway.local.url, timeout=30_000)
    token = credentials.Credentials(key)
    return genai.Client(**PROJECT, credentials=token, http_options=options)


def test_a_cache_on_vertex_is_made_used_changed_and_deleted(vertex: Two):
    client, bob = on_vertex(vertex), on_vertex(vertex, "key-of-bob")
    made = client.caches.create(
        model="of-b", config={"contents": ["a long text"], "ttl": "600s", "display_name": "long"}
    )
    sent = vertex.b.requests[-1]
    place = "projects/theirs-b/locations/us-central1"
    assert sent.target == f"/v1/{place}/cachedContents"
    assert sent.json["model"] == f"{place}/publishers/google/models/gemini-2.5-flash"
    assert sent.header("authorization") == f"Bearer {ENV['KEY_B']}"
    assert "0gw" in made.name
    record = vertex.record(operation="caches", method="POST", backend="b")
    assert record["input_tokens"] == 2048
    answer = client.models.generate_content(
        model="of-b", contents="what is it?", config={"cached_content": made.name}
    )
    assert answer.text
    own = made.name.partition("0gw")[0]
    assert vertex.b.requests[-1].json["cachedContent"] == own
    assert client.caches.get(name=made.name).name == made.name
    changed = client.caches.update(name=made.name, config={"ttl": "7200s"})
    assert changed.expire_time != made.expire_time
    with pytest.raises(errors.ClientError) as caught:
        bob.caches.get(name=made.name)
    assert caught.value.code == 404
    with pytest.raises(errors.ClientError) as caught:
        bob.models.generate_content(
            model="of-b", contents="mine?", config={"cached_content": made.name}
        )
    assert caught.value.code == 404
    client.caches.delete(name=made.name)
    with pytest.raises(errors.ClientError):
        client.caches.get(name=made.name)


def test_a_batch_job_on_vertex_is_made_followed_and_ended(vertex: Two):
    client, bob = on_vertex(vertex), on_vertex(vertex, "key-of-bob")
    made = client.batches.create(
        model="of-a", src="gs://bucket/in.jsonl", config={"dest": "gs://bucket/out"}
    )
    sent = vertex.a.requests[-1]
    place = "projects/theirs-a/locations/us-central1"
    assert sent.target == f"/v1/{place}/batchPredictionJobs"
    assert sent.json["model"] == "publishers/google/models/gemini-2.5-flash"
    assert sent.json["inputConfig"]["gcsSource"] == {"uris": ["gs://bucket/in.jsonl"]}
    assert made.state is types.JobState.JOB_STATE_PENDING
    shown = client.batches.get(name=made.name)
    assert (shown.name, shown.state) == (made.name, types.JobState.JOB_STATE_SUCCEEDED)
    client.batches.cancel(name=made.name)
    assert vertex.a.requests[-1].target.endswith(":cancel")
    before = len(vertex.a.requests)
    with pytest.raises(errors.ClientError) as caught:
        bob.batches.get(name=made.name)
    assert caught.value.code == 404
    assert len(vertex.a.requests) == before
    with pytest.raises(errors.ClientError, match="other clients"):
        list(client.batches.list())
    nobody = on_vertex(vertex, "nobody's")
    with pytest.raises(errors.ClientError) as caught:
        nobody.batches.get(name=made.name)
    assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")
    client.batches.delete(name=made.name)
