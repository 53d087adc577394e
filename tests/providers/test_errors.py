"""What an error means, by its status and by what its provider calls it."""

import orjson
import pytest

from providers.dialects.anthropic import errors as anthropic
from providers.dialects.bedrock import errors as bedrock
from providers.dialects.elevenlabs import errors as elevenlabs
from providers.dialects.gemini import errors as gemini
from providers.errors import ApiError, Cause, sharper


@pytest.mark.parametrize(
    ("cause", "status", "meant"),
    [
        (Cause.SERVER, 500, Cause.SERVER),
        (Cause.SERVER, 503, Cause.UNAVAILABLE),
        (Cause.SERVER, 504, Cause.TIMEOUT),
        (Cause.SERVER, 529, Cause.OVERLOADED),
        (Cause.SERVER, 424, Cause.SERVER),
        (Cause.OVERLOADED, 503, Cause.OVERLOADED),
        (Cause.RATE_LIMIT, 503, Cause.RATE_LIMIT),
    ],
)
def test_a_status_says_more_than_the_general_word(cause: Cause, status: int, meant: Cause):
    assert sharper(cause, status) is meant


def test_every_family_reads_a_503_that_is_called_a_fault():
    said = {
        anthropic: ({}, {"type": "error", "error": {"type": "api_error", "message": "m"}}),
        bedrock: ({"x-amzn-errortype": "InternalServerException"}, {"message": "m"}),
        gemini: ({}, {"error": {"code": 503, "status": "INTERNAL", "message": "m"}}),
    }
    for family, (headers, body) in said.items():
        error = family.parse_error(503, headers, orjson.dumps(body))
        assert (error.cause, error.message) == (Cause.UNAVAILABLE, "m")


def test_elevenlabs_clients_are_told_which_request_has_failed():
    error = ApiError(status=500, cause=Cause.SERVER, message="m", request_id="r")
    assert elevenlabs.render_error(error)[1] == {"request-id": "r"}
    bare = ApiError(status=500, cause=Cause.SERVER, message="m")
    assert elevenlabs.render_error(bare)[1] == {}
