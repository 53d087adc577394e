"""Counters of one process, lost when it ends."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from extproc.ratelimit.counters import Change, Found, Slot, Want, period
from extproc.ratelimit.notice import Notice

CAPACITY = 200_000
"""Counters at a time: some 100 MB."""

SHARES = 8
"""Parts of a budget by which counters are told apart when one must go."""
SAFE = 6
"""So many of them used: the counter never goes before its window ends."""


class Counter:
    """What was spent, and what is reserved in this period and the one before."""

    __slots__ = ("earlier", "held", "share", "since", "spent")

    def __init__(self, since: int) -> None:
        self.spent = 0
        self.held = 0
        self.earlier = 0
        self.since = since
        self.share = -1

    def found(self, now: int, index: int = 0) -> Found:
        """The counter in period `now`; what was reserved long ago is free again."""
        if now > self.since:
            self.earlier = self.held if now == self.since + 1 else 0
            self.held, self.since = 0, now
        return Found(self.spent, self.held + self.earlier, self.since, index)

    def release(self, amount: int, since: int) -> None:
        """Gives back what was reserved in period `since`."""
        if since == self.since:
            self.held = max(0, self.held - amount)
        elif since == self.since - 1:
            self.earlier = max(0, self.earlier - amount)


class Window:
    """The counters that end together, and those of them that may go, by share, oldest first."""

    __slots__ = ("counters", "loose")

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}
        self.loose: list[OrderedDict[str, None]] = [OrderedDict() for _ in range(SAFE)]

    def rank(self, key: str, counter: Counter, budget: int) -> None:
        """Puts the counter among those of which about as much is used."""
        used = counter.spent + counter.held + counter.earlier
        share = min(SAFE, used * SHARES // max(1, budget))
        if share == counter.share:
            return
        if 0 <= counter.share < SAFE:
            del self.loose[counter.share][key]
        if share < SAFE:
            self.loose[share][key] = None
        counter.share = share


class Memory:
    """Counters in memory, at most `capacity` at a time.

    When it is full, the least used counter goes, by its share of the budget, the oldest of such
    first; those that are used up by three quarters stay. Where all are, the store cannot tell of a
    new key. Windows that have ended are gone before.
    """

    waits = False

    def __init__(self, clock: Callable[[], float], capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = self._free = capacity
        self._windows: dict[int, Window] = {}
        self._next_end = 0
        self._evicted = Notice("rate limit counters are full: the least used are forgotten")
        self._untold = Notice("rate limit counters are full: new keys are not counted")

    def __len__(self) -> int:
        return self._capacity - self._free

    async def take(self, wants: Sequence[Want], *, strict: bool) -> list[Found | None]:
        now = self._period()
        found = [self._least(want, now) for want in wants]
        refused = strict and None in found
        for want, one in zip(wants, found, strict=True):
            if one is not None and not one.has_room(want):
                refused = True
        if not refused:
            for want, one in zip(wants, found, strict=True):
                if one is not None and (want.count or want.hold):
                    self._put(want, one)
        return found

    async def add(self, changes: Sequence[Change]) -> list[Found | None]:
        now = self._period()
        return [self._add(change, now) for change in changes]

    def give_back(self, changes: Sequence[Change]) -> None:
        now = self._period()
        for change in changes:
            self._add(change, now)

    async def close(self) -> None:
        """Nothing is ever under way."""

    def _period(self) -> int:
        now = self._clock()
        if now >= self._next_end and self._windows:
            self._forget(now)
        return period(now)

    def _forget(self, now: float) -> None:
        """Drops the windows that have ended; a window goes as a whole."""
        for end in [end for end in self._windows if end <= now]:
            self._free += len(self._windows.pop(end).counters)
        self._next_end = min(self._windows, default=0)

    def _least(self, want: Want, now: int) -> Found | None:
        """The least used counter; None if one of them is not known."""
        least = None
        for index, (end, key) in enumerate(want.slots):
            window = self._windows.get(end)
            counter = window.counters.get(key) if window else None
            if counter is not None:
                found = counter.found(now, index)
            elif self._free or self._loosest() is not None:
                found = Found(0, 0, now, index)
            else:
                self._untold()
                return None
            if least is None or found.spent + found.held < least.spent + least.held:
                least = found
        return least

    def _put(self, want: Want, found: Found) -> None:
        slot = want.slots[found.index]
        counter = self._counter(slot, found.since)
        if counter is not None:
            counter.spent += want.count
            counter.held += want.hold
            self._windows[slot[0]].rank(slot[1], counter, want.budget)

    def _add(self, change: Change, now: int) -> Found | None:
        end, key = change.slot
        if not change.spend and key not in self._windows.get(end, NOTHING).counters:
            return Found(0, 0, now)
        counter = self._counter(change.slot, now)
        if counter is None:
            self._untold()
            return None
        found = counter.found(now)
        counter.spent += change.spend
        counter.release(change.release, change.since)
        self._windows[end].rank(key, counter, change.budget)
        return Found(counter.spent, counter.held + counter.earlier, found.since)

    def _counter(self, slot: Slot, now: int) -> Counter | None:
        """The counter, a new one if need be; None where there is no room for it."""
        end, key = slot
        window = self._windows.get(end)
        counter = window.counters.get(key) if window else None
        if counter is not None or not self._make_room():
            return counter
        if window is None:
            window = self._windows[end] = Window()
            self._next_end = min(self._windows)
        counter = window.counters[key] = Counter(now)
        self._free -= 1
        return counter

    def _make_room(self) -> bool:
        if self._free:
            return True
        loosest = self._loosest()
        if loosest is None:
            return False
        window, share = loosest
        key, _ = window.loose[share].popitem(last=False)
        del window.counters[key]
        self._free += 1
        self._evicted(capacity=self._capacity)
        return True

    def _loosest(self) -> tuple[Window, int] | None:
        """Where the counter stands that goes next."""
        windows = self._windows.values()
        for share in range(SAFE):
            for window in windows:
                if window.loose[share]:
                    return window, share
        return None


NOTHING = Window()
"""No window."""
