"""Envoy's rate limit messages, read and written."""

from contextlib import suppress

import pytest
from envoy.service.ratelimit.v3 import rls_pb2
from hypothesis import given
from hypothesis import strategies as st

from extproc.ratelimit import wire
from tests.extproc.ratelimit.queries import OK, OVER, headers, parsed, query


def test_a_request_is_read_as_the_library_writes_it():
    read = wire.decode(query(("a", {"client": "ü"}, 0), ("b", {}, None), ("c", {}, 2**40), hits=3))
    assert read.domain == "extproc"
    assert read.hits == 3
    assert [one.hits for one in read.descriptors] == [0, None, 2**40]
    assert read.descriptors[0].entries == {b"limit": b"a", b"client": "ü".encode()}


def test_a_request_that_says_no_hits_has_one():
    assert wire.decode(query()).hits == 1


def test_bytes_that_are_not_utf_8_are_read_all_the_same():
    sent = query(("a", {"client": "??"}, 0)).replace(b"??", b"\xff\xfe")
    with pytest.raises(Exception, match="Error parsing"):
        rls_pb2.RateLimitRequest.FromString(sent)
    assert wire.decode(sent).descriptors[0].entries[b"client"] == b"\xff\xfe"


def test_negative_hits_are_given_back():
    # is_negative_hits is field 4, newer than the library's descriptor.
    request = rls_pb2.RateLimitRequest(domain="extproc")
    request.descriptors.add().hits_addend.value = 5
    inner = request.descriptors[0].SerializeToString() + b"\x20\x01"
    sent = b"\x12" + bytes([len(inner)]) + inner
    assert wire.decode(sent).descriptors[0].hits == -5


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data):
    with suppress(wire.WireError):
        wire.decode(data)


def test_an_answer_is_what_envoy_reads():
    state = wire.State("total_tokens", 2**40, "week", 2**33, 90)
    answer = wire.Answer(
        statuses=[wire.Status(), wire.Status(True, state)],
        headers=[("retry-after", "90")],
        message="Rate limit reached.",
        refused_by="a",
    )
    read = parsed(wire.encode(answer))
    assert read.overall_code == OVER
    assert [status.code for status in read.statuses] == [OK, OVER]
    assert not read.statuses[0].HasField("current_limit")
    assert read.statuses[1].current_limit.requests_per_unit == 2**32 - 1
    assert read.statuses[1].current_limit.unit == rls_pb2.RateLimitResponse.RateLimit.WEEK
    assert read.statuses[1].limit_remaining == 2**32 - 1
    assert read.statuses[1].duration_until_reset.seconds == 90
    assert headers(read) == {"retry-after": "90"}
    assert read.raw_body == b"Rate limit reached."
    assert read.dynamic_metadata["limit"] == "a"


def test_nothing_over_is_ok_without_a_body():
    read = parsed(wire.encode(wire.Answer([wire.Status()], [])))
    assert read.overall_code == OK
    assert not read.raw_body
