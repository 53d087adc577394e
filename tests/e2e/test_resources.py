"""What backends keep, by OpenAI's SDK through a real Envoy: ids lead back, and to nobody else."""

import os
from collections.abc import Iterable, Iterator

import httpx
import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator

ENV = {
    **os.environ,
    "KEY_A": "sk-key-of-a",
    "KEY_B": "sk-key-of-b",
    "IDS": "a secret that signs ids",
    "ANN": "key-of-ann",
    "BOB": "key-of-bob",
}


def backends(**urls: str) -> dict:
    return {
        name: {
            "provider": "openai",
            "base_url": url,
            "credential": {"api_key": f"env:KEY_{name.upper()}"},
        }
        for name, url in urls.items()
    }


def routes(*names: str) -> list[dict]:
    alone = [
        {
            "models": [f"of-{name}"],
            "backends": [{"backend": name, "model": "gpt-4o-mini"}],
            "price": {"input": 2.0, "output": 10.0},
        }
        for name in names
    ]
    return [*alone, {"models": ["any"], "backends": [{"backend": name} for name in names]}]


class Two:
    """Two providers behind one gateway."""

    def __init__(self, local: Local, a: RunningSimulator, b: RunningSimulator) -> None:
        self.local, self.a, self.b = local, a, b

    def client(self, key: str = "any", **headers: str) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{self.local.url}/v1",
            api_key=key,
            max_retries=0,
            timeout=30,
            default_headers=headers,
        )

    def at(self, name: str, key: str = "any") -> openai.OpenAI:
        return self.client(key, **{"x-ai-backend": name})

    def record(self, **wanted: object) -> dict:
        return self.local.record(**wanted)


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


def test_with_one_backend_ids_stay_as_they_are(one: Two):
    client = one.client()
    made = client.responses.create(model="of-a", input="hello")
    assert made.id in one.a.simulator.desk.shelf.things
    assert client.responses.retrieve(made.id).output_text == made.output_text
    assert len(client.responses.input_items.list(made.id).data) == 1
    again = client.responses.create(model="of-a", input="on", previous_response_id=made.id)
    assert again.previous_response_id in (None, made.id)
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_an_id_leads_back_to_its_backend(two: Two):
    client = two.client()
    for name, simulator in (("a", two.a), ("b", two.b)):
        made = client.responses.create(model=f"of-{name}", input="hello")
        own = made.id.partition("0gw")[0]
        assert own != made.id
        assert own in simulator.simulator.desk.shelf.things
        found = client.responses.retrieve(made.id)
        assert found.id == made.id
        again = client.responses.create(model="any", input="on", previous_response_id=made.id)
        assert simulator.requests[-1].json["previous_response_id"] == own
        assert again.id.partition("0gw")[2][:8] == made.id.partition("0gw")[2][:8]
        client.responses.delete(made.id)
        assert own not in simulator.simulator.desk.shelf.things


def test_a_stream_shows_the_same_id_as_the_answer(two: Two):
    client = two.client()
    with client.responses.stream(model="of-a", input="hello") as stream:
        ids = {event.response.id for event in stream if hasattr(event, "response")}
        final = stream.get_final_response()
    assert ids == {final.id}
    assert client.responses.retrieve(final.id).id == final.id


def test_a_forged_id_is_not_found(two: Two):
    client = two.client()
    made = client.responses.create(model="of-a", input="hello")
    own = made.id.partition("0gw")[0]
    forged = made.id[:-1] + ("a" if made.id[-1] != "a" else "b")
    before = len(two.a.requests)
    for id in (own, forged, "resp_x", f"..%2F{own}", made.id.replace(own, own + "x")):
        with pytest.raises(openai.NotFoundError) as caught:
            client.responses.retrieve(id)
        assert caught.value.body["type"] == "invalid_request_error"
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="of-a", input="on", previous_response_id=own)
    assert len(two.a.requests) == before


def test_background_answers_are_asked_for_cancelled_and_resumed(two: Two):
    client = two.client()
    made = client.responses.create(model="of-b", input="hello", background=True)
    assert made.status == "queued"
    done = client.responses.retrieve(made.id)
    assert done.status == "completed"
    own = made.id.partition("0gw")[0]
    record = two.record(operation="responses", method="GET", path=f"/v1/responses/{own}")
    assert record["total_tokens"] == done.usage.total_tokens
    assert client.responses.cancel(made.id).status == "cancelled"
    events = list(client.responses.retrieve(made.id, stream=True, starting_after=0))
    assert [event.sequence_number for event in events] == [1, 2]
    assert {event.response.id for event in events} == {made.id}


def test_a_conversation_is_compacted_where_it_is(two: Two):
    client = two.client()
    made = client.responses.create(model="of-b", input="hello")
    short = client.responses.compact(model="any", previous_response_id=made.id)
    assert short.output[0].type == "compaction"
    sent = two.b.requests[-1]
    assert (sent.path, sent.json["previous_response_id"]) == (
        "/v1/responses/compact",
        made.id.partition("0gw")[0],
    )
    record = two.record(operation="compaction")
    assert record["total_tokens"] == short.usage.total_tokens > 0


def test_conversations_are_kept(two: Two):
    client = two.at("b")
    talk = client.conversations.create(metadata={"topic": "tea"})
    item = {"type": "message", "role": "user", "content": "hello"}
    made = two.client().conversations.items.create(talk.id, items=[item])
    listed = two.client().conversations.items.list(talk.id).data
    assert [one.id for one in listed] == [one.id for one in made.data]
    assert two.client().conversations.items.retrieve(listed[0].id, conversation_id=talk.id)
    answer = two.client().responses.create(model="any", input="hi", conversation=talk.id)
    assert two.b.requests[-1].json["conversation"] == talk.id.partition("0gw")[0]
    assert answer.id
    two.client().conversations.update(talk.id, metadata={"topic": "coffee"})
    assert two.client().conversations.retrieve(talk.id).metadata == {"topic": "coffee"}
    two.client().conversations.delete(talk.id)


def test_stored_chats_are_shown_listed_and_deleted(two: Two):
    client = two.at("a")
    messages = [{"role": "user", "content": "keep this"}]
    made = client.chat.completions.create(model="of-a", messages=messages, store=True)
    listed = client.chat.completions.list().data
    assert made.id in [one.id for one in listed]
    assert client.chat.completions.retrieve(made.id).id == made.id
    assert client.chat.completions.messages.list(made.id).data == []
    assert client.chat.completions.update(made.id, metadata={"a": "b"}).metadata == {"a": "b"}
    assert client.chat.completions.delete(made.id).deleted


def test_who_does_not_say_which_backend_is_told_how(two: Two):
    with pytest.raises(openai.BadRequestError, match=r"x-ai-backend \(a, b\)"):
        two.client().conversations.create()
    with pytest.raises(openai.NotFoundError, match="x-ai-backend may be a, b"):
        two.at("c").files.list()


def test_nothing_of_a_client_leads_elsewhere(two: Two):
    made = two.at("a").files.create(file=("a.txt", b"words"), purpose="user_data")
    headers = {"x-ai-cluster": "extproc", "x-ai-backend": "a"}
    url = two.local.url
    assert httpx.get(f"{url}/v1/files/{made.id}", headers=headers).json()["id"] == made.id
    assert httpx.get(f"{url}/v1/nowhere", headers=headers).status_code == 404
    for path in ("/v1/files/..%2F..%2Fadmin", "/v1/files/%2e%2e/x/content", "/v1/files/a%0d%0ab"):
        assert httpx.get(f"{url}{path}", headers=headers).status_code in (400, 404)
    sent = two.a.requests[-1]
    assert not sent.header("x-ai-cluster")
    assert not sent.header("x-ai-backend")


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
            "resources": {"secret": ["env:IDS", "env:KEY_A"]},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, a)


def test_what_a_client_keeps_is_its_own(clients: Two):
    ann, bob = clients.client("key-of-ann"), clients.client("key-of-bob")
    made = ann.responses.create(model="of-a", input="a secret of mine")
    assert ann.responses.retrieve(made.id).id == made.id
    for id in (made.id, made.id.partition("0gw")[0]):
        with pytest.raises(openai.NotFoundError):
            bob.responses.retrieve(id)
        with pytest.raises(openai.NotFoundError):
            bob.responses.create(model="of-a", input="go on", previous_response_id=id)
        with pytest.raises(openai.NotFoundError):
            bob.responses.delete(id)
    with pytest.raises(openai.BadRequestError, match="shared"):
        bob.files.list()
    file = ann.files.create(file=("a.txt", b"words"), purpose="user_data")
    with pytest.raises(openai.NotFoundError):
        bob.vector_stores.create(file_ids=[file.id])
    assert ann.vector_stores.create(file_ids=[file.id]).id


LINE = b'{"custom_id":"%d","method":"POST","url":"/v1/chat/completions","body":{"model":"%s",'
LINE += b'"messages":[{"role":"user","content":"hello"}]}}'


def lines(model: bytes, count: int = 2) -> bytes:
    return b"\n".join(LINE % (number, model) for number in range(count)) + b"\n"


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_batch_goes_to_who_serves_its_model(two: Two, name: str):
    client = two.client()
    simulator = {"a": two.a, "b": two.b}[name]
    body = lines(b"of-" + name.encode())
    file = client.files.create(file=("batch.jsonl", body), purpose="batch")
    own = file.id.partition("0gw")[0]
    kept = simulator.simulator.desk.shelf.contents[own]
    assert kept == body.replace(b"of-" + name.encode(), b"gpt-4o-mini")
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    assert batch.input_file_id == file.id
    found = client.batches.retrieve(batch.id)
    assert found.status == "completed"
    output = client.files.content(found.output_file_id)
    results = [line for line in output.text.splitlines() if line]
    assert len(results) == 2
    place = f"/v1/files/{found.output_file_id.partition('0gw')[0]}/content"
    record = two.record(operation="files", method="GET", backend=name, path=place)
    assert record["total_tokens"] > 0
    assert record["input_tokens"] + record["output_tokens"] == record["total_tokens"]
    cost = record["input_tokens"] * 2_000 + record["output_tokens"] * 10_000
    assert record["cost_nanousd"] == cost // 2
    page = two.at(name).batches.list()
    assert batch.id in [one.id for one in page.data]
    assert client.batches.cancel(batch.id).status == "cancelled"
    assert client.files.retrieve(file.id).id == file.id
    assert client.files.delete(file.id).id == file.id


def test_a_batch_of_unknown_models_is_refused(two: Two):
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        two.at("a").files.create(file=("b.jsonl", lines(b"nobody")), purpose="batch")
    with pytest.raises(openai.BadRequestError, match="line 1"):
        two.at("a").files.create(file=("b.jsonl", b"{nonsense\n"), purpose="batch")


def test_lists_go_on_where_the_last_page_ended(two: Two):
    client = two.at("b")
    made = [
        client.files.create(file=(f"{n}.txt", b"words"), purpose="user_data").id for n in range(3)
    ]
    first = client.files.list(limit=2)
    assert [one.id for one in first.data] == made[:0:-1]
    assert next(iter(client.files.list(limit=2, after=made[1]).data)).id == made[0]
    with pytest.raises(openai.NotFoundError):
        client.files.list(after="file-x")


def owned(two: Two, kind: str) -> list[str]:
    """What both keep of a kind, as a list of both must name it: the newest first."""
    found = [
        (-thing["created_at"], name, thing["id"])
        for name, simulator in (("a", two.a), ("b", two.b))
        for thing in simulator.simulator.desk.shelf.all(kind)
    ]
    return [id for _, _, id in sorted(found)]


def own(things: Iterable) -> list[str]:
    return [thing.id.partition("0gw")[0] for thing in things]


def test_a_list_is_that_of_all_backends_in_the_order_of_time(two: Two):
    for name in ("a", "b", "b", "a", "b"):
        two.at(name).vector_stores.create(name="s")
    expected = owned(two, "vector_store")
    client = two.client()
    page = client.vector_stores.list(limit=2)
    assert len(page.data) == 2
    assert page.has_more
    assert (page.first_id, page.last_id) == (page.data[0].id, page.data[-1].id)
    assert own(client.vector_stores.list(limit=2)) == expected
    assert own(client.vector_stores.list(limit=1)) == expected
    assert own(client.vector_stores.list()) == expected
    assert not client.vector_stores.list().has_more
    oldest = own(client.vector_stores.list(limit=3, order="asc"))
    assert sorted(oldest) == sorted(expected)
    assert oldest[0] in expected[-2:]
    for thing in client.vector_stores.list():
        assert client.vector_stores.retrieve(thing.id).id == thing.id


def test_a_list_of_all_is_refused_as_each_backend_would(two: Two):
    client = two.client()
    with pytest.raises(openai.BadRequestError, match="limit"):
        client.vector_stores.list(limit=0)
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.list(after="vs_x")
    made = client.with_options(default_headers={"x-ai-backend": "b"}).vector_stores.create(name="s")
    with pytest.raises(openai.BadRequestError, match="x-ai-backend"):
        client.vector_stores.list(before=made.id)
    client.vector_stores.delete(made.id)
    with pytest.raises(openai.NotFoundError, match="No such"):
        client.vector_stores.list(after=made.id)


def test_whose_part_of_a_list_is_missing_is_said(two: Two):
    two.at("a").containers.create(name="c")
    two.at("b").containers.create(name="c")
    down = two.client(**{"x-sim": '{"at": "b", "status": 503}'})
    raw = down.containers.with_raw_response.list()
    assert raw.headers["x-ai-missing-backends"] == "b"
    things = two.a.simulator.desk.shelf.things
    assert own(raw.parse().data) == [id for id in owned(two, "container") if id in things]
    with pytest.raises(openai.RateLimitError, match="slower"):
        two.client(**{"x-sim": '{"status": 429, "message": "slower"}'}).containers.list()


def test_a_file_of_any_bytes_comes_back(two: Two):
    data = bytes(range(256)) * 4096
    file = two.at("a").files.create(file=("a.bin", data), purpose="user_data")
    assert two.client().files.content(file.id).read() == data


def test_stores_hold_files_and_are_searched(two: Two):
    client = two.at("a")
    file = client.files.create(file=("a.txt", b"words"), purpose="assistants")
    store = two.client().vector_stores.create(name="s", file_ids=[file.id])
    anywhere = two.client()
    held = anywhere.vector_stores.files.create(store.id, file_id=file.id)
    assert (held.id, held.vector_store_id) == (file.id, store.id)
    assert anywhere.vector_stores.files.retrieve(file.id, vector_store_id=store.id).id == file.id
    assert [one.id for one in anywhere.vector_stores.files.list(store.id).data] == [file.id]
    found = anywhere.vector_stores.search(store.id, query="words").data
    assert [one.file_id for one in found] == [file.id]
    batch = anywhere.vector_stores.file_batches.create(store.id, file_ids=[file.id])
    assert anywhere.vector_stores.file_batches.retrieve(batch.id, vector_store_id=store.id)
    tool = {"type": "file_search", "vector_store_ids": [store.id]}
    anywhere.responses.create(model="any", input="hi", tools=[tool])
    own = store.id.partition("0gw")[0]
    assert two.a.requests[-1].json["tools"][0]["vector_store_ids"] == [own]
    assert anywhere.vector_stores.update(store.id, name="t").name == "t"
    assert anywhere.vector_stores.delete(store.id).deleted


def test_containers_hold_files(two: Two):
    made = two.at("b").containers.create(name="c")
    client = two.client()
    file = client.containers.files.create(made.id, file=("a.txt", b"words"))
    assert [one.id for one in client.containers.files.list(made.id).data] == [file.id]
    data = client.containers.files.content.retrieve(file.id, container_id=made.id).read()
    assert data == b"\x00\xff"
    client.containers.files.delete(file.id, container_id=made.id)
    client.containers.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.containers.retrieve(made.id)


def test_skills_are_kept_in_versions(two: Two):
    made = two.at("b").skills.create(files=("SKILL.md", b"how it is done", "text/markdown"))
    client = two.client()
    assert client.skills.retrieve(made.id).id == made.id
    assert own([made]) == own(two.at("b").skills.list())
    assert client.skills.update(made.id, default_version="1").default_version == "1"
    assert client.skills.content.retrieve(made.id).read() == b"how it is done"
    version = client.skills.versions.create(made.id, files=("SKILL.md", b"better"))
    assert (version.skill_id, version.version) == (made.id, "2")
    assert client.skills.versions.retrieve("2", skill_id=made.id).skill_id == made.id
    assert client.skills.versions.list(made.id).data == []
    skills = [{"type": "skill_reference", "skill_id": id} for id in (made.id, "openai-sheets")]
    shell = {"type": "shell", "environment": {"type": "container_auto", "skills": skills}}
    client.responses.create(model="any", input="hi", tools=[shell])
    sent = two.b.requests[-1].json["tools"][0]["environment"]["skills"]
    assert [one["skill_id"] for one in sent] == [made.id.partition("0gw")[0], "openai-sheets"]
    assert client.skills.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.skills.retrieve(made.id)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_assistants_run_in_threads(two: Two):
    client = two.client()
    made = two.at("a").beta.assistants.create(model="of-a")
    assert two.a.requests[-1].json["model"] == "gpt-4o-mini"
    thread = two.at("a").beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content="hello")
    run = client.beta.threads.runs.create(thread.id, assistant_id=made.id)
    assert (run.thread_id, run.assistant_id, run.status) == (thread.id, made.id, "completed")
    place = f"/v1/threads/{thread.id.partition('0gw')[0]}/runs"
    assert two.record(operation="threads", path=place, total_tokens=10)["backend"] == "a"
    stream = client.beta.threads.runs.create(thread.id, assistant_id=made.id, stream=True)
    events = [event.data.thread_id for event in stream if event.event.startswith("thread.run.")]
    assert events == [thread.id] * 2
    both = client.beta.threads.create_and_run(assistant_id=made.id)
    assert both.assistant_id == made.id
    assert client.beta.threads.runs.retrieve(run.id, thread_id=thread.id).id == run.id


def test_jobs_and_evals_and_uploads_are_kept(two: Two):
    at_b, client = two.at("b"), two.client()
    file = at_b.files.create(file=("t.jsonl", b"{}"), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="of-b", training_file=file.id)
    assert job.training_file == file.id
    assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
    assert client.fine_tuning.jobs.list_events(job.id).data == []
    upload = at_b.uploads.create(
        bytes=5, filename="a.txt", mime_type="text/plain", purpose="user_data"
    )
    part = client.uploads.parts.create(upload.id, data=b"words")
    done = client.uploads.complete(upload.id, part_ids=[part.id])
    assert client.files.retrieve(done.file.id).id == done.file.id
    schema = {"type": "object", "properties": {}}
    judged = at_b.evals.create(
        data_source_config={"type": "custom", "item_schema": schema}, testing_criteria=[]
    )
    assert client.evals.retrieve(judged.id).id == judged.id
    assert client.evals.delete(judged.id)
