"""Limits on misuse: how many pictures and ratings one volunteer or one address may have.

It knows neither the store nor widgets. One `Limits` is shared by all visitors of
a process; nothing is kept of who has not come for a while.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from .errors import SlowDownError

MOST_KEYS = 100_000
"""Buckets of one kind that are kept; at so many, half stays: those that are furthest from full."""

SHORTEST_WAIT = 1.0
"""Seconds to wait at least, so that a page in a hurry does not ask many times a second."""

DEFAULTS = {
    "pictures": "400:240",
    "ratings": "400:240",
    "address_pictures": "8000:6000",
    "address_ratings": "8000:6000",
    "address_newcomers": "200:200",
}
"""So many at once, and so many in a minute (newcomers: in an hour) for ever."""

LEAST = {"pictures": 21, "address_pictures": 21}
"""The largest number of pictures that one message asks for must fit into a bucket."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once (`burst`), and so many per second for ever."""

    burst: int
    per_second: float


class Buckets:
    """Token buckets of one limit, one for each key. Not safe between threads.

    Of each bucket, only the time is kept at which it is full again (the "theoretical
    arrival time" of the generic cell rate algorithm, ITU-T I.371): a full one needs no memory.
    """

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._full_at: dict[Hashable, float] = {}
        self._sweep_at = 1024

    def __len__(self) -> int:
        """Count the buckets that are kept."""
        return len(self._full_at)

    def wait(self, key: Hashable, count: int, now: float) -> float:
        """Give the seconds until `count` tokens are there; 0 where they are."""
        filled = max(self._full_at.get(key, now), now) + count / self._limit.per_second
        return max(0.0, filled - now - self._limit.burst / self._limit.per_second)

    def take(self, key: Hashable, count: int, now: float) -> None:
        """Take `count` tokens, or give them back where it is negative."""
        if len(self._full_at) >= self._sweep_at:
            self._sweep(now)
        full_at = max(self._full_at.get(key, now), now) + count / self._limit.per_second
        if full_at > now:
            self._full_at[key] = full_at
        else:
            self._full_at.pop(key, None)

    def _sweep(self, now: float) -> None:
        """Forget the full buckets, and where too many are left, those nearest to full."""
        kept = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
        if len(kept) > MOST_KEYS // 2:
            kept = dict(heapq.nlargest(MOST_KEYS // 2, kept.items(), key=lambda item: item[1]))
        self._full_at = kept
        self._sweep_at = min(max(1024, 2 * len(kept)), MOST_KEYS)


class Limits:
    """The limits of one process; safe to share between threads.

    Parameters
    ----------
    limits
        By the names of `DEFAULTS`; one that is not there does not hold.
    clock
        Gives the time in seconds; it never goes back.
    """

    def __init__(
        self, limits: Mapping[str, Limit] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets = {name: Buckets(limit) for name, limit in (limits or {}).items()}

    def pictures(self, volunteer_id: int, address: str, count: int) -> None:
        """Take leave to send `count` pictures; with a negative count, give it back.

        Raises
        ------
        SlowDownError
            If the volunteer or the address (where it is not empty) must wait; nothing is
            taken then.
        """
        self._take(count, {"pictures": volunteer_id, "address_pictures": address})

    def rating(self, volunteer_id: int, address: str) -> None:
        """Take leave to store a rating or a report.

        Raises
        ------
        SlowDownError
            As for `pictures`.
        """
        self._take(1, {"ratings": volunteer_id, "address_ratings": address})

    def newcomer(self, address: str) -> None:
        """Take leave to make a new volunteer.

        Raises
        ------
        SlowDownError
            As for `pictures`.
        """
        self._take(1, {"address_newcomers": address})

    def _take(self, count: int, keys: Mapping[str, int | str]) -> None:
        """Take from all buckets, or from none."""
        with self._lock:
            now = self._clock()
            # An empty address is not known: nobody shares it.
            asked = [
                (self._buckets[name], key)
                for name, key in keys.items()
                if name in self._buckets and key != ""
            ]
            wait = max((bucket.wait(key, count, now) for bucket, key in asked), default=0.0)
            # Below a microsecond it is the rounding of a sum.
            if count > 0 and wait > 1e-6:  # noqa: PLR2004
                raise SlowDownError(math.ceil(max(wait, SHORTEST_WAIT) * 1000))
            for bucket, key in asked:
                bucket.take(key, count, now)


def read_limits(text: str) -> dict[str, Limit]:
    """Read limits such as `ratings=400:240 address_newcomers=0`; `0` turns all off.

    Those that are not named have their default.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    if text.strip() == "0":
        return {}
    chosen = {**DEFAULTS, **dict(each.split("=") for each in text.split())}
    limits = {}
    for name, form in chosen.items():
        if name not in DEFAULTS:
            raise ValueError(name)
        if form == "0":
            continue
        burst, rate = (int(each) for each in form.split(":"))
        if burst < LEAST.get(name, 1) or rate < 1:
            raise ValueError(form)
        limits[name] = Limit(burst, rate / (3600 if name == "address_newcomers" else 60))
    return limits
