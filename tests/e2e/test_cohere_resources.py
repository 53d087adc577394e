"""What Cohere keeps, by its own SDK through a real Envoy: datasets, embed jobs and batches."""

import io
from collections.abc import Iterator

import cohere
import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_resources import ENV, Two

ROWS = b'{"text": "a fox"}\n{"text": "a hen"}\n'
MODELS = {"vectors": "embed-v4.0", "words": "command-a-03-2025"}


def configured(price: float, *simulators: RunningSimulator) -> dict:
    names = [one.simulator.desk.shelf.name for one in simulators]
    return {
        "backends": {
            name: {
                "provider": "cohere",
                "base_url": one.url,
                "credential": {"api_key": f"env:KEY_{name.upper()}"},
            }
            for name, one in zip(names, simulators, strict=True)
        },
        "routes": [
            {
                "models": [name],
                "backends": [{"backend": backend, "model": model} for backend in names],
                "price": {"input": price, "output": price},
            }
            for name, model in MODELS.items()
        ],
        "resources": {"secret": "env:IDS", "default": "a"},
    }


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    with (
        RunningSimulator(name="a") as a,
        RunningSimulator(name="b") as b,
        Local(configured(2.0, a, b), ENV) as local,
    ):
        yield Two(local, a, b)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """One provider, and two clients."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator(name="a") as a:
        clients = {"clients": {"api_keys": {"file": str(keys)}}}
        with Local(configured(2.0, a) | clients, ENV) as local:
            yield Two(local, a, a)


def client(gateway: Two, key: str = "any", backend: str = "") -> cohere.ClientV2:
    headers = {"x-ai-backend": backend} if backend else {}
    return cohere.ClientV2(
        api_key=key,
        base_url=gateway.local.url,
        httpx_client=httpx.Client(headers=headers, timeout=30),
    )


def made(sdk: cohere.ClientV2, type: str = "embed-input") -> str:
    rows = ("rows.jsonl", io.BytesIO(ROWS), "application/jsonl")
    return sdk.datasets.create(name="rows", type=type, data=rows).id or ""


def test_a_dataset_is_made_shown_and_deleted(two: Two):
    for name, simulator in (("a", two.a), ("b", two.b)):
        id = made(client(two, backend=name))
        own = id.partition("0gw")[0]
        assert own != id
        assert simulator.simulator.desk.shelf.contents[own].count(b"fox") == 1
        anywhere = client(two)
        found = anywhere.datasets.get(id).dataset
        assert (found.id, found.name, found.validation_status) == (id, "rows", "validated")
        assert found.dataset_parts[0].url == f"https://storage.example/{own}?signed=yes"
        assert id in {one.id for one in client(two, backend=name).datasets.list().datasets}
        assert anywhere.datasets.get_usage().organization_usage is not None
        anywhere.datasets.delete(id)
        with pytest.raises(cohere.NotFoundError):
            anywhere.datasets.get(id)


def test_a_dataset_becomes_vectors_where_it_lies(two: Two):
    id = made(client(two, backend="b"))
    sdk = client(two)
    job = sdk.embed_jobs.create(model="vectors", dataset_id=id, input_type="search_document")
    sent = two.b.requests[-1].json
    assert (sent["model"], sent["dataset_id"]) == ("embed-v4.0", id.partition("0gw")[0])
    found = sdk.embed_jobs.get(job.job_id)
    assert (found.job_id, found.input_dataset_id, found.status) == (job.job_id, id, "complete")
    assert sdk.datasets.get(found.output_dataset_id).dataset.dataset_type == "embed-result"
    used = two.record(operation="embed_jobs", method="GET", backend="b", total_tokens=7)
    assert used["cost_nanousd"] == 14_000
    sdk.embed_jobs.cancel(job.job_id)
    assert sdk.embed_jobs.get(job.job_id).status == "cancelling"


def test_a_batch_is_run_and_charged_when_it_is_seen_finished(two: Two):
    id = made(client(two, backend="b"), "batch-chat-v2-input")
    sdk = client(two)
    wish = cohere.Batch(name="many", input_dataset_id=id, model="words")
    batch = sdk.batches.create(request=wish).batch
    assert two.b.requests[-1].json["model"] == "command-a-03-2025"
    found = sdk.batches.retrieve(batch.id).batch
    assert (found.id, found.input_dataset_id) == (batch.id, id)
    assert sdk.datasets.get(found.output_dataset_id).dataset.dataset_type == "batch-chat-v2-output"
    used = two.record(operation="batches", method="GET", backend="b", total_tokens=52)
    assert used["cost_nanousd"] == 104_000
    sdk.batches.cancel(batch.id)
    assert sdk.batches.retrieve(batch.id).batch.status == "BATCH_STATUS_CANCELING"


def test_batches_of_two_backends_are_one_list(two: Two):
    ids = set()
    for name in ("a", "b", "b"):
        id = made(client(two, backend=name), "batch-chat-v2-input")
        wish = cohere.Batch(name="many", input_dataset_id=id, model="words")
        ids.add(client(two).batches.create(request=wish).batch.id)
    sdk, found, token = client(two), [], None
    for _ in range(20):
        page = sdk.batches.list(page_size=1, page_token=token)
        found += [one.id for one in page.batches]
        token = page.next_page_token
        if not token:
            break
    assert ids <= set(found)
    assert len(found) == len(set(found))


def test_what_is_another_clients_is_not_found(apart: Two):
    ann, bob = client(apart, "key-of-ann"), client(apart, "key-of-bob")
    id = made(ann)
    own = id.partition("0gw")[0]
    job = ann.embed_jobs.create(model="vectors", dataset_id=id, input_type="search_document").job_id
    requests = made(ann, "batch-chat-v2-input")
    batch = ann.batches.create(
        request=cohere.Batch(name="many", input_dataset_id=requests, model="words")
    ).batch.id
    before = len(apart.a.requests)
    for one in (id, own):
        for act in (bob.datasets.get, bob.datasets.delete):
            with pytest.raises(cohere.NotFoundError):
                act(one)
        with pytest.raises(cohere.NotFoundError):
            bob.embed_jobs.create(model="vectors", dataset_id=one, input_type="search_document")
        with pytest.raises(cohere.NotFoundError):
            wish = cohere.Batch(name="many", input_dataset_id=one, model="words")
            bob.batches.create(request=wish)
    for one in (job, job.partition("0gw")[0]):
        for act in (bob.embed_jobs.get, bob.embed_jobs.cancel):
            with pytest.raises(cohere.NotFoundError):
                act(one)
    for one in (batch, batch.partition("0gw")[0]):
        for act in (bob.batches.retrieve, bob.batches.cancel):
            with pytest.raises(cohere.NotFoundError):
                act(one)
    for list_ in (ann.datasets.list, ann.datasets.get_usage, ann.embed_jobs.list, ann.batches.list):
        with pytest.raises(cohere.BadRequestError, match="shared"):
            list_()
    assert len(apart.a.requests) == before
    assert ann.embed_jobs.get(job).output_dataset_id


def test_what_cohere_refuses_is_its_own_error(two: Two):
    id = made(client(two, backend="b"))
    with pytest.raises(cohere.BadRequestError, match="batch-chat-v2-input"):
        wish = cohere.Batch(name="many", input_dataset_id=id, model="words")
        client(two).batches.create(request=wish)
    with pytest.raises(cohere.NotFoundError, match="does not exist"):
        client(two).embed_jobs.create(model="no", dataset_id=id, input_type="search_document")
