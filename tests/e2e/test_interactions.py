"""Google's interactions, by its own SDK through a real Envoy: asked, streamed, kept, followed."""

from collections.abc import Iterator

import pytest
from google.genai._gaos.lib import compat_errors as errors

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_gemini_resources import backends, routes, sdk
from tests.e2e.test_resources import ENV, Two

GEMINI = "gemini-2.5-flash"


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        both = {"models": ["any"], "backends": [{"backend": "a"}, {"backend": "b"}]}
        config = {
            "backends": backends(a=a.url, b=b.url),
            "routes": [*routes("a", "b"), both],
            "resources": {"secret": "env:IDS", "default": "a"},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, b)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """One provider, and two clients."""
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


def test_a_model_answers_and_is_charged(two: Two):
    client = sdk(two)
    order = 'Say it. [[sim: {"text": "A fox."}]]'
    made = client.interactions.create(model="of-b", input=order)
    assert (made.status, made.output_text, made.model) == ("completed", "A fox.", GEMINI)
    sent = two.b.requests[-1]
    assert sent.path == "/v1beta/interactions"
    assert sent.json["model"] == GEMINI
    assert sent.header("x-goog-api-key") == ENV["KEY_B"]
    usage = made.usage
    used = two.record(
        operation="interactions", backend="b", output_tokens=usage.total_output_tokens
    )
    assert used["input_tokens"] == usage.total_input_tokens
    assert used["cost_nanousd"] == 2000 * used["input_tokens"] + 10_000 * used["output_tokens"]


def test_a_stream_is_passed_on_and_charged(two: Two):
    client = sdk(two)
    order = 'Say it. [[sim: {"text": "One two three.", "reasoning": 5}]]'
    stream = client.interactions.create(model="of-a", input=order, stream=True)
    events = list(stream)
    deltas = [one.delta for one in events if one.event_type == "step.delta"]
    assert "".join(one.text for one in deltas) == "One two three."
    ended = events[-1].interaction
    assert ended.status == "completed"
    output = ended.usage.total_output_tokens + ended.usage.total_thought_tokens
    used = two.record(operation="interactions", backend="a", stream=True, output_tokens=output)
    assert used["reasoning_tokens"] == ended.usage.total_thought_tokens > 0
    assert client.interactions.get(ended.id).output_text == "One two three."


def test_tools_are_called(two: Two):
    tool = {
        "type": "function",
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    order = 'The weather? [[sim: {"call_tool": "weather", "arguments": {"city": "Rome"}}]]'
    client = sdk(two)
    made = client.interactions.create(model="of-a", input=order, tools=[tool])
    assert made.status == "requires_action"
    (call,) = [step for step in made.steps if step.type == "function_call"]
    assert call.arguments == {"city": "Rome"}
    result = {"type": "function_result", "call_id": call.id, "name": "weather", "result": "sun"}
    then = client.interactions.create(
        model="of-a", input=[result], previous_interaction_id=made.id, tools=[tool]
    )
    assert then.status == "completed"
    assert then.previous_interaction_id == made.id


@pytest.mark.parametrize("name", ["a", "b"])
def test_an_id_leads_to_who_keeps_it(two: Two, name: str):
    simulator = {"a": two.a, "b": two.b}[name]
    client = sdk(two)
    made = client.interactions.create(model=f"of-{name}", input=f"Remember {name}.")
    own = made.id.partition("0gw")[0]
    assert own != made.id
    assert own in simulator.simulator.desk.shelf.things
    again = client.interactions.get(made.id, include_input=True)
    assert (again.id, again.output_text) == (made.id, made.output_text)
    then = client.interactions.create(model="any", input="And?", previous_interaction_id=made.id)
    assert then.previous_interaction_id == made.id
    assert simulator.requests[-1].json["previous_interaction_id"] == own
    client.interactions.delete(made.id)
    with pytest.raises(errors.NotFoundError):
        client.interactions.get(made.id)


def test_one_in_the_background_is_charged_when_it_is_seen_finished(two: Two):
    client = sdk(two)
    order = 'Think. [[sim: {"text": "It is so and not otherwise."}]]'
    made = client.interactions.create(model="of-b", input=order, background=True)
    assert made.status == "in_progress"
    assert two.record(operation="interactions", backend="b", total_tokens=0)["estimated"] is False
    seen = client.interactions.get(made.id)
    assert seen.status == "completed"
    total = seen.usage.total_tokens
    used = two.record(operation="interactions", method="GET", backend="b", total_tokens=total)
    assert used["cost_nanousd"] > 0
    assert client.interactions.cancel(made.id).status == "cancelled"


def test_an_id_is_nobody_elses(apart: Two):
    ann, bob = sdk(apart, ENV["ANN"]), sdk(apart, ENV["BOB"])
    made = ann.interactions.create(model="of-a", input="A secret.")
    own = made.id.partition("0gw")[0]
    for id in (made.id, own):
        with pytest.raises(errors.NotFoundError) as caught:
            bob.interactions.get(id)
        assert caught.value.body["error"]["code"] == "not_found"
        with pytest.raises(errors.NotFoundError):
            bob.interactions.create(model="of-a", input="And?", previous_interaction_id=id)
    assert ann.interactions.get(made.id).id == made.id


def test_what_google_refuses_is_refused(two: Two):
    client = sdk(two)
    made = client.interactions.create(model="of-a", input="Hello.")
    with pytest.raises(errors.BadRequestError, match="background"):
        client.interactions.cancel(made.id)
    with pytest.raises(errors.BadRequestError, match="stored") as caught:
        client.interactions.create(model="of-a", input="Hello.", background=True, store=False)
    assert caught.value.body["error"]["code"] == "invalid_argument"
    alone = client.interactions.create(model="of-a", input="Forget it.", store=False)
    with pytest.raises(errors.NotFoundError):
        client.interactions.get(alone.id)


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        ('{"status": 401}', errors.AuthenticationError),
        ('{"status": 403}', errors.PermissionDeniedError),
        ('{"status": 404}', errors.NotFoundError),
        ('{"status": 409}', errors.ConflictError),
        ('{"status": 429}', errors.RateLimitError),
        ('{"status": 500}', errors.InternalServerError),
        ('{"status": 503, "body": "html"}', errors.InternalServerError),
    ],
)
def test_an_error_is_of_its_class(two: Two, order: str, kind: type[errors.APIStatusError]):
    client = sdk(two, attempts=1)
    with pytest.raises(kind) as caught:
        client.interactions.create(model="of-a", input=f"Fail. [[sim: {order}]]")
    assert caught.value.body["error"]["message"]


def test_a_stream_that_breaks_is_charged_for_what_was_said(two: Two):
    client = sdk(two)
    order = 'Say it. [[sim: {"tokens": 50, "chunk_delay_ms": 40, "drop": "mid", "after": 20}]]'
    stream = client.interactions.create(model="of-b", input=order, stream=True)
    with pytest.raises(errors.APIConnectionError):
        list(stream)
    used = two.record(operation="interactions", backend="b", stream=True, estimated=True)
    assert used["output_tokens"] > 0


def test_an_error_in_mid_stream_is_told(two: Two):
    client = sdk(two)
    order = (
        'Say it. [[sim: {"text": "One two three.", "error_after": 2, "error_code": "internal"}]]'
    )
    events = list(client.interactions.create(model="of-b", input=order, stream=True))
    assert events[-1].event_type == "error"
    assert events[-1].error.code == "internal"
    two.record(operation="interactions", backend="b", stream=True, finish_reason="error")
