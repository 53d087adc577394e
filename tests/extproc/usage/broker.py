"""As much of Kafka as takes messages, on loopback: one broker, one partition of each topic.

https://kafka.apache.org/protocol (ApiVersions 0, Metadata 1, Produce 3)
"""

import asyncio
from collections.abc import Callable
from io import BytesIO
from typing import Any, Self

from aiokafka.protocol.admin import ApiVersionResponse_v0
from aiokafka.protocol.api import RequestHeader_v1, ResponseHeader_v0
from aiokafka.protocol.metadata import MetadataRequest_v1, MetadataResponse_v1
from aiokafka.protocol.produce import ProduceRequest_v3, ProduceResponse_v3
from aiokafka.record.memory_records import MemoryRecords

PRODUCE, METADATA, VERSIONS = 0, 3, 18
KNOWN = [(PRODUCE, 3, 3), (METADATA, 1, 1), (VERSIONS, 0, 0)]
REFUSED = 29
"""TOPIC_AUTHORIZATION_FAILED"""


class Broker:
    """A running one, and what it has got; an asynchronous context manager."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes, bytes]] = []
        """Topic, key and value of each message."""
        self.acks: set[int] = set()
        self.refusing = False
        self._told: dict[int, Callable[[BytesIO], Any]] = {
            VERSIONS: lambda body: ApiVersionResponse_v0(error_code=0, api_versions=KNOWN),
            METADATA: self._metadata,
            PRODUCE: self._taken,
        }
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(4))
                body = BytesIO(await reader.readexactly(size))
                header = RequestHeader_v1.SCHEMA.decode(body)
                key, number = header[0], header[2]
                said = ResponseHeader_v0.SCHEMA.encode((number,)) + self._told[key](body).encode()
                writer.write(len(said).to_bytes(4) + said)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _metadata(self, body: BytesIO) -> Any:
        wanted = MetadataRequest_v1.decode(body).topics or []
        partition = (0, 0, 0, [0], [0])
        topics = [(0, topic, False, [partition]) for topic in wanted]
        return MetadataResponse_v1([(0, "127.0.0.1", self.port, None)], 0, topics)

    def _taken(self, body: BytesIO) -> Any:
        asked = ProduceRequest_v3.decode(body)
        self.acks.add(asked.required_acks)
        error = REFUSED if self.refusing else 0
        for topic, partitions in asked.topics:
            for _, data in partitions:
                self._read(topic, data) if not error else None
        topics = [
            (topic, [(number, error, 0, -1) for number, _ in partitions])
            for topic, partitions in asked.topics
        ]
        return ProduceResponse_v3(topics, 0)

    def _read(self, topic: str, data: bytes) -> None:
        records = MemoryRecords(data)
        while (batch := records.next_batch()) is not None:
            self.got += [(topic, record.key, record.value) for record in batch]
