"""The key by which a route chooses a backend, where it asks the finder for one."""

import orjson
import pytest

from tests.envoy.finder import SCRIPT, Finder

FINDER = Finder(SCRIPT.replace("local STICKY = false", "local STICKY = true"))

LONG = "You are a careful assistant. " * 400
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]


def key(body: object, *places: str, **headers: str) -> str | None:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return FINDER.run(FINDER.request(data, places or ("conversation",), **headers)).sticky


def turns(*texts: str, parts: str = "") -> list[dict]:
    roles = ("user", "assistant")
    said = [[{"type": parts, "text": text}] if parts else text for text in texts]
    return [{"role": roles[at % 2], "content": each} for at, each in enumerate(said)]


def gemini(*texts: str) -> list[dict]:
    roles = ("user", "model")
    return [{"role": roles[at % 2], "parts": [{"text": text}]} for at, text in enumerate(texts)]


def system(text: str) -> dict:
    return {"role": "system", "content": text}


FORMS = {
    "openai.chat": (
        "/v1/chat/completions",
        lambda text, *said: {"model": "m", "messages": [system(text), *turns(*said)]},
    ),
    "anthropic.messages": (
        "/v1/messages",
        lambda text, *said: {"model": "m", "messages": turns(*said), "system": text},
    ),
    "openai.responses": (
        "/v1/responses",
        lambda text, *said: {"model": "m", "input": turns(*said), "instructions": text},
    ),
    "gemini": (
        "/v1beta/models/m:generateContent",
        lambda text, *said: {
            "contents": gemini(*said),
            "systemInstruction": {"parts": [{"text": text}]},
        },
    ),
    "bedrock": (
        "/model/m/converse",
        lambda text, *said: {
            "system": [{"text": text}],
            "messages": [
                {"role": each["role"], "content": [{"text": each["content"]}]}
                for each in turns(*said)
            ],
        },
    ),
    "cohere": (
        "/v2/chat",
        lambda text, *said: {"model": "m", "messages": [system(text), *turns(*said)]},
    ),
    "cohere v1": (
        "/v1/chat",
        lambda text, *said: {
            "model": "m",
            "preamble": text,
            "message": said[-1],
            "chat_history": [{"role": "USER", "message": each} for each in said[:-1]],
        },
    ),
    "ollama": (
        "/api/chat",
        lambda text, *said: {"model": "m", "messages": [system(text), *turns(*said)]},
    ),
}
FORM = pytest.mark.parametrize(("path", "made"), FORMS.values(), ids=FORMS)


@FORM
@pytest.mark.parametrize("text", ["Be brief.", LONG], ids=["short", "long"])
def test_all_turns_of_a_conversation_have_one_key(path, made, text):
    talk = ["hello", "hi", "how are you?", "fine", "and now?"]
    keys = {key(made(text, *talk[:length]), **{":path": path}) for length in (1, 3, 5)}
    assert len(keys) == 1
    assert None not in keys


@FORM
def test_other_conversations_have_other_keys(path, made):
    bodies = [made(LONG, f"question {number}") for number in range(100)]
    bodies += [made(f"{LONG}{number}", "hello") for number in range(100)]
    assert len({key(body, **{":path": path}) for body in bodies}) == 200


@FORM
def test_short_texts_are_told_apart_by_each_letter(path, made):
    asked = [f"{'a' * before}b{'a' * (1900 - before)}" for before in range(0, 1900, 7)]
    assert len({key(made("", text), **{":path": path}) for text in asked}) == len(asked)


def test_the_order_of_members_plays_no_part():
    body = FORMS["anthropic.messages"][1]("be brief", "hello")
    other = dict(reversed(body.items()))
    assert key(body, **{":path": "/v1/messages"}) == key(other, **{":path": "/v1/messages"})


def test_marks_for_caches_and_parts_of_texts_play_no_part():
    first = {"role": "user", "content": [{"type": "text", "text": "hello"}]}
    marked = orjson.loads(orjson.dumps(first))
    marked["content"][0]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    keys = {
        key(
            {"model": "m", "messages": [message], "system": "be brief"}, **{":path": "/v1/messages"}
        )
        for message in (first, marked, {"role": "user", "content": "hello"})
    }
    assert len(keys) == 1


def test_what_else_a_request_says_plays_no_part():
    body = {"model": "m", "messages": [system("be brief"), *turns("hello")]}
    assert key(body) == key({**body, "temperature": 1, "tools": TOOLS, "stream": True})


@pytest.mark.parametrize(
    ("body", "places", "other"),
    [
        ({"model": "m", "user": "ann"}, "body:user", {"model": "m", "user": "bob"}),
        ({"model": "m", "seed": 12}, "body:seed", {"model": "m", "seed": 13}),
        (
            {"model": "m", "metadata": {"a": [1], "user_id": "ann"}},
            "body:metadata.user_id",
            {"model": "m", "metadata": {"user_id": "bob"}, "user_id": "ann"},
        ),
    ],
)
def test_a_member_of_the_body_is_a_key(body, places, other):
    assert key(body, places) is not None
    assert key(body, places) == key({"x": "{", **body, "y": [{"user": "no"}]}, places)
    assert key(body, places) != key(other, places)


@pytest.mark.parametrize(
    "body",
    [
        {"model": "m"},
        {"model": "m", "user": ""},
        {"model": "m", "user": None},
        {"model": "m", "user": True},
        {"model": "m", "user": ["ann"]},
        {"model": "m", "x": {"user": "ann"}},
    ],
)
def test_what_is_no_text_or_number_is_no_key(body):
    assert key(body, "body:user") is None


def test_the_first_place_that_has_something_is_taken():
    places = ("header:x-session", "body:user", "conversation")
    body = {"model": "m", "user": "ann", "messages": turns("hello")}
    by_header = key(body, *places, x_session="s1")
    assert by_header == key({"model": "m"}, *places, x_session="s1")
    assert by_header != key(body, *places, x_session="s2")
    by_body = key(body, *places)
    assert by_body == key({"model": "m", "user": "ann"}, *places)
    bare = {"model": "m", "messages": turns("hello")}
    assert key(bare, *places) == key(bare)
    assert len({by_header, by_body, key(bare)}) == 3


def test_a_header_needs_no_body():
    seen = FINDER.request(b"", ("header:x-session",), x_session="s", x_ai_model="m")
    found = FINDER.run(seen)
    assert found.reads == 0
    assert found.sticky is not None


def test_no_prompt_is_kept_in_the_key():
    said = key({"model": "m", "messages": turns("a secret of mine")})
    assert said is not None
    kind, number = said.split()
    assert kind == "conversation"
    assert number.isdecimal()
    assert len(number) <= 10


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"m","messages":[]}',
        b'{"model":"m","messages":[{"role":"user","content":"hel',
        b'{"model":"m","messages":',
        b'{"model":"m","messages":7}',
        b'{"model":"m","messages":{}}',
        b'{"model":"m","messages":[7]}',
        b'{"model":"m"',
        b'{"model":"m","x":[[[[{',
        b'{"model":"m"}}}]]]',
    ],
)
def test_where_no_conversation_can_be_read_there_is_no_key(body):
    found = FINDER.run(FINDER.request(body, ("conversation",)))
    assert (found.model, found.sticky) == ("m", None)


def test_a_route_that_asks_for_no_key_has_none():
    body = orjson.dumps({"model": "m", "messages": turns("hello")})
    found = FINDER.run(FINDER.request(body))
    assert (found.sticky, found.reads) == (None, 1)
    plain = Finder()
    assert plain.run(plain.request(body, ("conversation",))).sticky is None


def test_the_work_is_bounded_whatever_a_body_holds():
    """Wherever a key is looked for, as many steps as for the model: 2,000,000 in all."""
    mean = [
        b'{"model":"m","messages":[' + b"[" * 8_000_000,
        b'{"model":"m","system":[' + b'{"text":"a"},' * 700_000,
        b'{"model":"m","messages":[' + b'{"role":"system"},' * 400_000,
        b'{"model":"m","x":"' + b'\\"' * 4_000_000,
        b'{"model":"m"' + b',"\\"":0' * 1_000_000,
        b'{"model":"m",' + b'"x":0,' * 1_500_000,
        b'{"model":"m","messages":[{"content":"' + b"a" * 8_000_000 + b'"}]}',
    ]
    most = 100_000_000
    for body in mean:
        assert FINDER.instructions(body, ("conversation", "body:user", "body:a.b")) < most


def test_cut_anywhere_a_body_does_no_harm():
    whole = orjson.dumps(
        {"model": "m", "system": "be", "messages": turns('a\\"b', "c", parts="text"), "user": "u"}
    )
    for end in range(len(whole)):
        found = FINDER.run(FINDER.request(whole[:end], ("body:user", "conversation")))
        assert found.status in (None, "400")
