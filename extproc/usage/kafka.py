"""Records as messages of a topic of Kafka: each at least once, its key is its id."""

import asyncio
import logging
import os
import ssl
from contextlib import suppress
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from extproc.config.references import resolve
from extproc.config.telemetry import Kafka
from extproc.usage import rows
from extproc.usage.destination import Found
from extproc.usage.record import Record

PATIENCE = 15.0
"""Seconds in which brokers must have taken a batch, further attempts included."""
LEAVING = 3.0

# It tells of each attempt at a connection; what comes of it, we say ourselves.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class Topic:
    """One, and who writes to it."""

    away = "the topic of usage is away, records wait"
    back = "the topic of usage is back"

    def __init__(self, settings: Kafka) -> None:
        self._settings = settings
        self._producer: Any = None

    def due(self, now: float) -> bool:
        """There is nothing to do without records."""
        return False

    async def write(self, found: Found, now: float) -> None:
        """Returns when all replicas that are in sync have them."""
        try:
            async with asyncio.timeout(PATIENCE):
                producer = await self._begun()
                topic = self._settings.topic
                sent = [await producer.send(topic, message(one), one.id.encode()) for one in found]
                if sent:
                    await asyncio.wait(sent)
        except TimeoutError:
            await self.leave()
            raise TimeoutError("no broker has taken them in time") from None
        except Exception:
            await self.leave()
            raise
        for one in sent:
            one.result()

    async def _begun(self) -> Any:
        if self._producer is None:
            self._producer = AIOKafkaProducer(**options(self._settings))
            await self._producer.start()
        return self._producer

    async def leave(self) -> None:
        """Lets go of the brokers."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                async with asyncio.timeout(LEAVING):
                    await producer.stop()


def message(one: Any) -> bytes:
    """JSON: what the store's columns are, and of which table."""
    kind = "attempt" if isinstance(one, Record) else "refused"
    return orjson.dumps({"kind": kind, **rows.of(one)})


def options(settings: Kafka) -> dict[str, Any]:
    """What the producer is made with; Unresolved, OSError."""
    named = settings.username is not None
    found: dict[str, Any] = {
        "bootstrap_servers": [*settings.brokers],
        "client_id": "extproc",
        "acks": "all",
        "linger_ms": 5,
        "request_timeout_ms": int(PATIENCE * 1000),
        "security_protocol": ("SASL_" if named else "") + ("SSL" if settings.tls else "PLAINTEXT"),
    }
    if settings.tls:
        found["ssl_context"] = ssl.create_default_context(cafile=settings.ca)
    if settings.username is not None and settings.password is not None:
        found |= {
            "sasl_mechanism": settings.mechanism,
            "sasl_plain_username": settings.username,
            "sasl_plain_password": resolve(settings.password, os.environ),
        }
    return found
