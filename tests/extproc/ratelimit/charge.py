"""A process that charges: URL, charges, tokens each."""

import asyncio
import sys

from extproc.ratelimit import redis
from extproc.ratelimit.limiter import Limiter
from tests.extproc.ratelimit.queries import Clock, limit, query


async def main(url, charges, tokens):
    redis.TIMEOUT = 60.0  # a busy machine is not a slow Redis
    store = redis.Redis(url, Clock(), 60.0)
    limiter = Limiter([limit(amount=10**9)], store, clock=Clock())
    message = query(("tokens", {"client": "acme"}, tokens))
    await asyncio.gather(*(limiter.should_rate_limit(message) for _ in range(charges)))
    await limiter.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
