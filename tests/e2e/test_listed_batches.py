"""Lists of batches that were made by OpenAI's SDK at Anthropic and Gemini, through a real Envoy."""

from collections.abc import Iterator

import httpx
import openai
import pytest
from anthropic import Anthropic

from extproc.lab.simulator.kept import gemini
from tests.e2e.test_openai_batches import (
    CHAT,
    EMBEDDINGS,
    RESPONSES,
    Three,
    chat,
    jsonl,
    line,
    lines_of,
    run,
    vendors,
)


@pytest.fixture(scope="module")
def three() -> Iterator[Three]:
    """Nobody is told apart, so that lists may be shown."""
    with vendors() as found:
        yield found


@pytest.fixture
def fresh() -> Iterator[Three]:
    with vendors() as found:
        yield found


def at(three: Three, backend: str) -> openai.OpenAI:
    return three.client().with_options(default_headers={"x-ai-backend": backend})


def made(client: openai.OpenAI, model: str) -> str:
    file = client.files.create(file=jsonl(chat("a", model)), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h").id


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_batches_at_gemini_are_listed_as_they_were_made(three: Three, size: int):
    client = at(three, "g")
    ids = [made(client, "gem"), run(client, EMBEDDINGS, embedding()).id, made(client, "gem")]
    listed = list(client.batches.list(limit=size))
    # A list of others may have been made before.
    assert [one.id for one in listed[:3]] == ids[::-1]
    for one in listed[:3]:
        assert openai.types.Batch.model_validate(one.to_dict())
        assert one == client.batches.retrieve(one.id)
    assert [one.endpoint for one in listed[:3]] == [CHAT, EMBEDDINGS, CHAT]
    assert [one.model for one in listed[:3]] == ["gem", "vectors", "gem"]
    assert lines_of(client, listed[1].output_file_id).keys() == {"v"}


def embedding() -> dict:
    return line("v", EMBEDDINGS, model="vectors", input="tea")


@pytest.mark.parametrize("size", [1, 2, 100])
def test_batches_at_anthropic_are_listed_without_what_it_does_not_say(three: Three, size: int):
    client = at(three, "c")
    ids = [made(client, "claude") for _ in range(3)]
    listed = list(client.batches.list(limit=size))
    for one, id in zip(listed, ids[::-1], strict=False):
        same = client.batches.retrieve(id)
        assert one.status == same.status == "completed"
        assert one.request_counts == same.request_counts
        assert (one.created_at, one.completed_at) == (same.created_at, same.completed_at)
        assert (one.endpoint, one.model) == (None, None)
        assert client.batches.retrieve(one.id) == one
        assert lines_of(client, one.output_file_id) == lines_of(client, same.output_file_id)
    # A page goes on behind an id of either kind.
    answer = client.batches.with_raw_response.list(after=ids[1], limit=1)
    assert answer.headers["x-ai-lost-members"] == "endpoint, model"
    page = answer.parse()
    assert page.data[0].created_at == client.batches.retrieve(ids[0]).created_at


def test_answers_of_a_batch_that_was_found_in_a_list_are_told_as_they_were_asked_for(three: Three):
    client = at(three, "c")
    lines = [
        line("zwei: ü", RESPONSES, model="claude", input="hello"),
        line("wrong", RESPONSES, model="claude", input='[[sim: {"status": 400}]]'),
    ]
    same = run(client, RESPONSES, *lines)
    found = client.batches.list(limit=1).data[0]
    said = lines_of(client, found.output_file_id)
    assert said == lines_of(client, same.output_file_id)
    answer = openai.types.responses.Response.model_validate(said["zwei: ü"]["response"]["body"])
    assert "hello" in answer.output_text
    assert lines_of(client, found.error_file_id) == lines_of(client, same.error_file_id)
    used = answer.usage
    assert used
    three.record(operation="files", backend="c", input_tokens=used.input_tokens)
    assert client.batches.cancel(found.id).id == found.id


def test_a_batch_that_others_have_made_at_anthropic_is_readable(three: Three):
    others = Anthropic(base_url=three.local.url, api_key="any", max_retries=0)
    message = {"role": "user", "content": "hello"}
    params = {"model": "claude", "max_tokens": 9, "messages": [message]}
    others.messages.batches.create(requests=[{"custom_id": "x", "params": params}])
    client = at(three, "c")
    found = client.batches.list(limit=1).data[0]
    answer = lines_of(client, found.output_file_id)["x"]["response"]["body"]
    assert answer["object"] == "chat.completion"
    with pytest.raises(openai.BadRequestError, match="has begun"):
        client.batches.create(
            input_file_id=found.input_file_id, endpoint=CHAT, completion_window="24h"
        )


@pytest.mark.parametrize("size", [7, 100])
def test_a_list_at_gemini_is_longer_than_its_pages(
    fresh: Three, size: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gemini, "PAGE", 5)
    client = at(fresh, "g")
    ids = [made(client, "gem") for _ in range(12)]
    listed = list(client.batches.list(limit=size))
    assert [client.batches.retrieve(one.id).id for one in listed] == ids[::-1]
    middle = client.batches.list(after=listed[6].id, limit=2)
    assert [client.batches.retrieve(one.id).id for one in middle.data] == ids[4:2:-1]
    # An id of a batch that has moved to a further page does not say which one.
    with pytest.raises(openai.BadRequestError, match="does not go on there"):
        client.batches.list(after=ids[0])


@pytest.mark.parametrize("size", [2, 50])
def test_batches_of_three_vendors_are_one_list(fresh: Three, size: int):
    client = fresh.client()
    ids = [made(client, model) for _ in range(3) for model in ("claude", "gem", "gpt")]
    listed = list(client.batches.list(limit=size))
    times = [client.batches.retrieve(id).created_at for id in ids]
    assert [one.created_at for one in listed] == sorted(times, reverse=True)
    assert len({one.id for one in listed}) == len(ids)
    assert {id for id, n in zip(ids, range(9), strict=True) if n % 3} <= {one.id for one in listed}
    said = httpx.get(f"{fresh.local.url}/v1/batches", timeout=30)
    assert "x-ai-missing-backends" not in said.headers


def test_what_a_list_cannot_be_asked_is_refused(three: Three):
    client = at(three, "g")
    for query in ({"order": "asc"}, {"limit": "x"}):
        with pytest.raises(openai.BadRequestError):
            client.batches.list(extra_query=query)
    id = made(client, "gem")
    for forged in (id[:-1] + ("a" if id[-1] != "a" else "b"), id.partition("0gw")[0]):
        with pytest.raises(openai.NotFoundError):
            client.batches.list(after=forged)


def test_files_of_batches_are_not_listed(three: Three):
    with pytest.raises(openai.BadRequestError, match="lists no files"):
        at(three, "c").files.list()
