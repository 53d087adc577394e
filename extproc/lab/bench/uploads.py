"""Uploads: forms with a large file, through a real Envoy, and the memory that they take."""

from collections.abc import Iterator, Mapping, Sequence

from extproc.lab.bench import proc
from extproc.lab.bench.load import Client, Job, LoadError
from extproc.lab.bench.row import Plan, Row
from extproc.lab.bench.server import SAME, Load, measure
from extproc.lab.bench.subjects import GRPCIO, LEAN, RENAMED, Gateway
from providers.wire import multipart
from providers.wire.multipart import Upload

MEGA = 1_000_000
SIZE = 25 * MEGA
"""https://platform.openai.com/docs/guides/speech-to-text: the most of a file."""
AT_A_TIME = 4
AUDIO, IMAGE = "server, upload of 25 MB, audio", "server, upload of 25 MB, image"
PEAK = f"worker memory, {AT_A_TIME} uploads of 25 MB at a time"
NAMES = (AUDIO, IMAGE, PEAK)
PNG = b"\x89PNG\r\n\x1a\n"


class Uploading(Load, frozen=True, kw_only=True):
    """Uploads of one kind."""

    def job(self, port: int) -> Job:
        """The work for a load generator."""
        sent = request(self.name, self.size)
        return Job(port=port, request=sent, clients=self.clients, total=self.total)


def request(name: str, size: int) -> bytes:
    """One upload, whose model the route renames."""
    if name == IMAGE:
        path, member, file = "/v1/images/edits", "image", ("a.png", "image/png", PNG)
        more = {"prompt": "a tree"}
    else:
        path, member, file = "/v1/audio/transcriptions", "file", ("a.mp3", "audio/mpeg", b"ID3")
        more = {"response_format": "json"}
    filename, media_type, begin = file
    data = begin + bytes(size - len(begin))
    upload = Upload(data=data, filename=filename, media_type=media_type)
    body, kind = multipart.render({"model": RENAMED, **more, member: upload})
    head = (
        f"POST {path} HTTP/1.1\r\nhost: gateway.example\r\naccept: application/json\r\n"
        f"content-type: {kind}\r\nauthorization: Bearer client-key\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def rows(size: Plan, client: Client, gateways: Mapping[str, Gateway]) -> Iterator[Row]:
    """CPU of an upload, and how much a worker's memory grows with some at a time."""
    both = [gateways[LEAN], gateways[GRPCIO]]
    for name in (AUDIO, IMAGE):
        if size.wants(name):
            yield _cost(name, size, client, both)
    if size.wants(PEAK):
        yield _peak(size, client, gateways)


def _cost(name: str, size: Plan, client: Client, both: Sequence[Gateway]) -> Row:
    load = Uploading(
        name=name, pair=SAME, size=size.pick(MEGA, SIZE), clients=1, total=size.pick(2, 8)
    )
    try:
        found = measure(client, load, both, size.pick(1, 5))
    except LoadError as error:
        return Row(name=name, unit="µs", measured=None, note=str(error).splitlines()[0])
    note = f"Envoy {found[LEAN].envoy:,.0f} µs, 1 client"
    return Row(
        name=name,
        unit="µs",
        measured=found[LEAN].server,
        reference=found[GRPCIO].server,
        note=note,
    )


def _peak(size: Plan, client: Client, gateways: Mapping[str, Gateway]) -> Row:
    each_size, times = size.pick(MEGA, SIZE), size.pick(1, 5)
    load = Uploading(
        name=AUDIO, pair=SAME, size=each_size, clients=AT_A_TIME, total=AT_A_TIME * times
    )
    peaks = {}
    for name, each in gateways.items():
        worker = each.workers[0]
        before = proc.resident(worker)
        proc.forget_peak(worker)
        client.run(load.job(each.port))
        peaks[name] = proc.peak(worker) - before
    share = peaks[LEAN] * MEGA / each_size / AT_A_TIME
    note = f"beyond what it had; {share:.1f} times what comes in"
    return Row(name=PEAK, unit="MB", measured=peaks[LEAN], reference=peaks[GRPCIO], note=note)
