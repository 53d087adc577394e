import orjson
import pytest

from extproc.lab.bench import bodies
from extproc.lab.bench.bodies import CHATS


@pytest.mark.parametrize("size", [1_000, 100_000, 1_000_000])
@pytest.mark.parametrize("name", CHATS)
def test_a_body_has_the_size_that_was_asked_for(name, size):
    order = '[[sim: {"size": 800}]]'
    data = bodies.body(CHATS[name], "small", size, order=order)
    assert len(data) == size


@pytest.mark.parametrize("name", CHATS)
def test_a_body_holds_a_conversation_with_tools(name):
    dialect = CHATS[name]
    data = bodies.body(dialect, "small", 50_000)
    request = dialect.parse_request(orjson.loads(data), "small", False)
    assert request.tools
    assert {message.role for message in request.messages} >= {"user", "assistant", "tool"}


@pytest.mark.parametrize("name", CHATS)
def test_a_stream_says_all_its_words(name):
    parser = CHATS[name].parser()
    deltas = [delta for piece in bodies.pieces(CHATS[name], 20) for delta in parser.feed(piece)]
    text = "".join(getattr(delta, "text", "") for delta in [*deltas, *parser.flush()])
    assert text == "".join(f" word{number}" for number in range(20))
