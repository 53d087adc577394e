"""Charges of a session while no limiter listens."""

import asyncio

import pytest

from extproc.config.process import Limiter
from extproc.exchange.events import Charge
from extproc.process.settling import Settling
from extproc.ratelimit.wire import SHOULD_RATE_LIMIT
from extproc.transport import Endpoint, Service, lean

CHARGES = (Charge((("limit", "t"), ("client", "ann")), 5),)


@pytest.mark.parametrize("on_error", ["allow", "deny"])
def test_what_becomes_of_a_session_that_cannot_be_charged(on_error, tmp_path):
    async def settle():
        settling = Settling(Limiter(on_error=on_error), str(tmp_path / "nobody.sock"))
        return await asyncio.wait_for(settling(CHARGES), 20)

    settled = asyncio.run(settle())
    assert not settled.taken
    assert (settled.error is None) == (on_error == "allow")


def test_a_limiter_that_does_not_answer_in_time_will_charge(tmp_path):
    async def settle():
        never = asyncio.Event()

        async def answer() -> bytes:
            await never.wait()
            return b""

        place = str(tmp_path / "mute.sock")
        mute = Service(unary={SHOULD_RATE_LIMIT: lambda message: answer()})
        server = await lean.serve(mute, Endpoint(path=place))
        settled = await asyncio.wait_for(Settling(Limiter(timeout="300ms"), place)(CHARGES), 20)
        await server.drain(0)
        return settled

    settled = asyncio.run(settle())
    assert (settled.taken, settled.error) == (True, None)
