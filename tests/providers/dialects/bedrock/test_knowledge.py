"""bedrock.retrieve_and_generate: models in requests, words that are counted, streams."""

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call
from providers.bridging.quirks import Quirks
from providers.dialects.bedrock.knowledge import DIALECT, IDS, KnowledgeRelay, model_in, watch
from providers.errors import BadAnswer, InvalidRequest
from providers.neutral.chat import Finish
from providers.wire import aws_event_stream as frames
from tests.providers.dialects.bedrock.answers import message

WORDS = "One two three four."
CITED = {"citation": {"generatedResponsePart": {"textResponsePart": {"text": WORDS * 50}}}}
STREAM = b"".join(
    (
        message("output", {"text": "One two "}),
        message("output", {"text": "three four."}),
        message("citation", CITED),
        message("guardrail", {"action": "NONE"}),
    )
)


def asking(**inner: object) -> dict:
    configured = {"knowledgeBaseId": "KB", "modelArn": "a", **inner}
    return {
        "input": {"text": "Who?"},
        "retrieveAndGenerateConfiguration": {
            "type": "KNOWLEDGE_BASE",
            "knowledgeBaseConfiguration": configured,
        },
    }


def sent(data: bytes, model: str = "b") -> bytes:
    call = Call(data=data, body=orjson.loads(data), model=model, stream=False)
    body = bridge(DIALECT, DIALECT, Quirks()).request(call).body
    assert body is not None
    return body


def test_the_routes_model_is_what_is_sent():
    assert orjson.loads(sent(orjson.dumps(asking()))) == asking(modelArn="b")


def test_what_stands_twice_is_sent_once():
    """Or AWS might read the other one."""
    inner = b'"knowledgeBaseConfiguration":{"modelArn":"x","modelArn":"b","modelArn":"b"}'
    twice = b'"retrieveAndGenerateConfiguration":{%s,%s}' % (inner, inner)
    data = b'{"sessionId":"x",%s,"sessionId":"s",%s}' % (twice, twice)
    body = sent(data)
    assert body.count(b"modelArn") == body.count(b"sessionId") == 1
    assert (orjson.loads(body)["sessionId"], model_in(orjson.loads(body))) == ("s", "b")


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        (None, "must be an object"),
        ({"type": "KNOWLEDGE_BASE"}, "must have one of"),
        ({"knowledgeBaseConfiguration": {}, "externalSourcesConfiguration": {}}, "one of"),
        ({"knowledgeBaseConfiguration": "a"}, "must be an object"),
    ],
)
def test_what_names_no_model_or_two_is_refused(configuration: object, said: str):
    body = {"input": {"text": "Who?"}, "retrieveAndGenerateConfiguration": configuration}
    for use in (model_in, lambda body: sent(orjson.dumps(body))):
        with pytest.raises(InvalidRequest, match=said):
            use(body)


def test_words_are_counted_and_not_what_they_cite():
    answer = {"output": {"text": WORDS}, "citations": [CITED["citation"]], "sessionId": "s"}
    seen = watch(answer)
    assert 4 <= seen.generated <= 8
    assert (seen.finish, seen.usage) == (Finish.STOP, None)
    assert watch({**answer, "guardrailAction": "INTERVENED"}).finish is Finish.CONTENT_FILTER


@pytest.mark.parametrize("answer", [{}, {"output": "x"}, {"output": {"text": None}}])
def test_what_has_no_words_is_no_answer(answer: dict):
    with pytest.raises(BadAnswer):
        watch(answer)


@pytest.mark.parametrize("size", [1, 7, 64, len(STREAM)])
def test_a_stream_is_understood_wherever_it_is_cut(size: int):
    relay, shown = KnowledgeRelay(True), b""
    for at in range(0, len(STREAM), size):
        piece = STREAM[at : at + size]
        passed = relay.feed(piece)
        shown += piece if passed is None else passed
    assert relay.flush() == b""
    assert shown == STREAM
    assert 4 <= relay.seen.generated <= 8
    assert (relay.seen.finish, relay.seen.error) == (Finish.STOP, None)


def test_a_guardrail_is_why_it_ended():
    relay = KnowledgeRelay(True)
    relay.feed(message("guardrail", {"action": "INTERVENED"}))
    assert (relay.flush(), relay.seen.finish) == (b"", Finish.CONTENT_FILTER)


@pytest.mark.parametrize("end", [0, 20, len(STREAM) - 3])
def test_a_stream_that_is_cut_ends_with_an_exception(end: int):
    relay = KnowledgeRelay(True)
    shown = relay.feed(STREAM[:end]) or b""
    last = list(frames.Splitter().feed(shown + relay.flush()))[-1]
    assert frames.decode(last).headers[":exception-type"] == "internalServerException"
    assert relay.seen.error is not None
    assert relay.seen.finish is None


def test_an_exception_passes_and_is_taken_down():
    relay = KnowledgeRelay(True)
    headers = frames.exception_headers("dependencyFailedException")
    event = frames.encode_raw(headers, b'{"message":"no model"}')
    assert relay.feed(STREAM + event) is None
    assert relay.flush() == b""
    error = relay.seen.error
    assert error is not None
    assert (error.code, error.message, error.status) == (
        "DependencyFailedException",
        "no model",
        424,
    )
    assert relay.seen.finish is None


def test_only_the_session_is_an_id():
    answer = {"sessionId": "s", "citations": [{"sessionId": "t"}], "output": {"text": "u"}}
    assert IDS.within(answer) == {"s"}
    asked = {**asking(retrievalConfiguration={"sessionId": "t"}), "sessionId": "s"}
    assert IDS.within(asked) == {"s"}
    assert IDS.split("a/b") is None
