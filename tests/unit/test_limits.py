"""Limits on misuse, with a clock that is moved by hand."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelabel_widgets.errors import SlowDownError
from animelabel_widgets.limits import DEFAULTS, MOST_KEYS, Buckets, Limit, Limits, read_limits


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def rated(limits: Limits, volunteer_id: int = 1, address: str = "home") -> int:
    """Rate once; give how long to wait, or 0."""
    try:
        limits.rating(volunteer_id, address)
    except SlowDownError as error:
        return error.wait_ms
    return 0


def test_a_burst_is_taken_and_after_the_wait_one_may_go_on() -> None:
    """Not before, and a refusal costs nothing."""
    clock = Clock()
    limits = Limits({"ratings": Limit(3, 0.5)}, clock)
    assert [rated(limits) for _ in range(5)] == [0, 0, 0, 2000, 2000]
    clock.now += 1.9
    assert rated(limits) == 1000
    clock.now += 0.1
    assert [rated(limits), rated(limits)] == [0, 2000]
    clock.now += 1e6
    assert [rated(limits) for _ in range(4)] == [0, 0, 0, 2000]


def test_what_one_bucket_refuses_is_taken_from_none() -> None:
    """The address is full, so the volunteer keeps what is his."""
    limits = Limits({"ratings": Limit(2, 1), "address_ratings": Limit(1, 1)}, Clock())
    assert rated(limits) == 0
    assert rated(limits) > 0
    assert rated(limits, address="elsewhere") == 0
    assert rated(limits, address="a third place") > 0


@given(
    st.integers(1, 30),
    st.floats(0.01, 50),
    st.lists(st.tuples(st.floats(0, 20), st.integers(1, 12)), max_size=60),
)
def test_never_more_than_the_burst_and_the_rate_times_the_time(
    burst: int, rate: float, asked: list[tuple[float, int]]
) -> None:
    """Between any two moments, whoever asks however often."""
    clock = Clock()
    limits = Limits({"pictures": Limit(burst, rate)}, clock)
    given_out: list[tuple[float, int]] = []
    for pause, count in asked:
        clock.now += pause
        try:
            limits.pictures(1, "", count)
        except SlowDownError:
            continue
        given_out.append((clock.now, count))
    for first, (since, _) in enumerate(given_out):
        total = 0
        for at, count in given_out[first:]:
            total += count
            assert total <= burst + rate * (at - since) + 1e-3


@given(st.integers(1, 30), st.floats(0.01, 50), st.integers(1, 30))
def test_the_wait_that_is_told_is_enough(burst: int, rate: float, count: int) -> None:
    """Who waits so long gets what was asked for."""
    clock = Clock()
    limits = Limits({"pictures": Limit(burst, rate)}, clock)
    count = min(count, burst)
    limits.pictures(1, "", burst)
    with pytest.raises(SlowDownError) as refused:
        limits.pictures(1, "", count)
    clock.now += refused.value.wait_ms / 1000
    limits.pictures(1, "", count)


def test_threads_together_get_no_more() -> None:
    """Eight handlers of one process, one bucket."""
    limits = Limits({"ratings": Limit(500, 1)}, Clock())
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: rated(limits), range(4000)))
    assert waits.count(0) == 500


def test_idle_buckets_go_and_many_at_once_are_bounded() -> None:
    """Who made a million volunteers fills no memory."""
    buckets = Buckets(Limit(10, 1))
    for key in range(5000):
        buckets.take(key, 1, now=key * 1.0)
    assert len(buckets) <= 1024
    for key in range(2 * MOST_KEYS):
        buckets.take(key, 1 + key % 9, now=10_000.0)
    assert len(buckets) <= MOST_KEYS
    assert buckets.wait(2 * MOST_KEYS - 1, 10, now=10_000.0) > 0


def defaults(clock: Clock) -> Limits:
    """Make the limits as they are by default."""
    return Limits(read_limits(""), clock)


def test_a_fast_honest_volunteer_never_meets_a_limit() -> None:
    """Two a second for an hour, each with its picture, and then a hundred kept answers at once."""
    clock = Clock()
    limits = defaults(clock)
    for _ in range(7200):
        clock.now += 0.5
        limits.pictures(1, "home", 1)
        limits.rating(1, "home")
    for _ in range(100):
        limits.rating(1, "home")


def test_a_class_behind_one_address_never_meets_a_limit() -> None:
    """Thirty come at once, rate two a second each, and all send a hundred kept answers at once."""
    clock = Clock()
    limits = defaults(clock)
    for _ in range(30):
        limits.newcomer("school")
    for _ in range(600):
        clock.now += 0.5
        for pupil in range(30):
            limits.pictures(pupil, "school", 1)
            limits.rating(pupil, "school")
    for pupil in range(30):
        for _ in range(100):
            limits.rating(pupil, "school")


def test_limits_are_read_and_those_not_named_have_their_default() -> None:
    """0 turns one off, or all."""
    assert set(read_limits("")) == set(DEFAULTS)
    assert read_limits("0") == {}
    read = read_limits("ratings=5:30 address_pictures=0 address_newcomers=9:36")
    assert read["ratings"] == Limit(5, 0.5)
    assert read["address_newcomers"] == Limit(9, 0.01)
    assert set(read) == set(DEFAULTS) - {"address_pictures"}


@pytest.mark.parametrize(
    "text", ["ratings", "ratings=5", "other=5:5", "ratings=0:5", "ratings=5:0", "pictures=20:5"]
)
def test_limits_that_cannot_be_read_are_refused(text: str) -> None:
    """A message of ten pictures must fit, or it would wait for ever."""
    with pytest.raises(ValueError, match=r".*"):
        read_limits(text)
