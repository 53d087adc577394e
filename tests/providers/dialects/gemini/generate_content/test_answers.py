"""Whole answers and errors: what Google says, and what its clients are told."""

import orjson
import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.gemini.generate_content import DIALECT
from providers.errors import BadAnswer, Cause, FailedAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
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
from providers.neutral.deltas import End, WholePart, replay
from providers.neutral.media import Data
from providers.neutral.web_search import Searched
from providers.usage import Usage
from tests.providers.dialects.gemini.wire import CONTEXT, NEWEST, PIXEL, answer, events


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
        answer({"text": 5}),
        answer({"functionCall": {"name": 1}}),
        answer({"inlineData": 5}),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_bad_answer(body):
    with pytest.raises(BadAnswer):
        DIALECT.parse_response(body)


def test_an_error_of_status_200_has_the_status_that_it_stands_for():
    body = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}
    with pytest.raises(FailedAnswer) as caught:
        DIALECT.parse_response(body)
    error = caught.value.as_api_error()
    assert (error.status, error.cause, error.message) == (429, Cause.RATE_LIMIT, "slow")


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


@pytest.mark.parametrize(
    "held",
    [
        {"executableCode": {"language": "PYTHON", "code": "1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"toolCall": {"id": "t", "toolType": "GOOGLE_MAPS", "args": {}}},
        {"inlineData": {"mimeType": "image/png", "data": PIXEL}, "thought": True},
    ],
)
def test_a_signature_does_not_hide_what_it_signs(held):
    part = held | {"thoughtSignature": "c2ln"}
    native = Native(dialect=DIALECT.name, value=part)
    assert parts(part, {"text": "Hi."}) == (native, Text(text="Hi."))
    deltas = DIALECT.parser().feed(events(answer(part)))
    assert [each.value for each in deltas if isinstance(each, WholePart)] == [native]


def test_a_search_beside_functions_is_one_for_all():
    part = {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}}
    assert parts(part) == (Searched(dialect=DIALECT.name, value=part),)


def test_sources_without_a_place_are_those_of_the_answer():
    grounding = {
        "groundingChunks": [
            {"web": {"uri": "https://a.test", "title": "A"}},
            {"maps": {"uri": "https://maps.test/1", "title": "B"}},
        ]
    }
    body = answer({"text": "Hi."}, groundingMetadata=grounding)
    (text,) = DIALECT.parse_response(body).choices[0].parts
    assert [(each.url, each.title, each.start, each.end) for each in text.citations] == [
        ("https://a.test", "A", None, None),
        ("https://maps.test/1", "B", None, None),
    ]


@pytest.mark.parametrize(
    ("traffic", "tier"),
    [
        ("ON_DEMAND_PRIORITY", "priority"),
        ("ON_DEMAND_FLEX", "flex"),
        ("ON_DEMAND", "default"),
        ("PROVISIONED_THROUGHPUT", None),
        (5, None),
    ],
)
def test_the_traffic_of_vertex_is_a_service_tier(traffic, tier):
    body = answer({"text": "Hi."})
    body["usageMetadata"]["trafficType"] = traffic
    assert DIALECT.parse_response(body).service_tier == tier
    begin, *_ = DIALECT.parser().feed(events(body))
    assert begin.service_tier == tier


def test_what_was_said_stands_beside_its_sound():
    sound = Audio(source=Data(base64="AAAA", media_type="audio/wav"), transcript="said")
    response = ChatResponse(id="", model="", choices=(Choice(parts=(sound,)),))
    body = DIALECT.render_response(response, CONTEXT)
    spoken = [{"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}, {"text": "said"}]
    assert body["candidates"][0]["content"]["parts"] == spoken


def test_a_citation_that_names_no_stretch_is_of_the_whole_text():
    text = Text(text="blå", citations=(Citation(title="T", quote="q"),))
    response = ChatResponse(id="", model="", choices=(Choice(parts=(text,)),))
    grounding = DIALECT.render_response(response, CONTEXT)["candidates"][0]["groundingMetadata"]
    types.GroundingMetadata.model_validate(grounding)
    segment = {"partIndex": 0, "startIndex": 0, "endIndex": 4, "text": "blå"}
    assert grounding["groundingSupports"] == [{"segment": segment, "groundingChunkIndices": [0]}]
