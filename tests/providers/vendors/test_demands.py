"""What vendors that came later demand, and how their answers are read."""

from typing import Any

import orjson
import pytest

from extproc.exchange.events import Change
from extproc.exchange.plan import Plan, Route
from providers.catalog import DIALECTS
from providers.errors import Unsupported
from providers.neutral.images import ImageRequest
from providers.neutral.media import Data
from providers.operations import Operation
from tests.plans import exchange, request_body, request_headers, response_body, response_headers
from tests.plans import served as at
from tests.providers.vendors.test_rules import CHAT, HELLO, MESSAGES, sent

VECTORS, RANK = "openai.embeddings", "jina.rerank"
PLACES = {"project": "p", "region": "r", "instance": "i", "api_version": ""}


def plan_to(provider: str, model: str = "") -> Plan:
    """A plan with one backend, which has that name for every model."""
    backend = at(provider=provider, options=PLACES)
    return Plan({"up": backend}, [Route(models=("*",), upstream={"up": model})])


def path(provider: str, client: str, model: str, *, stream: bool = False) -> str:
    """Where a client's request goes."""
    plan = Plan(
        {"up": at(provider=provider, options=PLACES)},
        [Route(models=("*",), upstream={"up": model})],
    )
    return plan.target(DIALECTS[client], "shown", "up").path(model, stream=stream)


@pytest.mark.parametrize(
    ("provider", "client", "model", "expected"),
    [
        ("deepseek", "openai.completions", "deepseek-v4", "/beta/completions"),
        ("dashscope", "cohere.rerank", "qwen3-rerank", "/compatible-api/v1/reranks"),
        ("cloudflare", CHAT, "@cf/m", "/client/v4/accounts/p/ai/v1/chat/completions"),
        ("databricks", CHAT, "m", "/serving-endpoints/chat/completions"),
        ("snowflake", CHAT, "llama", "/api/v2/cortex/v1/chat/completions"),
        ("snowflake", MESSAGES, "claude-sonnet-4-5", "/api/v2/cortex/v1/messages"),
        ("bedrock-mantle", CHAT, "openai.gpt-oss-20b", "/v1/chat/completions"),
        ("bedrock-mantle", CHAT, "anthropic.claude-opus-4-8", "/anthropic/v1/messages"),
        ("zai", CHAT, "glm-5", "/api/paas/v4/chat/completions"),
        ("nim", "cohere.rerank", "m", "/v1/ranking"),
        (
            "vertex-openai",
            CHAT,
            "meta/llama-4",
            "/v1/projects/p/locations/r/endpoints/openapi/chat/completions",
        ),
        (
            "vertex",
            CHAT,
            "codestral-2",
            "/v1/projects/p/locations/r/publishers/mistralai/models/codestral-2:rawPredict",
        ),
    ],
)
def test_an_operation_is_where_the_vendor_has_it(provider, client, model, expected):
    assert path(provider, client, model) == expected


def test_a_stream_of_mistral_on_vertex_has_a_path_of_its_own():
    assert path("vertex", CHAT, "mistral-medium-3", stream=True).endswith(":streamRawPredict")


def test_mistral_on_vertex_is_told_what_mistral_knows_alone():
    body = {"model": "m", "messages": HELLO, "seed": 7, "max_completion_tokens": 9, "user": "u"}
    asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
    known = {"model": "m", "messages": HELLO, "random_seed": 7, "max_tokens": 9, "stream": True}
    assert sent("vertex", asked) == (known, ("user",))


MISTRALS = {"random_seed": 7, "tool_choice": "any", "safe_prompt": True, "prompt_mode": "reasoning"}
LOOK = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
FROM_MISTRALS_SDK = {"model": "m", "messages": HELLO, "tools": [LOOK], **MISTRALS}


@pytest.mark.parametrize("provider", ["mistral", "vertex"])
def test_what_mistral_knows_alone_reaches_it(provider):
    body, dropped = sent(provider, FROM_MISTRALS_SDK)
    assert body == {**FROM_MISTRALS_SDK, "tool_choice": "required"}
    assert dropped == ()
    both, _ = sent(provider, {**FROM_MISTRALS_SDK, "seed": 8})
    assert both["random_seed"] == 8
    assert "seed" not in both


OTHERS = ("azure", "deepinfra", "fireworks", "groq", "openai", "openrouter", "together", "xai")


@pytest.mark.parametrize("provider", OTHERS)
def test_others_are_told_it_in_their_own_words(provider):
    body, dropped = sent(provider, FROM_MISTRALS_SDK)
    assert (body["seed"], body["tool_choice"]) == (7, "required")
    assert not {"random_seed", "safe_prompt", "prompt_mode"} & body.keys()
    assert {*dropped} == {"safe_prompt", "prompt_mode"}


def test_so_are_those_who_speak_another_format():
    body, dropped = sent("gemini", FROM_MISTRALS_SDK, dialect="gemini.generate_content")
    assert body["generationConfig"]["seed"] == 7
    assert body["toolConfig"]["functionCallingConfig"]["mode"] == "ANY"
    assert {*dropped} == {"safe_prompt", "prompt_mode"}


@pytest.mark.parametrize("client", [CHAT, MESSAGES])
@pytest.mark.parametrize("provider", ["zai", "zhipu", "minimax", "minimax-cn"])
def test_a_temperature_above_the_vendors_most_is_that_and_named(provider, client):
    asked = {"model": "m", "messages": HELLO, "max_tokens": 9, "temperature": 1.0}
    assert sent(provider, asked, client=client)[0]["temperature"] == 1.0
    if client == CHAT:
        body, dropped = sent(provider, {**asked, "temperature": 1.5})
        assert (body["temperature"], dropped) == (1.0, ("temperature",))


def test_a_temperature_of_nothing_is_the_least_that_minimax_takes():
    asked = {"model": "m", "messages": HELLO}
    for said in (0, 0.0, -1):
        body, dropped = sent("minimax", {**asked, "temperature": said})
        assert (body["temperature"], dropped) == (0.01, ("temperature",))
    assert sent("zai", {**asked, "temperature": 0})[0]["temperature"] == 0


@pytest.mark.parametrize(
    ("wished", "told"),
    [
        ({"logprobs": True}, {"logprobs": 1}),
        ({"logprobs": True, "top_logprobs": 5}, {"logprobs": 5}),
        ({"logprobs": True, "top_logprobs": 0}, {"logprobs": 1}),
        ({"logprobs": False}, {}),
        ({"top_logprobs": 5}, {}),
        ({"logprobs": 3}, {"logprobs": 3}),
        ({}, {}),
    ],
)
def test_together_counts_its_logprobs(wished, told):
    asked = {"model": "m", "messages": HELLO}
    assert sent("together", {**asked, **wished}) == ({**asked, **told}, ())


@pytest.mark.parametrize(
    ("provider", "names"),
    [
        ("cerebras", {"frequency_penalty", "logit_bias", "service_tier", "metadata", "top_k"}),
        ("groq", {"frequency_penalty", "presence_penalty", "logit_bias", "metadata"}),
        ("sambanova", {"frequency_penalty", "presence_penalty", "service_tier", "min_p"}),
        ("sarvam", {"service_tier", "user", "top_logprobs", "store"}),
    ],
)
def test_what_a_host_leaves_unheard_is_left_out_and_named(provider, names):
    asked = {"model": "m", "messages": HELLO}
    body, dropped = sent(provider, {**asked, **dict.fromkeys(names, 1)})
    assert body == asked
    assert {*dropped} == names


@pytest.mark.parametrize(
    ("provider", "known"),
    [
        ("cerebras", {"prompt_cache_key": "k", "seed": 1, "n": 2, "max_completion_tokens": 9}),
        ("sambanova", {"logit_bias": {"7": 1}, "top_k": 3, "max_completion_tokens": 9}),
        ("sarvam", {"seed": 1, "frequency_penalty": 0.5, "n": 2, "max_tokens": 9}),
    ],
)
def test_what_a_host_knows_is_told(provider, known):
    asked = {"model": "m", "messages": HELLO, **known}
    assert sent(provider, asked) == (asked, ())


def test_sarvam_is_asked_for_no_usage_of_a_stream():
    asked = {"model": "m", "messages": HELLO, "stream": True}
    options = {"stream_options": {"include_usage": True}}
    assert sent("sarvam", {**asked, **options})[0] == asked


def test_deepseek_answers_in_responses_where_that_is_asked_for():
    backend = at(provider="deepseek", dialects={Operation.CHAT: "openai.responses"})
    plan = Plan({"up": backend}, [Route(models=("*",), upstream={"up": "m"})])
    assert plan.target(DIALECTS[CHAT], "shown", "up").path("m", stream=False) == "/responses"
    assert path("deepseek", "openai.responses", "m") == "/v1/chat/completions"


@pytest.mark.parametrize("provider", ["fireworks", "sambanova"])
def test_messages_are_spoken_where_that_is_asked_for(provider):
    backend = at(provider=provider, dialects={Operation.CHAT: MESSAGES})
    plan = Plan({"up": backend}, [Route(models=("*",), upstream={"up": "m"})])
    target = plan.target(DIALECTS[MESSAGES], "shown", "up")
    assert target.path("m", stream=False).endswith("/v1/messages")
    assert path(provider, MESSAGES, "m").endswith("/v1/chat/completions")


def test_sambanova_counts_tokens_in_anthropics_format():
    assert path("sambanova", "anthropic.count_tokens", "m") == "/v1/messages/count_tokens"


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def test_a_tool_cannot_be_forced_where_only_auto_is_known():
    asked = {"model": "m", "messages": HELLO, "tools": [TOOL]}
    assert sent("zai", {**asked, "tool_choice": "auto"})[0]["tools"] == [TOOL]
    assert "tools" not in sent("zai", {**asked, "tool_choice": "none"})[0]
    with pytest.raises(Unsupported):
        sent("zai", {**asked, "tool_choice": "required"})


def test_kimi_at_moonshot_is_told_nothing_that_it_has_one_value_for():
    asked = {"model": "m", "messages": HELLO, "temperature": 0.2, "top_p": 1, "n": 1}
    body, dropped = sent("moonshot", asked, model="kimi-k2.6")
    assert body == {"model": "kimi-k2.6", "messages": HELLO, "n": 1}
    assert dropped == ("temperature", "top_p")
    assert sent("moonshot", asked, model="moonshot-v1-8k")[0]["temperature"] == 0.2
    with pytest.raises(Unsupported, match="one answer"):
        sent("moonshot", {**asked, "n": 2}, model="kimi-k2.6")


@pytest.mark.parametrize(
    ("model", "effort", "told", "dropped"),
    [
        ("kimi-k2.6", "none", {"thinking": {"type": "disabled"}}, ()),
        ("kimi-k2.6", "high", {}, ("reasoning_effort",)),
        ("kimi-k3", "medium", {"reasoning_effort": "high"}, ()),
        ("kimi-k3", "low", {"reasoning_effort": "low"}, ()),
    ],
)
def test_kimi_is_told_how_much_to_think_in_its_words(model, effort, told, dropped):
    asked = {"model": "m", "messages": HELLO, "reasoning_effort": effort}
    assert sent("moonshot", asked, model=model) == (
        {"model": model, "messages": HELLO, **told},
        dropped,
    )


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        ("voyage", {"output_dimension": 256}),
        ("jina", {"dimensions": 256, "embedding_type": "float"}),
        ("nvidia", {"dimensions": 256, "encoding_format": "float", "user": "u"}),
    ],
)
def test_a_client_of_openais_embeddings_is_understood(provider, told):
    asked = {
        "model": "m",
        "input": ["a"],
        "dimensions": 256,
        "encoding_format": "float",
        "user": "u",
    }
    body, dropped = sent(provider, asked, client=VECTORS, dialect=VECTORS)
    assert body == {"model": "m", "input": ["a"], **told}
    assert dropped == (() if "user" in told else ("user",))


@pytest.mark.parametrize(
    ("provider", "member", "word"),
    [
        ("voyage", "input_type", "query"),
        ("jina", "task", "retrieval.query"),
        ("nvidia", "input_type", "query"),
    ],
)
def test_what_vectors_are_for_is_said_in_the_hosts_word(provider, member, word):
    asked = {"model": "m", "texts": ["a"], "input_type": "search_query"}
    body, dropped = sent(provider, asked, client="cohere.embed", dialect=VECTORS)
    assert (body[member], dropped) == (word, ())


@pytest.mark.parametrize("word", ["query", "search_query"])
def test_openais_clients_say_what_vectors_are_for_and_what_is_cut(word):
    asked = {"model": "m", "input": "a", "input_type": word, "truncate": "END"}
    body, dropped = sent("cohere", asked, client=VECTORS, dialect="cohere.embed")
    assert (body["input_type"], body["truncate"], dropped) == ("search_query", "END", ())
    odd = {**asked, "input_type": "odd", "truncate": 5}
    body, dropped = sent("cohere", odd, client=VECTORS, dialect="cohere.embed")
    assert (body["input_type"], dropped) == ("search_document", ("input_type", "truncate"))


@pytest.mark.parametrize(
    ("provider", "cut", "told", "lost"),
    [
        ("voyage", "NONE", {"truncation": False}, ()),
        ("voyage", "END", {"truncation": True}, ()),
        ("voyage", "START", {}, ("truncate",)),
        ("jina", "END", {"truncate": True}, ()),
        ("nvidia", "START", {"truncate": "START"}, ()),
    ],
)
def test_what_is_cut_of_a_text_is_said_in_the_hosts_word(provider, cut, told, lost):
    asked = {"model": "m", "texts": ["a"], "input_type": "search_query", "truncate": cut}
    body, dropped = sent(provider, asked, client="cohere.embed", dialect=VECTORS)
    said = {name: body[name] for name in ("truncate", "truncation") if name in body}
    assert (said, dropped) == (told, lost)


def test_a_purpose_without_a_word_is_dropped_and_named():
    asked = {"model": "m", "texts": ["a"], "input_type": "classification"}
    body, dropped = sent("voyage", asked, client="cohere.embed", dialect=VECTORS)
    assert ("input_type" in body, dropped) == (False, ("input_type",))


ASKED: dict[str, Any] = {"model": "m", "query": "q", "documents": ["a", "b", "c"], "top_n": 2}


def ranked(provider: str, answer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """(what the provider is asked, what the client is told, the record of it)."""
    plan = Plan(
        {"up": at(provider=provider, options=PLACES)}, [Route(models=("m",), upstream={"up": ""})]
    )
    one = exchange(plan)
    one.handle(request_headers("/v2/rerank", "m"))
    asked = one.handle(request_body(ASKED))
    one.handle(response_headers())
    told = one.handle(response_body(answer))
    assert isinstance(asked, Change) and isinstance(told, Change)
    return orjson.loads(asked.body or b"{}"), orjson.loads(told.body or b"{}"), told.metadata


def test_voyage_is_asked_for_the_best_by_its_own_word_and_its_answer_is_understood():
    data = [{"index": 2, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
    answer = {"object": "list", "data": data, "model": "m", "usage": {"total_tokens": 26}}
    asked, told, record = ranked("voyage", answer)
    assert asked == {"model": "m", "query": "q", "documents": ["a", "b", "c"], "top_k": 2}
    assert told["results"] == data
    assert record["input_tokens"] == 26


def test_nvidia_ranks_all_and_the_client_gets_as_many_as_it_wants():
    rankings = [{"index": 1, "logit": 0.0}, {"index": 0, "logit": -5}, {"index": 2, "logit": -9e9}]
    usage = {"prompt_tokens": 31, "total_tokens": 31}
    asked, told, record = ranked("nim", {"rankings": rankings, "usage": usage})
    assert asked["query"] == {"text": "q"}
    assert asked["passages"] == [{"text": "a"}, {"text": "b"}, {"text": "c"}]
    assert [one["index"] for one in told["results"]] == [1, 0]
    assert told["results"][0]["relevance_score"] == 0.5
    assert record["input_tokens"] == 31


COUNT = "openai.input_tokens"


def test_cohere_counts_the_words_of_a_conversation():
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    asked = {"model": "m", "instructions": "be brief", "input": "say hello", "tools": [tool]}
    body, dropped = sent("cohere", asked, client=COUNT, dialect="cohere.count_tokens")
    assert (body["model"], dropped) == ("m", ())
    first, second, third = body["text"].split("\n")
    assert (first, second) == ("be brief", "say hello")
    assert orjson.loads(third)["function"]["name"] == "f"


def test_cohere_counts_no_more_than_it_reads():
    with pytest.raises(Unsupported, match="65536"):
        asked = {"model": "m", "input": "x" * 65_537}
        sent("cohere", asked, client=COUNT, dialect="cohere.count_tokens")


def test_a_count_of_coheres_is_the_number_of_its_tokens():
    one = exchange(plan_to("cohere"))
    one.handle(request_headers("/v1/responses/input_tokens", "m"))
    one.handle(request_body({"model": "m", "input": "say hello"}))
    one.handle(response_headers())
    told = one.handle(response_body({"tokens": [8466, 5169], "token_strings": ["say", " hello"]}))
    assert isinstance(told, Change)
    assert orjson.loads(told.body or b"{}")["input_tokens"] == 2


def test_a_picture_is_varied_on_bedrock():
    form = DIALECTS["bedrock.image_edits"]
    request = ImageRequest(
        prompt="bluer", n=2, pictures=(Data(base64="QQ==", media_type="image/png"),)
    )
    assert form.render_request(request, "amazon.nova-canvas-v1:0", []) == {
        "taskType": "IMAGE_VARIATION",
        "imageVariationParams": {"images": ["QQ=="], "text": "bluer"},
        "imageGenerationConfig": {"numberOfImages": 2},
    }
