"""Batches of OpenAI's SDK at Anthropic and Gemini, through a real Envoy."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_resources import ENV

CHAT, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/embeddings"
KEYS = {**ENV, "KEY_C": "key-of-c", "KEY_G": "key-of-g", "KEY_O": "key-of-o"}
BACKENDS = {"c": "anthropic", "g": "gemini", "o": "openai"}
MODELS = {
    "claude": ("c", "claude-sonnet-4-5"),
    "gem": ("g", "gemini-2.5-flash"),
    "vectors": ("g", "gemini-embedding-001"),
    "gpt": ("o", "gpt-4o-mini"),
}


class Three:
    """Three vendors behind one gateway."""

    def __init__(self, local: Local, **simulators: RunningSimulator) -> None:
        self.local = local
        self.simulators = simulators

    def client(self, key: str = "key-of-ann") -> openai.OpenAI:
        url = f"{self.local.url}/v1"
        return openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=30)

    def record(self, **wanted: object) -> dict[str, Any]:
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [r for r in self.local.records() if wanted.items() <= r.items()]
            return bool(found)

        self.local.wait_for(look, f"a record with {wanted}")
        return found[-1]


@contextmanager
def vendors(**more: Any) -> Iterator[Three]:
    """Anthropic, Gemini and OpenAI; `more`: what else the gateway is told."""
    with (
        RunningSimulator(name="c") as c,
        RunningSimulator(name="g") as g,
        RunningSimulator(name="o") as o,
    ):
        simulators = {"c": c, "g": g, "o": o}
        config = {
            "backends": {
                name: {
                    "provider": BACKENDS[name],
                    "base_url": one.url,
                    "credential": {"api_key": f"env:KEY_{name.upper()}"},
                    "openai_batches": name != "o",
                }
                for name, one in simulators.items()
            },
            "routes": [
                {
                    "models": [model],
                    "backends": [{"backend": name, "model": upstream}],
                    "price": {"input": 2.0, "output": 10.0},
                }
                for model, (name, upstream) in MODELS.items()
            ],
            "resources": {"secret": "env:IDS"},
            **more,
        }
        with Local(config, KEYS) as local:
            yield Three(local, **simulators)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    """Two clients, who must not see what the other keeps."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with vendors(clients={"api_keys": {"file": str(keys)}}) as found:
        yield found


def line(id: str, url: str, **body: object) -> dict[str, Any]:
    return {"custom_id": id, "method": "POST", "url": url, "body": body}


def chat(id: str, model: str, words: str = "hello", **more: object) -> dict[str, Any]:
    return line(id, CHAT, model=model, messages=[{"role": "user", "content": words}], **more)


def jsonl(*lines: dict[str, Any]) -> tuple[str, bytes]:
    return "in.jsonl", b"\n".join(json.dumps(one).encode() for one in lines)


def run(client: openai.OpenAI, url: str, *lines: dict[str, Any]) -> Any:
    """A batch that was looked at once."""
    file = client.files.create(file=jsonl(*lines), purpose="batch")
    made = client.batches.create(input_file_id=file.id, endpoint=url, completion_window="24h")
    assert (made.object, made.endpoint, made.status) == ("batch", url, "validating")
    assert made.input_file_id == file.id
    found = client.batches.retrieve(made.id)
    assert (found.id, found.input_file_id) == (made.id, file.id)
    openai.types.Batch.model_validate(found.to_dict())
    openai.types.FileObject.model_validate(file.to_dict())
    return found


def lines_of(client: openai.OpenAI, file: str | None) -> dict[str, dict[str, Any]]:
    assert file is not None
    text = client.files.content(file).text
    return {said["custom_id"]: said for said in map(json.loads, text.splitlines())}


WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


@pytest.mark.parametrize(("model", "backend"), [("claude", "c"), ("gem", "g")])
def test_a_batch_of_chats_is_run_told_and_charged(three: Three, model: str, backend: str):
    client = three.client()
    lines = [
        chat("one", model, "hello"),
        chat("zwei: ü", model, '[[sim: {"text": "two"}]]', temperature=0.5, user="ann"),
        chat("json", model, "an object", response_format={"type": "json_object"}),
        chat("tool", model, tools=[WEATHER], tool_choice="required", parallel_tool_calls=False),
    ]
    batch = run(client, CHAT, *lines)
    assert batch.status == "completed"
    assert batch.request_counts.model_dump() == {"total": 4, "completed": 4, "failed": 0}
    assert batch.error_file_id is None
    assert batch.completed_at and batch.created_at and batch.in_progress_at
    said = lines_of(client, batch.output_file_id)
    assert said.keys() == {"one", "zwei: ü", "json", "tool"}
    answers = {
        id: openai.types.chat.ChatCompletion.model_validate(one["response"]["body"])
        for id, one in said.items()
    }
    assert all(one["error"] is None for one in said.values())
    assert {one["response"]["status_code"] for one in said.values()} == {200}
    assert len({one["id"] for one in said.values()}) == 4
    assert "hello" in (answers["one"].choices[0].message.content or "")
    [call] = answers["tool"].choices[0].message.tool_calls or []
    assert call.function.name == "weather"
    used = [answer.usage for answer in answers.values() if answer.usage]
    record = three.record(operation="files", method="GET", backend=backend)
    assert record["input_tokens"] == sum(one.prompt_tokens for one in used)
    assert record["output_tokens"] == sum(one.completion_tokens for one in used)
    full = record["input_tokens"] * 2_000 + record["output_tokens"] * 10_000
    assert record["cost_nanousd"] == full // 2 > 0


@pytest.mark.parametrize("model", ["claude", "gem"])
def test_a_batch_of_responses_is_run(three: Three, model: str):
    client = three.client()
    batch = run(client, RESPONSES, line("a", RESPONSES, model=model, input="hello"))
    said = lines_of(client, batch.output_file_id)["a"]
    answer = openai.types.responses.Response.model_validate(said["response"]["body"])
    assert "hello" in answer.output_text
    assert answer.usage and answer.usage.total_tokens


def test_texts_are_embedded_at_leisure(three: Three):
    client = three.client()
    batch = run(client, EMBEDDINGS, line("a", EMBEDDINGS, model="vectors", input="tea"))
    assert "asyncBatchEmbedContent" in three.simulators["g"].requests[-2].target
    said = lines_of(client, batch.output_file_id)["a"]
    answer = openai.types.CreateEmbeddingResponse.model_validate(said["response"]["body"])
    assert len(answer.data) == 1 and answer.data[0].embedding
    used = answer.usage.prompt_tokens
    record = three.record(operation="files", method="GET", backend="g", input_tokens=used)
    # Its lines name no model: it is the one that they were asked for with.
    assert record["cost_nanousd"] == used * 1_000 > 0


@pytest.mark.parametrize(("model", "backend"), [("claude", "c"), ("gem", "g")])
def test_who_hangs_up_pays_for_the_answers_that_have_come(three: Three, model: str, backend: str):
    client = three.client()
    words = '[[sim: {"text": "%s"}]]' % ("a long answer " * 100)
    batch = run(client, CHAT, *[chat(f"r{n}", model, words) for n in range(500)])
    wanted = {"operation": "files", "method": "GET", "backend": backend}
    before = [one for one in three.local.records() if wanted.items() <= one.items()]
    with client.files.with_streaming_response.content(batch.output_file_id) as content:
        assert next(content.iter_lines())
    found: list[dict[str, Any]] = []

    def told() -> bool:
        known = [one for one in three.local.records() if wanted.items() <= one.items()]
        found[:] = known[len(before) :]
        return bool(found)

    three.local.wait_for(told, "a record of what was fetched in part")
    used = found[-1]
    tokens = used["input_tokens"] * 2_000 + used["output_tokens"] * 10_000
    assert used["cost_nanousd"] == tokens // 2 > 0


@pytest.mark.parametrize("model", ["claude", "gem"])
def test_what_failed_has_a_file_of_its_own(three: Three, model: str):
    client = three.client()
    wrong = chat("bad", model, '[[sim: {"status": 400, "message": "not this"}]]')
    batch = run(client, CHAT, chat("good", model), wrong)
    assert batch.status == "completed"
    assert batch.request_counts.model_dump() == {"total": 2, "completed": 1, "failed": 1}
    assert lines_of(client, batch.output_file_id).keys() == {"good"}
    failed = lines_of(client, batch.error_file_id)
    assert failed.keys() == {"bad"}
    response = failed["bad"]["response"]
    assert response["status_code"] == 400
    assert response["body"]["error"]["type"] == "invalid_request_error"


def test_a_batch_is_cancelled(three: Three):
    client = three.client()
    file = client.files.create(file=jsonl(chat("a", "claude")), purpose="batch")
    made = client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    ending = client.batches.cancel(made.id)
    assert (ending.id, ending.status) == (made.id, "cancelling")
    ended = client.batches.retrieve(made.id)
    assert (ended.status, ended.output_file_id) == ("cancelled", None)
    assert ended.cancelling_at and ended.cancelled_at
    said = lines_of(client, ended.error_file_id)["a"]
    assert (said["response"], said["error"]["code"]) == (None, "batch_cancelled")
    batch = run(client, CHAT, chat("a", "gem"))
    assert client.batches.cancel(batch.id).status == "cancelling"
    assert client.batches.retrieve(batch.id).status == "cancelled"


@pytest.mark.parametrize("model", ["claude", "gem"])
def test_files_are_shown_and_deleted(three: Three, model: str):
    client = three.client()
    sent = jsonl(chat("a", model))
    file = client.files.create(file=sent, purpose="batch")
    assert (file.bytes, file.filename, file.purpose) == (len(sent[1]), "in.jsonl", "batch")
    shown = client.files.retrieve(file.id)
    assert (shown.id, shown.bytes, shown.purpose) == (file.id, file.bytes, "batch")
    with pytest.raises(openai.BadRequestError, match="file"):
        client.files.content(file.id)
    made = client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    output = client.batches.retrieve(made.id).output_file_id
    assert output is not None
    assert client.files.retrieve(output).purpose == "batch_output"
    gone = client.files.delete(output)
    assert (gone.id, gone.deleted) == (output, True)
    with pytest.raises(openai.APIStatusError):
        client.files.content(output)


def test_what_is_lost_is_named(three: Three):
    client = three.client()
    file = client.files.with_raw_response.create(
        file=jsonl(chat("a", "claude", seed=3)), purpose="batch"
    )
    assert file.headers["x-ai-dropped-params"] == "seed"
    made = client.batches.with_raw_response.create(
        input_file_id=file.parse().id,
        endpoint=CHAT,
        completion_window="24h",
        metadata={"a": "b"},
    )
    assert made.headers["x-ai-dropped-params"] == "metadata"


def test_files_of_other_kinds_and_batches_of_openai_go_to_openai(three: Three):
    client = three.client()
    other = client.files.create(file=("a.txt", b"words"), purpose="user_data")
    assert client.files.content(other.id).read() == b"words"
    assert other.id.partition("0gw")[0] in three.simulators["o"].simulator.desk.shelf.things
    file = client.files.create(file=jsonl(chat("a", "gpt")), purpose="batch")
    made = client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    output = client.batches.retrieve(made.id).output_file_id
    assert lines_of(client, output).keys() == {"a"}


def test_what_a_client_keeps_is_its_own(three: Three):
    ann, bob = three.client(), three.client("key-of-bob")
    batch = run(ann, CHAT, chat("a", "gem"))
    before = len(three.simulators["g"].requests)
    for act in (
        lambda: bob.batches.retrieve(batch.id),
        lambda: bob.batches.cancel(batch.id),
        lambda: bob.files.content(batch.output_file_id or ""),
        lambda: bob.files.delete(batch.input_file_id),
        lambda: bob.batches.create(
            input_file_id=batch.input_file_id, endpoint=CHAT, completion_window="24h"
        ),
        lambda: ann.batches.retrieve(batch.id.partition("0gw")[0]),
    ):
        with pytest.raises(openai.NotFoundError):
            act()
    assert len(three.simulators["g"].requests) == before


def test_a_file_of_many_lines_is_taken(three: Three):
    client = three.client()
    lines = [chat(f"r{n}", "gem") for n in range(1000)]
    client.files.create(file=jsonl(*lines), purpose="batch")
    assert three.simulators["g"].requests[-1].body.count(b'"key":') == 1000


def test_nobody_lists_what_others_keep(three: Three):
    with pytest.raises(openai.BadRequestError, match="other clients"):
        three.client().batches.list()
