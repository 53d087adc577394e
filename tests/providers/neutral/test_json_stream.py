"""What every stream of JSON objects has in common."""

import pytest

from providers.errors import CUT
from providers.neutral.chat import Finish
from providers.neutral.deltas import AnyDelta, End, Failed, TextDelta
from providers.neutral.json_stream import BROKEN, JsonStreamParser
from providers.wire import ndjson
from providers.wire.members import Json


class Words(JsonStreamParser):
    """A made-up dialect: words, and `over` at the end."""

    def __init__(self) -> None:
        super().__init__(ndjson.Splitter())

    def _said(self, said: Json, out: list[AnyDelta]) -> None:
        out.append(TextDelta(text=said["text"], part=0))
        if said.get("over"):
            self._over = True
            out.append(End(finish=Finish.STOP))


WORD = b'{"text":"a"}\n'
LAST = b'{"text":"b","over":true}\n'
TOLD = [TextDelta(text="a", part=0), TextDelta(text="b", part=0), End(finish=Finish.STOP)]


def parsed(*pieces: bytes) -> list[AnyDelta]:
    parser = Words()
    return [delta for piece in pieces for delta in parser.feed(piece)] + parser.flush()


@pytest.mark.parametrize(
    "pieces",
    [
        [WORD + LAST],
        [WORD[:5], WORD[5:] + LAST[:9], LAST[9:]],
        [WORD, LAST[:-1]],
        [WORD, LAST, WORD],
        [WORD, LAST + WORD],
        [WORD, LAST + b"no JSON"],
    ],
)
def test_a_stream_is_told_to_its_end_and_no_further(pieces: list[bytes]) -> None:
    assert parsed(*pieces) == TOLD


@pytest.mark.parametrize("piece", [b"no JSON\n", b"[1]\n", b"5\n"])
def test_what_is_no_object_breaks_the_stream(piece: bytes) -> None:
    assert parsed(WORD, piece, LAST) == [TOLD[0], Failed(error=BROKEN)]


@pytest.mark.parametrize("rest", [b"", b" ", WORD[:-3], WORD])
def test_a_stream_that_is_cut_says_so(rest: bytes) -> None:
    assert parsed(rest)[-1] == Failed(error=CUT)


def test_a_piece_without_end_breaks_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.wire.ndjson.MAX_LINE", 10)
    (failed,) = parsed(b"x" * 20, LAST)
    assert isinstance(failed, Failed)
    assert failed.error.status == 502
