"""What holds in every format of text completions, and between any two of them."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Context
from providers.bridging.features import used
from providers.bridging.fidelity import settle
from providers.catalog import DIALECTS
from providers.errors import ApiError, BadAnswer, Cause, InvalidRequest, Unsupported
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    Citation,
    Document,
    Finish,
    Image,
    Message,
    NativeTool,
    Refusal,
    Role,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import (
    AnyDelta,
    AudioDelta,
    Begin,
    End,
    Failed,
    Ping,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.media import PlainText, Url
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import ndjson, sse
from tests.features import changes_the_body_where_it_is_carried, uses
from tests.providers.dialects.streaming import parsed, relayed, written
from tests.strategies import cuts, words

TEXTS = [each for each in DIALECTS.values() if each.operation is Operation.COMPLETIONS]
NEW = [each for each in TEXTS if each.name != "openai.completions"]
LLAMA = DIALECTS["llama.generate"]
EVERY = pytest.mark.parametrize("dialect", TEXTS, ids=lambda each: each.name)
PAIR = [(client, target) for client in TEXTS for target in TEXTS if client is not target]

PROMPTS: dict[str, dict[str, Any]] = {
    "anthropic.complete": {"prompt": "\n\nHuman: say\n\nAssistant:", "max_tokens_to_sample": 9},
    "cohere.generate": {"prompt": "say", "max_tokens": 9},
    "huggingface.generate": {"inputs": "say", "parameters": {"max_new_tokens": 9}},
    "mistral.fim": {"model": "m", "prompt": "say", "max_tokens": 9},
    "ollama.generate": {"prompt": "say", "stream": False, "options": {"num_predict": 9}},
    "openai.completions": {"model": "m", "prompt": "say", "max_tokens": 9},
}
"""The same request in each."""

CONTEXT = Context(model="shown", id="id-1", now=1, echo={"details": True})
USAGE = Usage(input=3, output=2)
FINISHES = st.sampled_from([Finish.STOP, Finish.LENGTH])


def stream(dialect: ChatDialect, deltas: list[AnyDelta]) -> bytes:
    return written(dialect, deltas, CONTEXT)


def text_of(deltas: list[AnyDelta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def plain(words: str = "eight ch", finish: Finish = Finish.STOP) -> list[AnyDelta]:
    return [
        Begin(id="x", model="m"),
        TextDelta(text=words, part=0),
        End(finish=finish),
        Used(usage=USAGE),
    ]


@pytest.mark.parametrize(("client", "target"), PAIR, ids=lambda each: each.name)
def test_every_format_can_be_said_in_every_other(client: ChatDialect, target: ChatDialect) -> None:
    asked = client.parse_request(PROMPTS[client.name], "m", False)
    request = msgspec.structs.replace(asked, model="m")
    assert settle(used(request), target.carries, client.names, target.name) == []
    dropped: list[str] = []
    body = target.render_request(request, dropped)
    again = target.parse_request(body, "m", False)
    assert msgspec.structs.replace(again, model="m", extras={}) == request
    assert dropped == []


@EVERY
def test_a_document_of_text_is_a_part_of_the_prompt_and_nothing_else_is(
    dialect: ChatDialect,
) -> None:
    paper = Document(source=PlainText(text="!"))
    said = Message(role=Role.USER, parts=(Text(text="hi"), paper))
    body = dialect.render_request(ChatRequest(model="m", messages=(said,)), [])
    assert b"hi!" in orjson.dumps(body)
    picture = Message(role=Role.USER, parts=(Image(source=Url(url="https://a.test/")),))
    for messages in ((said, said), (picture,), (Message(role=Role.SYSTEM),), ()):
        with pytest.raises(Unsupported):
            dialect.render_request(ChatRequest(model="m", messages=messages), [])


FEATURES = uses(
    NativeTool(dialect="x", value={}),
    Signature(origin="x", value="s"),
    Citation(url="https://a.test/"),
)


@pytest.mark.parametrize("dialect", [*NEW, LLAMA], ids=lambda each: each.name)
@pytest.mark.parametrize("feature", FEATURES)
def test_what_is_carried_changes_the_body(dialect: ChatDialect, feature: Any) -> None:
    changes_the_body_where_it_is_carried(dialect, feature, *FEATURES[feature])


WRONG = {"a": 1}


@pytest.mark.parametrize("dialect", NEW, ids=lambda each: each.name)
def test_a_member_of_the_wrong_type_is_named(dialect: ChatDialect) -> None:
    good = PROMPTS[dialect.name]
    for name in dialect.parse_request.__globals__["READ"] - {"details", "return_full_text"}:
        nested = dialect.name == "huggingface.generate"
        body = {**good, "parameters": {name: WRONG}} if nested else {**good, name: WRONG}
        if name in ("metadata", "grammar", "format", "options"):
            body = {**good, "parameters": {name: 5}} if nested else {**good, name: 5}
        with pytest.raises(InvalidRequest) as refused:
            dialect.parse_request(body, "", False)
        assert name in (refused.value.param or "")


@EVERY
@given(text=words, finish=FINISHES)
def test_an_answer_survives_render_and_parse(
    dialect: ChatDialect, text: str, finish: Finish
) -> None:
    choice = Choice(parts=(Text(text=text),), finish=finish)
    response = ChatResponse(id="x", model="m", choices=(choice,), usage=USAGE)
    body = orjson.loads(orjson.dumps(dialect.render_response(response, CONTEXT)))
    again = dialect.parse_response(body)
    assert again.choices == (choice,)
    assert again.usage is None or again.usage.output == 2
    assert dialect.watch(body).finish is finish


@EVERY
def test_only_what_is_text_is_told(dialect: ChatDialect) -> None:
    call = ToolCall(id="c", name="f", arguments="{}")
    parts = (Thinking(text="hm"), Text(text="Hi"), Refusal(text="!"), call)
    response = ChatResponse(id="x", model="m", choices=(Choice(parts=parts),))
    body = dialect.render_response(response, CONTEXT)
    again = dialect.parse_response(body).choices[0].parts
    assert [part for part in again if not isinstance(part, Thinking)] == [Text(text="Hi!")]
    assert (len(again) > 1) == (dialect.name == "ollama.generate")
    deltas: list[AnyDelta] = [
        Begin(id="x", model="m"),
        ThinkingDelta(text="hm", part=0),
        Ping(),
        TextDelta(text="Hi", part=1),
        RefusalDelta(text="!", part=2),
        AudioDelta(part=3, transcript="?"),
        WholePart(value=Text(text="."), part=4),
        ToolCallBegin(id="c", name="f", part=5),
        End(finish=Finish.LENGTH),
    ]
    told = parsed(dialect, [stream(dialect, deltas)])
    assert text_of(told) == "Hi!?."
    assert [delta.finish for delta in told if isinstance(delta, End)] == [Finish.LENGTH]


@pytest.mark.parametrize("body", [{}, {"error": {"message": "boom"}}, {"generations": []}])
@EVERY
def test_no_answer_is_a_bad_answer(dialect: ChatDialect, body: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        dialect.parse_response(body)


@EVERY
@given(said=st.lists(words.filter(bool), min_size=1, max_size=5), finish=FINISHES, data=st.data())
@settings(max_examples=50, deadline=None)
def test_a_stream_survives_render_and_parse_however_it_is_cut(
    dialect: ChatDialect, said: list[str], finish: Finish, data: st.DataObject
) -> None:
    texts: list[AnyDelta] = [TextDelta(text=text, part=0) for text in said]
    wire = stream(dialect, [Begin(id="x", model="m"), *texts, End(finish=finish)])
    found = parsed(dialect, data.draw(cuts(wire)))
    assert isinstance(found[0], Begin)
    assert [delta for delta in found if isinstance(delta, TextDelta)] == texts
    assert [delta.finish for delta in found if isinstance(delta, End)] == [finish]
    assert not any(isinstance(delta, Failed) for delta in found)


@EVERY
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_the_bytes_of_a_stream_pass_and_its_end_is_seen(
    dialect: ChatDialect, data: st.DataObject
) -> None:
    wire = stream(dialect, plain())
    out, relay = relayed(dialect, data.draw(cuts(wire)))
    assert out == wire
    assert relay.seen.finish is Finish.STOP
    assert relay.seen.error is None
    assert relay.seen.usage == (None if dialect.name == "anthropic.complete" else USAGE)
    assert relay.seen.generated > 0


@EVERY
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_a_cut_stream_ends_with_an_error(dialect: ChatDialect, data: st.DataObject) -> None:
    begun = stream_start(dialect)
    pieces = data.draw(cuts(begun[: data.draw(st.integers(0, len(begun)))]))
    out, relay = relayed(dialect, pieces)
    assert relay.seen.error is not None
    assert relay.seen.finish is Finish.ERROR
    last = parsed(dialect, [out])[-1]
    assert isinstance(last, Failed)
    assert isinstance(parsed(dialect, pieces)[-1], Failed)


def stream_start(dialect: ChatDialect) -> bytes:
    """A stream up to its first words."""
    renderer = dialect.renderer(CONTEXT)
    return renderer.feed(plain()[:2])


@EVERY
def test_a_failure_is_told_and_nothing_after_it(dialect: ChatDialect) -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message='too "busy"')
    late = TextDelta(text="late", part=0)
    wire = stream(dialect, [*plain()[:2], Failed(error=error), late, End(finish=Finish.STOP)])
    *_, last = parsed(dialect, [wire])
    assert isinstance(last, Failed)
    assert last.error.message == 'too "busy"'
    assert b"late" not in wire
    out, relay = relayed(dialect, [wire])
    assert out == wire
    assert relay.seen.error is not None
    assert relay.seen.error.message == 'too "busy"'


@EVERY
@given(junk=st.lists(st.binary(max_size=60), max_size=4))
def test_junk_never_raises(dialect: ChatDialect, junk: list[bytes]) -> None:
    pieces = [b'data: {"a":1}\n\n', *junk, b'data: [1]\n\ndata:\n\n{"x":"y"}\n[]\n']
    assert isinstance(parsed(dialect, pieces)[-1], Failed | End)
    relayed(dialect, pieces)
    whole = b"".join(junk)
    assert dialect.parse_error(500, {}, whole).message


@EVERY
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504, 529])
def test_an_error_comes_through(dialect: ChatDialect, status: int) -> None:
    blamed = DIALECTS["openai.chat"].parse_error(
        status, {}, b'{"error":{"message":"no \\"way\\""}}'
    )
    error = msgspec.structs.replace(blamed, request_id="r")
    told, headers, body = dialect.render_error(error)
    assert headers["content-type"].startswith("application/json")
    again = dialect.parse_error(told, headers, body)
    assert (again.message, again.request_id) == ('no "way"', "r")
    assert (again.status >= 500) == (status >= 500) or status == 529


@EVERY
def test_an_event_without_end_is_a_failure(
    dialect: ChatDialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 1000)
    monkeypatch.setattr(ndjson, "MAX_LINE", 1000)
    endless = [b'data: {"x":"' + b"x" * 600, b"x" * 600, b'"}\n\n', b"data: 1\n\n"]
    assert [type(delta) for delta in parsed(dialect, endless)] == [Failed]
    _, relay = relayed(dialect, endless)
    assert relay.seen.error is not None
    assert "larger" in relay.seen.error.message or "longer" in relay.seen.error.message
