"""Requests that no backend was asked for: Envoy has answered them, or nobody.

They cost nothing, and whoever sends them may send many: they are counted, never kept one by one.
"""

from collections.abc import Iterator, Mapping

import msgspec

MINUTE = 60
MOST = 256
"""Kinds that are told apart at a time; what is beyond them is told by its status alone."""
OTHER = "other"


class Kind(msgspec.Struct, frozen=True, order=True):
    """What such requests have in common."""

    at: int
    """The minute: its beginning, seconds since the epoch."""
    client: str
    """Who asked, by the name of its key; empty: nobody knows."""
    operation: str
    """What its path is for; empty: nothing that the gateway knows."""
    status: int
    """What Envoy has answered; 0: nothing, the client was gone."""
    reason: str
    """Envoy's word for it."""

    def coarse(self) -> "Kind":
        """The same without what callers decide."""
        return Kind(self.at, "", "", self.status, OTHER)


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """So many requests of one kind, as it is written down."""

    refused: int
    """How many."""
    id: str = ""
    """Unique to a kind and who counts it: of two with the same, the greater one holds."""
    at: int
    client: str
    operation: str
    status: int
    reason: str


_decoder = msgspec.json.Decoder(Refused)


def read(line: bytes) -> Refused:
    """What a line says; msgspec's errors for one that says nothing of the kind."""
    return _decoder.decode(line)


def line(kind: Kind, many: int, id: str = "") -> bytes:
    """What `read` reads."""
    said = {"refused": many, "id": id, **msgspec.structs.asdict(kind)}
    return msgspec.json.encode(said)


class Tally:
    """A bounded number of kinds, and how many there were of each."""

    def __init__(self) -> None:
        self._many: dict[Kind, int] = {}

    def add(self, kind: Kind, many: int = 1) -> Kind:
        """The kind as which they are counted."""
        if kind not in self._many and len(self._many) >= MOST:
            kind = kind.coarse()
        self._many[kind] = self._many.get(kind, 0) + many
        return kind

    def __getitem__(self, kind: Kind) -> int:
        return self._many.get(kind, 0)

    def taken(self) -> Mapping[Kind, int]:
        """All that was counted since this was asked."""
        found, self._many = self._many, {}
        return found


class Minutes:
    """The sums of the minutes that are not over, of all who count; each has an id of its own."""

    def __init__(self, ids: Iterator[str]) -> None:
        self._ids = ids
        self._minutes: dict[int, tuple[Tally, dict[Kind, str]]] = {}

    def add(self, said: Refused) -> bytes:
        """The sum until now, as a line: it may be stored again and again."""
        kind = Kind(said.at, said.client, said.operation, said.status, said.reason)
        tally, names = self._minutes.setdefault(said.at, (Tally(), {}))
        kind = tally.add(kind, said.refused)
        if kind not in names:
            names[kind] = next(self._ids)
        for at in [at for at in self._minutes if at < max(self._minutes) - MINUTE]:
            del self._minutes[at]
        return line(kind, tally[kind], names[kind])
