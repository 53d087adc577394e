"""Whole answers and errors: what Google says, and what its clients are told."""

import orjson
import pytest
from gemini_wire import CONTEXT, NEWEST, PIXEL, answer
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from providers.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Data,
    Finish,
    Image,
    Native,
    Part,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.deltas import End, replay
from providers.dialect import Seen
from providers.dialects.gemini_generate_content import DIALECT
from providers.errors import ApiError, BadAnswer, Cause
from providers.usage import Usage


def parts(*given: dict[str, object], **members: object) -> tuple[Part, ...]:
    return DIALECT.parse_response(answer(*given, **members)).choices[0].parts


def test_an_answer_says_who_gave_it_and_what_it_used():
    body = answer({"text": "Hi."}) | {"createTime": "2026-11-21T10:00:00.123456Z"}
    assert DIALECT.parse_response(body) == ChatResponse(
        id="id-1",
        model=NEWEST,
        created=1_795_255_200,
        choices=(Choice(parts=(Text(text="Hi."),), finish=Finish.STOP),),
        usage=Usage(input=10, output=5),
    )


def test_parts_are_what_they_are():
    signature = Signature(origin="gemini", value="c2ln")
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}
    assert parts(
        {"text": "hm", "thought": True},
        code,
        {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
        {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}},
        {"text": "Hi."},
        {"text": "", "thoughtSignature": "c2ln"},
        {"text": "."},
    ) == (
        Thinking(text="hm"),
        Native(dialect=DIALECT.name, value=code),
        Image(source=Data(base64=PIXEL, media_type="image/png")),
        Audio(source=Data(base64="AAAA", media_type="audio/L16;rate=24000")),
        Text(text="Hi.", signature=signature),
        Text(text="."),
    )


def test_calls_without_ids_get_unique_ones_that_stay_the_same():
    calls = [{"functionCall": {"name": "f", "args": {"a": 1}}}, {"functionCall": {"name": "f"}}]
    first, second = parts(*calls)
    assert (first, second) == parts(*calls)
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert first.id != second.id
    other = DIALECT.parse_response(answer(*calls) | {"responseId": "id-2"}).choices[0].parts[0]
    assert isinstance(other, ToolCall)
    assert other.id not in (first.id, second.id)
    nameless = answer(*calls)
    del nameless["responseId"]
    unknown = DIALECT.parse_response(nameless).choices[0].parts
    assert unknown[0].id != unknown[1].id


@given(st.text(max_size=60))
def test_ids_are_such_as_every_provider_takes(origin: str) -> None:
    body = answer({"functionCall": {"name": "f"}}) | {"responseId": origin}
    call = DIALECT.parse_response(body).choices[0].parts[0]
    assert isinstance(call, ToolCall)
    assert len(call.id) <= 40
    assert call.id.isascii()
    assert call.id.replace("_", "").replace("-", "").isalnum()


def test_an_id_that_google_gives_is_kept():
    assert parts({"functionCall": {"name": "f", "id": "x"}})[0].id == "x"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", Finish.STOP),
        ("MAX_TOKENS", Finish.LENGTH),
        ("SAFETY", Finish.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", Finish.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", Finish.ERROR),
        ("SOMETHING_NEW", Finish.STOP),
    ],
)
def test_reasons_to_finish_are_understood(reason, finish):
    body = answer({"text": "x"}, finishReason=reason)
    assert DIALECT.parse_response(body).choices[0].finish is finish
    assert DIALECT.watch(body) == Seen(usage=Usage(input=10, output=5), model=NEWEST, finish=finish)


def test_every_reason_of_the_sdk_is_known():
    from providers.dialects.gemini_generate_content.answers import FINISHES, REASONS

    known = {reason.value for reason in types.FinishReason}
    assert known - set(FINISHES) <= {
        "FINISH_REASON_UNSPECIFIED",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
    }
    assert set(REASONS.values()) <= known
    assert set(REASONS) == set(Finish)


def test_a_stop_with_calls_is_a_wish_to_call():
    body = answer({"functionCall": {"name": "f"}})
    assert DIALECT.parse_response(body).choices[0].finish is Finish.TOOL_CALLS
    assert DIALECT.watch(body).finish is Finish.TOOL_CALLS


def test_a_blocked_prompt_is_an_answer_that_was_filtered():
    body = {
        "promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7},
    }
    response = DIALECT.parse_response(body)
    assert response.choices == (Choice(finish=Finish.CONTENT_FILTER),)
    assert response.usage == Usage(input=7)
    assert response.native == {"promptFeedback": {"blockReason": "SAFETY"}}
    assert DIALECT.watch(body).finish is Finish.CONTENT_FILTER


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"candidates": 5},
        {"candidates": [5]},
        {"error": {"message": "oops"}},
        answer({"text": 5}),
        answer({"functionCall": {"name": 1}}),
        answer({"inlineData": 5}),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_bad_answer(body):
    with pytest.raises(BadAnswer):
        DIALECT.parse_response(body)


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (
            {
                "promptTokenCount": 10,
                "toolUsePromptTokenCount": 3,
                "cachedContentTokenCount": 4,
                "candidatesTokenCount": 5,
                "thoughtsTokenCount": 2,
                "totalTokenCount": 20,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 6}],
                "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}],
            },
            Usage(
                input=13,
                output=7,
                cache_read=4,
                reasoning=2,
                audio_input=6,
                audio_output=1,
            ),
        ),
        (
            # Thoughts that are a part of the candidates already.
            {
                "promptTokenCount": 10,
                "candidatesTokenCount": 5,
                "thoughtsTokenCount": 2,
                "totalTokenCount": 15,
            },
            Usage(input=10, output=5, reasoning=2),
        ),
        (
            {"promptTokenCount": 10, "thoughtsTokenCount": 2, "totalTokenCount": 12},
            Usage(input=10, output=2, reasoning=2),
        ),
        ({"promptTokenCount": "x", "candidatesTokenCount": -5}, None),
        ({}, None),
        ([], None),
    ],
)
def test_usage_is_counted_once(raw, usage):
    body = answer({"text": "x"}) | {"usageMetadata": raw}
    assert DIALECT.parse_response(body).usage == usage


def test_sources_stand_at_characters_not_bytes():
    text = "Blåbær er blå."
    grounding = {
        "groundingChunks": [
            {"web": {"uri": "https://a.test", "title": "A"}},
            {"web": {"uri": "https://b.test", "title": "B"}},
        ],
        "groundingSupports": [
            {
                "segment": {"partIndex": 1, "endIndex": 8, "text": "Blåbær"},
                "groundingChunkIndices": [0, 1, 7],
            }
        ],
        "searchEntryPoint": {"renderedContent": "<b>"},
    }
    sources = {"citationSources": [{"startIndex": 12, "endIndex": 16, "uri": "https://c.test"}]}
    body = answer(
        {"text": "hm", "thought": True},
        {"text": text},
        groundingMetadata=grounding,
        citationMetadata=sources,
    )
    choice = DIALECT.parse_response(body).choices[0]
    cited = choice.parts[1].citations
    assert [(each.url, each.title) for each in cited] == [
        ("https://a.test", "A"),
        ("https://b.test", "B"),
        ("https://c.test", None),
    ]
    assert [text[each.start : each.end] for each in cited] == ["Blåbær", "Blåbær", "blå"]
    assert choice.native["groundingMetadata"] == grounding


def test_logprobs_go_there_and_back():
    chosen = [{"token": "å", "logProbability": -0.5}, {"token": "b", "logProbability": -1.5}]
    tops = [{"candidates": [chosen[0]]}, {"candidates": [chosen[1], chosen[0]]}]
    result = {"chosenCandidates": chosen, "topCandidates": tops}
    response = DIALECT.parse_response(answer({"text": "åb"}, logprobsResult=result))
    logprobs = response.choices[0].logprobs
    assert logprobs["content"][0] == {
        "token": "å",
        "logprob": -0.5,
        "bytes": [195, 165],
        "top_logprobs": [{"token": "å", "logprob": -0.5, "bytes": [195, 165]}],
    }
    shown = DIALECT.render_response(response, CONTEXT)["candidates"][0]
    assert (shown["logprobsResult"], shown["avgLogprobs"]) == (result, -1.0)


def test_a_client_is_told_all_that_the_format_can_hold():
    choice = Choice(
        parts=(
            Thinking(redacted=Signature(origin="anthropic", value="x")),
            Refusal(text="No."),
            Image(source=Data(base64=PIXEL, media_type="image/png")),
            Audio(source=Data(base64="", media_type="audio/wav"), transcript="said"),
            Text(text="a", citations=(Citation(title="T", quote="q"),)),
            Native(dialect="anthropic.messages", value={"type": "x"}),
            ToolCall(id="c", name="f", arguments="nonsense"),
        ),
        finish=Finish.TOOL_CALLS,
    )
    second = Choice(parts=(Text(text="b"),), finish=Finish.LENGTH, index=1)
    response = ChatResponse(id="", model="", choices=(choice, second))
    body = orjson.loads(orjson.dumps(DIALECT.render_response(response, CONTEXT)))
    shown = types.GenerateContentResponse.model_validate(body)
    assert (shown.model_version, shown.response_id) == ("shown", "exchange-1")
    assert shown.create_time.timestamp() == CONTEXT.now
    one, two = shown.candidates
    assert [part.text for part in one.content.parts] == ["", "No.", None, "said", "a", None]
    assert one.content.parts[-1].function_call.args == {"input": "nonsense"}
    assert one.grounding_metadata.grounding_chunks[0].retrieved_context.title == "T"
    assert (one.finish_reason.value, two.finish_reason.value) == ("STOP", "MAX_TOKENS")
    assert shown.usage_metadata is None


def test_what_only_google_says_survives_whole_and_as_a_stream():
    body = answer(
        {"text": "Hi."},
        finishReason="RECITATION",
        finishMessage="recited",
        safetyRatings=[{"category": "c", "probability": "LOW", "blocked": False}],
        groundingMetadata={"webSearchQueries": ["q"], "searchEntryPoint": {"renderedContent": "x"}},
        urlContextMetadata={"urlMetadata": []},
    ) | {"promptFeedback": {"safetyRatings": []}}
    response = DIALECT.parse_response(body)
    shown = DIALECT.render_response(response, CONTEXT)
    del shown["createTime"]
    for details in ("promptTokensDetails", "candidatesTokensDetails"):
        del shown["usageMetadata"][details]
    assert shown == body
    renderer = DIALECT.renderer(CONTEXT)
    events = renderer.feed(replay(response)) + renderer.flush()
    parser = DIALECT.parser()
    *_, end = parser.feed(events) + parser.flush()
    assert isinstance(end, End)
    assert (end.finish, end.native) == (Finish.CONTENT_FILTER, response.choices[0].native)


RETRY = [
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
    {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}],
    },
]
BAD_KEY = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
FIELD = [
    {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": "contents[0]", "description": "bad"}],
    }
]


def google(code, status, details=()):
    return {"code": code, "message": "m", "status": status, "details": list(details)}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, google(429, "RESOURCE_EXHAUSTED"), (429, Cause.RATE_LIMIT, "RESOURCE_EXHAUSTED")),
        (429, google(429, "RESOURCE_EXHAUSTED", RETRY), (429, Cause.QUOTA, "RESOURCE_EXHAUSTED")),
        (
            400,
            google(400, "INVALID_ARGUMENT", BAD_KEY),
            (401, Cause.AUTHENTICATION, "API_KEY_INVALID"),
        ),
        (403, google(403, "PERMISSION_DENIED"), (403, Cause.PERMISSION, "PERMISSION_DENIED")),
        (404, google(404, "NOT_FOUND"), (404, Cause.NOT_FOUND, "NOT_FOUND")),
        (503, google(503, "UNAVAILABLE"), (503, Cause.UNAVAILABLE, "UNAVAILABLE")),
        (504, google(504, "DEADLINE_EXCEEDED"), (504, Cause.TIMEOUT, "DEADLINE_EXCEEDED")),
        (500, google(500, "SOMETHING"), (500, Cause.SERVER, "SOMETHING")),
        (502, google(400, "INVALID_ARGUMENT"), (502, Cause.SERVER, "INVALID_ARGUMENT")),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_errors_of_google_are_understood(status, body, expected, wrapped):
    whole = [{"error": body}] if wrapped else {"error": body}
    error = DIALECT.parse_error(status, {"x-request-id": "r"}, orjson.dumps(whole))
    assert (error.status, error.cause, error.code) == expected
    assert (error.message, error.request_id) == ("m", "r")


def test_the_field_that_is_to_blame_is_named():
    body = orjson.dumps({"error": google(400, "INVALID_ARGUMENT", FIELD)})
    error = DIALECT.parse_error(400, {}, body)
    assert error.param == "contents[0]"
    assert orjson.loads(DIALECT.render_error(error)[2])["error"]["details"][0]["fieldViolations"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no message"),
        (b"{}", "no message"),
        (b"<html><title>502  Bad\nGateway</title>", "HTML page: 502 Bad Gateway"),
        (b"\xff\xfe\x00garbage", "garbage"),
        (b'{"error":"plain"}', "plain"),
        (b'{"message":"top"}', "top"),
        (b'{"error":{"message":5}}', "status 502"),
        (b'[{"error":[]}]', "status 502"),
        (b'{"error":{"message":"%b"}}' % (b"x" * 5000), "x" * 2000),
        (b"upstream connect error", "upstream connect error"),
    ],
)
def test_any_body_of_an_error_is_read(body, message):
    error = DIALECT.parse_error(502, {}, body)
    assert (error.status, error.cause) == (502, Cause.SERVER)
    assert message in error.message
    assert len(error.message) <= 2000


@given(st.binary(max_size=60), st.integers(400, 599))
def test_no_body_makes_the_parser_fail(body: bytes, status: int) -> None:
    assert DIALECT.parse_error(status, {}, body).message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "status", "code", "details", "@type", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON, st.integers(400, 599))
def test_no_json_makes_the_parser_fail(value: object, status: int) -> None:
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS) if _fits(value) else b"1"
    assert DIALECT.parse_error(status, {}, text).message


def _fits(value: object) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def test_an_error_is_told_in_googles_words():
    error = ApiError(
        status=529, cause=Cause.OVERLOADED, message="busy", code="overloaded", request_id="r"
    )
    status, headers, body = DIALECT.render_error(error)
    assert (status, headers["x-request-id"]) == (503, "r")
    assert body.startswith(b'{"error":')
    assert orjson.loads(body)["error"]["status"] == "UNAVAILABLE"
    again = DIALECT.parse_error(status, headers, body)
    assert (again.cause, again.message, again.code) == (Cause.UNAVAILABLE, "busy", "overloaded")
