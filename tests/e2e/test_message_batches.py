"""Anthropic's files and batches, by its SDK through a real Envoy."""

from collections.abc import Iterator
from datetime import datetime

import anthropic
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_resources import ENV, Two, own

REQUEST = {
    "custom_id": "one",
    "params": {
        "model": "sonnet",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "hello"}],
    },
}


@pytest.fixture(scope="module")
def claudes() -> Iterator[Two]:
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        backends = {
            name: {
                "provider": "anthropic",
                "base_url": url,
                "credential": {"api_key": f"env:KEY_{name.upper()}"},
            }
            for name, url in (("a", a.url), ("b", b.url))
        }
        backends["openai"] = {**backends["a"], "provider": "openai"}
        named = [{"backend": name, "model": "claude-sonnet-4-5"} for name in ("a", "b")]
        config = {
            "backends": backends,
            "routes": [
                {"models": ["sonnet"], "backends": named, "price": {"input": 3, "output": 15}}
            ],
            "resources": {"secret": "env:IDS", "default": {"batches": "b"}},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, b)


def client(gateway: Two, **headers: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url=gateway.local.url, api_key="any", max_retries=0, default_headers=headers
    )


def test_a_batch_is_made_shown_read_and_charged(claudes: Two):
    made = client(claudes).messages.batches.create(requests=[REQUEST])
    own = made.id.partition("0gw")[0]
    assert own in claudes.b.simulator.desk.shelf.things
    assert claudes.b.requests[-1].json["requests"][0]["params"]["model"] == "claude-sonnet-4-5"
    assert (made.processing_status, made.results_url) == ("in_progress", None)
    found = client(claudes).messages.batches.retrieve(made.id)
    assert found.processing_status == "ended"
    assert found.results_url == f"{claudes.local.url}/v1/messages/batches/{made.id}/results"
    results = list(client(claudes).messages.batches.results(made.id))
    assert [one.custom_id for one in results] == ["one"]
    usage = results[0].result.message.usage
    place = f"/v1/messages/batches/{own}/results"
    record = claudes.record(operation="batches", backend="b", path=place)
    assert record["input_tokens"] == usage.input_tokens
    assert record["output_tokens"] == usage.output_tokens
    full = usage.input_tokens * 3_000 + usage.output_tokens * 15_000
    assert record["cost_nanousd"] == full // 2
    listed = client(claudes).messages.batches.list(limit=1)
    assert listed.data[0].id == made.id
    assert client(claudes).messages.batches.cancel(made.id).id == made.id
    assert client(claudes).messages.batches.delete(made.id).id == made.id


def test_files_are_kept_and_used_where_they_are(claudes: Two):
    at_a = client(claudes, **{"x-ai-backend": "a"})
    file = at_a.files.upload(file=("a.txt", b"words", "text/plain"))
    own = file.id.partition("0gw")[0]
    sent = claudes.a.requests[-1]
    assert "files-api-2025-04-14" in sent.header("anthropic-beta")
    anywhere = client(claudes)
    assert anywhere.files.retrieve_metadata(file.id).filename == "a.txt"
    with pytest.raises(anthropic.BadRequestError, match="not downloadable"):
        anywhere.files.download(file.id)
    document = {"type": "document", "source": {"type": "file", "file_id": file.id}}
    for _ in range(4):
        anywhere.messages.create(
            model="sonnet", max_tokens=16, messages=[{"role": "user", "content": [document]}]
        )
        source = claudes.a.requests[-1].json["messages"][0]["content"][0]["source"]
        assert source == {"type": "file", "file_id": own}
    assert [one.id for one in at_a.files.list().data] == [file.id]
    assert anywhere.files.delete(file.id).id == file.id
    with pytest.raises(anthropic.NotFoundError) as caught:
        anywhere.files.retrieve_metadata(file.id)
    assert caught.value.body["type"] == "error"


def test_a_list_of_batches_and_of_files_is_that_of_both(claudes: Two):
    for name in ("a", "b", "a", "a"):
        at = client(claudes, **{"x-ai-backend": name})
        at.messages.batches.create(requests=[REQUEST])
        at.files.upload(file=("a.txt", b"words", "text/plain"))
    for kind, listed in (
        ("message_batch", client(claudes).messages.batches.list),
        ("file", client(claudes).files.list),
    ):
        kept = [
            (-datetime.fromisoformat(thing["created_at"]).timestamp(), name, id)
            for name, simulator in (("a", claudes.a), ("b", claudes.b))
            for id, thing in reversed(simulator.simulator.desk.shelf.things.items())
            if thing["type"] == kind
        ]
        found = list(listed(limit=2))
        assert own(found) == [id for *_, id in sorted(kept, key=lambda one: one[:2])]
        assert found == list(listed())
    batch = client(claudes).messages.batches.list().data[0]
    assert batch.results_url == f"{claudes.local.url}/v1/messages/batches/{batch.id}/results"
    assert [one.custom_id for one in client(claudes).messages.batches.results(batch.id)] == ["one"]


def test_skills_are_kept_and_the_vendors_own_are_everybodys(claudes: Two):
    at_b = client(claudes, **{"x-ai-backend": "b"})
    made = at_b.skills.create(files=[("s/SKILL.md", b"how it is done", "text/markdown")])
    assert claudes.b.requests[-1].header("anthropic-beta") == "skills-2025-10-02"
    assert [one.id for one in at_b.skills.list()] == ["pdf", made.id]
    assert at_b.skills.retrieve("pdf").id == "pdf"
    anywhere = client(claudes)
    assert anywhere.skills.retrieve(made.id).id == made.id
    named = [{"type": "custom", "skill_id": made.id}, {"type": "anthropic", "skill_id": "pdf"}]
    anywhere.messages.create(
        model="sonnet",
        max_tokens=16,
        messages=[{"role": "user", "content": "hello"}],
        extra_body={"container": {"skills": named}},
        extra_headers={"x-sim": '{"validate": false}'},
    )
    sent = claudes.b.requests[-1].json["container"]["skills"]
    assert [one["skill_id"] for one in sent] == [made.id.partition("0gw")[0], "pdf"]
    assert anywhere.skills.delete(made.id).id == made.id


def test_who_does_not_say_which_backend_is_told_how(claudes: Two):
    with pytest.raises(anthropic.BadRequestError, match=r"x-ai-backend \(a, b\)"):
        client(claudes).files.upload(file=("a.txt", b"words", "text/plain"))
    with pytest.raises(anthropic.NotFoundError):
        client(claudes).messages.batches.retrieve("msgbatch_x")
