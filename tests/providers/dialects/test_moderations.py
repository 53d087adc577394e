"""Moderation: OpenAI's clients before OpenAI and before Mistral."""

import msgspec
import orjson
import pytest
from openai.types import ModerationCreateResponse

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import BadAnswer, InvalidRequest, Unsupported

OPENAI, MISTRAL = DIALECTS["openai.moderations"], DIALECTS["mistral.moderations"]
CONTEXT = Context(model="guard", id="7", now=0)
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}


def sent(target, given, **members) -> Sent:
    body = {"model": "guard", "input": given, **members}
    call = Call(data=orjson.dumps(body), body=body, model="up", stream=False)
    return bridge(OPENAI, target, Quirks()).request(call)


def answer(target, body) -> dict:
    changed, _ = bridge(OPENAI, target, Quirks()).whole(orjson.dumps(body), CONTEXT)
    return orjson.loads(changed)


@pytest.mark.parametrize("given", ["one", ["one", "two"], [{"type": "text", "text": "one"}]])
def test_texts_reach_mistral_one_for_each_input(given):
    texts = ["one", "two"] if len(given) == 2 else ["one"]
    assert orjson.loads(sent(MISTRAL, given).body) == {"model": "up", "input": texts}


def test_the_same_format_passes_but_for_the_model():
    body = orjson.loads(sent(OPENAI, [PICTURE], odd=1).body)
    assert body == {"model": "up", "input": [PICTURE], "odd": 1}


@pytest.mark.parametrize("given", [[PICTURE], [{"type": "text", "text": "a"}, PICTURE]])
def test_a_picture_is_refused_where_only_texts_are_judged(given):
    with pytest.raises(Unsupported, match=r"mistral\.moderations"):
        sent(MISTRAL, given)


@pytest.mark.parametrize("given", [None, 7, [], [7], [{"type": "audio"}], [{"type": "text"}]])
def test_an_input_of_another_kind_is_refused_by_name(given):
    with pytest.raises(InvalidRequest, match="input"):
        sent(MISTRAL, given)


def test_mistrals_verdict_is_told_in_openais_categories():
    found = {"violence_and_threats": True, "pii": False}
    scores = {"violence_and_threats": 0.8, "pii": 0.1}
    body = {
        "id": "m-1",
        "model": "x",
        "results": [{"categories": found, "category_scores": scores}],
    }
    told = answer(MISTRAL, body)
    typed = ModerationCreateResponse.model_validate(told, strict=True)
    assert typed.id == "m-1"
    assert typed.results[0].flagged
    assert typed.results[0].categories.violence
    assert not typed.results[0].categories.hate
    assert told["results"][0]["category_scores"]["pii"] == 0.1
    assert typed.results[0].category_applied_input_types.violence == ["text"]
    assert typed.results[0].category_applied_input_types.hate == []


@pytest.mark.parametrize("found", ["dangerous", "criminal", "dangerous_and_criminal_content"])
def test_what_is_dangerous_or_criminal_is_illicit(found):
    names = ("dangerous", "criminal", "dangerous_and_criminal_content")
    result = {
        "categories": {name: name == found for name in names},
        "category_scores": {name: 0.9 if name == found else 0.1 for name in names},
    }
    told = answer(MISTRAL, {"id": "m", "model": "x", "results": [result]})["results"][0]
    assert told["flagged"]
    assert told["categories"]["illicit"]
    assert told["category_scores"]["illicit"] == 0.9
    for name in ("dangerous", "criminal"):
        assert told["categories"][name] is (name == found)


def test_metadata_of_mistrals_clients_is_named_where_openai_refuses_it():
    form = PROVIDERS["openai"].forms[OPENAI.name]
    quirks = Quirks(drops=form.drops)
    body = {"model": "guard", "input": ["one"], "metadata": {"a": "b"}}
    call = Call(data=orjson.dumps(body), body=body, model="guard", stream=False)
    request = bridge(OPENAI, form, quirks).request(call)
    assert orjson.loads(request.body) == {"model": "guard", "input": ["one"]}
    assert request.dropped == ("metadata",)


@pytest.mark.parametrize("odd", [None, [], ["text"], 7, {"hate": None}])
def test_odd_input_types_of_an_answer_are_none(odd):
    result = {"categories": {"hate": True}, "category_applied_input_types": odd}
    told = OPENAI.parse_response({"results": [result]})
    assert told.verdicts[0].categories == ({} if isinstance(odd, dict) else {"hate": True})


@pytest.mark.parametrize("dialect", [OPENAI, MISTRAL])
def test_an_answer_without_results_cannot_be_used(dialect):
    with pytest.raises(BadAnswer):
        bridge(OPENAI, dialect, Quirks()).whole(b'{"id": "x"}', CONTEXT)


@pytest.mark.parametrize("dialect", [OPENAI, MISTRAL], ids=lambda dialect: dialect.name)
def test_each_format_reads_what_it_writes(dialect):
    request = OPENAI.parse_request({"input": ["one", "two"]}, "")
    assert dialect.parse_request(dialect.render_request(request, "m", []), "") == request
    result = {"categories": {"hate": True}, "category_scores": {"hate": 0.5}}
    told = OPENAI.parse_response({"id": "a", "model": "guard", "results": [result]})
    again = dialect.parse_response(dialect.render_response(told, CONTEXT))
    assert again == told


def test_verdicts_on_other_inputs_are_none():
    context = msgspec.structs.replace(CONTEXT, answers=sent(MISTRAL, ["one", "two"]).answers)
    result = {"categories": {}, "category_scores": {}}
    body = orjson.dumps({"id": "m", "model": "x", "results": [result]})
    with pytest.raises(BadAnswer, match="about 1 inputs, not 2"):
        bridge(OPENAI, MISTRAL, Quirks()).whole(body, context)
