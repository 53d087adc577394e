"""Records as messages, taken by a broker that says as much as a producer needs."""

import orjson
import pytest

from extproc.config.load import parse
from extproc.config.problem import ConfigError
from extproc.process.keeping import Keeping, others
from extproc.usage.kafka import Topic, options
from extproc.usage.record import Record, read
from extproc.usage.refused import Kind, line
from tests.extproc.usage.broker import Broker

ATTEMPT = Record(id="n1", at=5.0, backend="b", client="dora", status=200, duration_ms=3)
REFUSAL = read(line(Kind(60, "dora", "chat", 429, "spent"), 7, "m1"))


def settings(broker="127.0.0.1:9092", **more):
    kafka = {"brokers": [broker], "topic": "usage", **more}
    return parse({"version": 1, "usage": {"store": "sqlite:///u.db", "kafka": kafka}}).usage


async def test_records_are_messages_under_their_ids():
    async with Broker() as broker:
        topic = Topic(settings(broker.address).kafka)
        await topic.write([ATTEMPT, REFUSAL], 0.0)
        await topic.write([], 0.0)
        await topic.leave()
    assert [(where, key) for where, key, _ in broker.got] == [("usage", b"n1"), ("usage", b"m1")]
    first, second = (orjson.loads(value) for _, _, value in broker.got)
    assert (first["kind"], first["client"], first["exchange"]) == ("attempt", "dora", "n1")
    assert (second["kind"], second["requests"], second["failure"]) == ("refused", 7, "spent")
    assert broker.acks == {-1}


async def test_what_no_broker_has_taken_waits_in_the_spool(tmp_path):
    async with Broker() as broker:
        (kept,) = others(settings(broker.address), tmp_path / "gateway.yaml")
        kept.add([b'{"id":"n1","at":5.0,"backend":"b"}'])
        broker.refusing = True
        assert not await kept.store(read)
        assert kept.waiting > 0
        broker.refusing = False
        assert await kept.store(read)
        assert kept.waiting == 0
        await kept.leave()
    assert [key for _, key, _ in broker.got] == [b"n1"]
    assert (tmp_path / "usage.spool.kafka").exists()


async def test_a_broker_that_was_away_gets_them_later(tmp_path):
    broker = Broker()
    await broker.start(0)
    kept = Keeping(Topic(settings(broker.address).kafka), tmp_path / "spool", 1_048_576)
    await broker.stop()
    kept.add([b'{"id":"n1","at":5.0,"backend":"b"}'])
    assert not await kept.store(read)
    await broker.start(broker.port)
    assert await kept.store(read)
    await kept.leave()
    await broker.stop()
    assert [key for _, key, _ in broker.got] == [b"n1"]


def test_who_must_prove_who_it_is(monkeypatch):
    monkeypatch.setenv("PASSWORD", "open sesame")
    named = {"username": "ann", "password": "env:PASSWORD"}
    made = options(settings(**named, mechanism="SCRAM-SHA-512", tls=True).kafka)
    assert made["security_protocol"] == "SASL_SSL"
    assert made["sasl_plain_password"] == "open sesame"
    assert made["ssl_context"].check_hostname
    assert options(settings().kafka)["security_protocol"] == "PLAINTEXT"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"username": "ann"}, "together"),
        ({"username": "ann", "password": "env:P"}, "tls"),
        ({"username": "ann", "password": "open sesame", "tls": True}, "env:"),
        ({"topic": "a b"}, "topic"),
        ({"brokers": ["nowhere"]}, "brokers"),
        ({"brokers": []}, "brokers"),
    ],
)
def test_what_cannot_be_is_refused(more, word):
    with pytest.raises(ConfigError, match=word) as refused:
        settings(**more)
    assert "open sesame" not in str(refused.value)
