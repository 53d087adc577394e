"""JSON that nobody would write is refused by name, and never breaks a parser."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.gemini.generate_content import ARRAY, DIALECT, variant
from providers.errors import BadAnswer, InvalidRequest
from providers.neutral.deltas import Begin, Failed
from tests.providers.dialects.gemini.wire import CONTEXT

IN_REQUESTS = """contents role parts text thought thoughtSignature thought_signature inlineData
mimeType
data fileData fileUri functionCall name id args functionResponse response output error parts
systemInstruction tools functionDeclarations parameters parametersJsonSchema googleSearch toolConfig
functionCallingConfig mode allowedFunctionNames generationConfig temperature topK stopSequences
responseMimeType responseSchema responseJsonSchema thinkingConfig thinkingBudget thinkingLevel
speechConfig voiceConfig prebuiltVoiceConfig voiceName mediaResolution level responseModalities
serviceTier store type properties items anyOf nullable videoMetadata"""
IN_ANSWERS = """candidates content parts text thought thoughtSignature inlineData mimeType data
functionCall name id args finishReason index groundingMetadata groundingChunks groundingSupports web
uri title segment startIndex endIndex partIndex groundingChunkIndices citationMetadata citations
citationSources logprobsResult chosenCandidates topCandidates candidates token logProbability
usageMetadata promptTokenCount thoughtsTokenCount promptTokensDetails modality tokenCount
modelVersion responseId createTime promptFeedback blockReason error code message status"""
REQUEST, ANSWER = IN_REQUESTS.split(), IN_ANSWERS.split()
WORDS = st.sampled_from(["user", "model", "image/png", "AAAA", "gs://x", "STOP", "AUTO", "x", ""])
LEAVES = st.none() | st.booleans() | st.integers(-3, 9) | st.floats(0, 2) | WORDS


def shaped(names: list[str]) -> st.SearchStrategy[Any]:
    """Values whose members have names that mean something."""
    return st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=4)
        ),
        max_leaves=20,
    )


def objects(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), shaped(names), max_size=5)


def contents() -> st.SearchStrategy[dict[str, Any]]:
    """Requests whose outer shape is right, so that the parts are reached."""
    parts = st.lists(objects(REQUEST), max_size=3)
    content = st.fixed_dictionaries({"parts": parts}, optional={"role": WORDS})
    return st.fixed_dictionaries({"contents": st.lists(content, max_size=3)})


@given(objects(REQUEST) | contents())
def test_a_request_is_read_or_refused_by_name(body: dict[str, Any]) -> None:
    try:
        DIALECT.parse_request(body, "m", False)
    except InvalidRequest as error:
        assert error.param


def answers() -> st.SearchStrategy[dict[str, Any]]:
    """Answers whose outer shape is right, so that the parts are reached."""
    content = st.fixed_dictionaries({"parts": st.lists(objects(ANSWER), max_size=3)})
    candidate = st.builds(
        lambda rest, content: {**rest, "content": content}, objects(ANSWER), content
    )
    return st.builds(
        lambda rest, found: {**rest, "candidates": found},
        objects(ANSWER),
        st.lists(candidate, max_size=2),
    )


@given(objects(ANSWER) | answers())
def test_an_answer_is_read_and_shown_or_is_a_bad_answer(body: dict[str, Any]) -> None:
    DIALECT.watch(body)
    try:
        response = DIALECT.parse_response(body)
    except BadAnswer:
        return
    orjson.dumps(DIALECT.render_response(response, CONTEXT))


@given(st.lists(objects(ANSWER) | answers(), max_size=3))
def test_a_stream_is_read_and_shown_or_has_failed(chunks: list[dict[str, Any]]) -> None:
    data = b"".join(b"data: " + orjson.dumps(chunk) + b"\r\n\r\n" for chunk in chunks)
    parser, renderer = DIALECT.parser(), ARRAY.renderer(CONTEXT)
    deltas = parser.feed(data) + parser.flush()
    assert isinstance(deltas[0], Begin)
    assert sum(isinstance(delta, Failed) for delta in deltas) <= 1
    orjson.loads(renderer.feed(deltas) + renderer.flush())
    relay = ARRAY.relay(True)
    orjson.loads((relay.feed(data) or b"") + relay.flush())


def test_the_query_says_how_a_stream_is_told():
    assert variant("alt=sse") is DIALECT
    assert variant("key=x&alt=sse") is DIALECT
    assert variant("%24alt=sse") is DIALECT
    assert variant("%24alt=json%3Benum-encoding%3Dint") is ARRAY
    assert variant("") is ARRAY
    assert variant("alt=json") is ARRAY
