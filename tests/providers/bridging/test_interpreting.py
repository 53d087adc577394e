"""What stands between two formats of sessions, whichever they are."""

import json

import pytest

from providers.bridging.interpreting import MOST_WAITING
from providers.wire.websocket import LARGEST, TEXT, closing, frame
from tests.providers.bridging.pairs import KEY, Pair, kinds

CREATE = {"type": "response.create"}
READY = {"setupComplete": {}}
WORD = {"serverContent": {"modelTurn": {"parts": [{"text": "hi"}]}}}


def pair() -> Pair:
    return Pair("openai.realtime", "gemini.live")


def test_the_provider_gets_nothing_but_the_setup_until_it_is_ready():
    one = pair()
    asked = one.client(CREATE)
    assert [*asked[0]] == ["setup"]
    assert len(asked) == 1
    one.provider(READY)
    assert one.to_provider[1:] == [{"clientContent": {"turnComplete": True}}]


def test_pieces_of_any_size_are_the_same_session():
    asked = b"".join(
        frame(TEXT, json.dumps(event).encode(), KEY)
        for event in ({"type": "session.update", "session": {"type": "realtime"}}, CREATE)
    )
    told = b"".join(frame(TEXT, json.dumps(event).encode()) for event in (READY, WORD))
    whole = pair()
    whole.asked(asked)
    whole.told(told)
    for size in (1, 3, 50):
        cut = pair()
        for at in range(0, len(asked), size):
            cut.asked(asked[at : at + size])
        for at in range(0, len(told), size):
            cut.told(told[at : at + size])
        assert cut.to_client == whole.to_client
        assert cut.to_provider == whole.to_provider


def test_only_one_ping_is_under_way():
    one = pair()
    for _ in range(3):
        out = one.interpreter.asked(frame(TEXT, b"{}", KEY))
    assert b"ai-extproc" not in out


def test_pings_of_both_sides_pass():
    one = pair()
    assert one.interpreter.asked(frame(0x9, b"of-client", KEY)).startswith(
        frame(0x9, b"of-client", KEY)
    )
    assert one.interpreter.told(frame(0xA, b"of-client")).endswith(frame(0xA, b"of-client"))
    assert one.interpreter.told(frame(0x9, b"of-provider")) == frame(0x9, b"of-provider")


@pytest.mark.parametrize("said", [b"no json", b"[1]", b'{"type": 7}'])
def test_what_is_no_message_is_refused(said):
    one = pair()
    one.asked(frame(TEXT, said, KEY))
    assert kinds(one.to_client) == ["session.created", "error"]


@pytest.mark.parametrize("said", [b"no json", b"[1]", b'{"serverContent": 7}', b"{}"])
def test_what_a_provider_says_that_means_nothing_is_passed_over(said):
    one = pair()
    one.told(frame(TEXT, said))
    assert kinds(one.to_client) == ["session.created"]


def test_a_client_says_goodbye():
    one = pair()
    one.client(CREATE)
    bye = closing(1000, "bye", KEY)
    assert one.interpreter.asked(bye).startswith(bye)
    one.told(closing(1000, "bye"))
    assert one.closed == (1000, "bye")
    assert "error" not in kinds(one.to_client)


def test_a_provider_that_hangs_up_says_why():
    one = pair()
    one.told(closing(1011, "out of order"))
    assert one.to_client[-1]["error"]["message"] == "out of order"
    assert one.closed == (1011, "out of order")


def test_a_message_that_is_too_long_is_not_held():
    one = pair()
    one.asked(frame(TEXT, b"x" * (LARGEST + 1), KEY))
    assert one.closed == (1009, "a message is too long")
    assert one.client(CREATE) == []
    assert one.provider(READY) == []


def test_what_waits_is_bounded():
    one = pair()
    one.client(CREATE)
    part = {"type": "input_text", "text": "x" * (LARGEST - 1000)}
    item = {"type": "message", "role": "user", "content": [part]}
    data = frame(TEXT, json.dumps({"type": "conversation.item.create", "item": item}).encode(), KEY)
    for _ in range(MOST_WAITING // LARGEST + 1):
        one.interpreter.asked(data)
    assert one.interpreter.error is not None
    one.told(frame(0xA, b"ai-extproc"))
    assert one.closed is not None
    assert one.closed[0] == 1009


def test_who_is_refused_without_end_is_hung_up_on():
    one = pair()
    for _ in range(1001):
        one.client({"type": "foo"})
    assert one.closed == (1007, "too many refusals")
