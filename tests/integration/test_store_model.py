"""The store against a simple model in Python: any order of events, on both databases."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from support.mariadb import MariaDB

from animelabel_widgets.errors import AssignmentError, VolunteerError
from animelabel_widgets.labels import EXCLUSIVE, KEYS, Answer, Gold, Known, NewImage, Series
from animelabel_widgets.store import Store

TARGET = 2
IMAGES = 5
LEASE = timedelta(minutes=10)
TOO_FAR = timedelta(days=2)
VOLUNTEERS = st.integers(0, 3)
ANSWERS = st.one_of(
    st.just(Answer.of(EXCLUSIVE)),
    st.frozensets(st.sampled_from([key for key in KEYS if key != EXCLUSIVE])).map(Answer),
)


class Handed:
    """What the model knows of an assignment; `order` tells which of two is newer."""

    def __init__(self, volunteer: int, image_id: int, order: int, ends: datetime) -> None:
        self.volunteer = volunteer
        self.image_id = image_id
        self.order = order
        self.ends = ends
        self.lease = "live"
        self.said: dict[int, Answer] = {}


class Campaign(RuleBasedStateMachine):
    """Volunteers who fetch, rate, change their mind, resend, come late, and cheat.

    Images get lost, retired, opened again and preferred; clocks are set back.
    """

    open_store: Callable[[Callable[[], datetime]], contextlib.AbstractContextManager[Store]]

    def __init__(self) -> None:
        super().__init__()
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.opened = contextlib.ExitStack()
        self.store = self.opened.enter_context(type(self).open_store(lambda: self.time))
        series_id = self.store.put_series(Series("a", "A"), update=False)
        self.store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(IMAGES)])
        self.images = set(self.store.images()["image_id"])
        self.state = dict.fromkeys(self.images, "open")
        self.priority = dict.fromkeys(self.images, 0)
        self.handed: dict[UUID, Handed] = {}
        self.reporters: dict[int, set[int]] = {image_id: set() for image_id in self.images}
        self.known: set[int] = set()
        self.ids = [self.store.volunteer(f"{n:032x}") for n in range(4)]

    def teardown(self) -> None:
        self.opened.close()

    def load(self, image_id: int) -> int:
        """Count an image's ratings and live leases in the model."""
        mine = [each for each in self.handed.values() if each.image_id == image_id]
        rated = {each.volunteer for each in mine if each.said and each.lease != "gold"}
        return len(rated) + sum(each.lease == "live" for each in mine)

    def level(self, image_id: int) -> tuple[int, int]:
        """Give what ranks an image: its priority, then its load."""
        return self.priority[image_id], self.load(image_id)

    def knows(self, volunteer: int) -> set[int]:
        """Give the images that a volunteer has rated or holds."""
        return {
            each.image_id
            for each in self.handed.values()
            if each.volunteer == volunteer and each.lease != "expired"
        }

    @rule(volunteer=VOLUNTEERS, count=st.integers(1, 4))
    def fetch(self, volunteer: int, count: int) -> None:
        """Hand out the least loaded images, none that is known, none beyond the target."""
        for each in self.handed.values():
            if each.lease == "live" and not self.time <= each.ends <= self.time + TOO_FAR:
                each.lease = "expired"
        free = sorted(
            self.level(image_id)
            for image_id in self.images - self.knows(volunteer)
            if self.state[image_id] == "open" and self.load(image_id) < TARGET
        )
        tasks = self.store.hand_out(self.ids[volunteer], count)
        assert sorted(self.level(task.image_id) for task in tasks) == free[:count]
        assert not {task.image_id for task in tasks} & self.knows(volunteer)
        assert {self.state[task.image_id] for task in tasks} <= {"open"}
        for task in tasks:
            order = len(self.handed)
            self.handed[task.assignment_id] = Handed(
                volunteer, task.image_id, order, self.time + LEASE
            )

    @rule()
    def fetch_as_nobody(self) -> None:
        """Refuse a volunteer who does not exist."""
        with pytest.raises(VolunteerError):
            self.store.hand_out(max(self.ids) + 1, 1)

    @rule(
        data=st.data(), revision=st.integers(0, 3), answer=ANSWERS, cheat=st.sampled_from([0, 0, 1])
    )
    def rate(self, data: st.DataObject, revision: int, answer: Answer, cheat: int) -> None:
        """Store a higher revision; a former one is a duplicate or a conflict."""
        if not self.handed:
            with pytest.raises(AssignmentError):
                self.store.rate(self.ids[0], uuid4(), answer, revision, 1)
            return
        assignment = data.draw(st.sampled_from(list(self.handed)))
        handed = self.handed[assignment]
        who = (handed.volunteer + cheat) % len(self.ids)
        if who != handed.volunteer:
            with pytest.raises(AssignmentError):
                self.store.rate(self.ids[who], assignment, answer, revision, 1)
            return
        receipt = self.store.rate(self.ids[who], assignment, answer, revision, 1)
        newest = max(handed.said, default=-1)
        if revision > newest:
            assert (receipt.stored, receipt.conflict, receipt.revision) == (True, False, revision)
            handed.said[revision] = answer
            if handed.lease != "gold":
                handed.lease = "rated"
        else:
            same = handed.said.get(revision) == answer
            assert (receipt.stored, receipt.conflict) == (False, not same)
            assert receipt.revision == newest

    @rule(number=st.integers(0, 99))
    def duplicate(self, number: int) -> None:
        """Send something once more that was stored before."""
        rated = [(key, each) for key, each in self.handed.items() if each.said]
        if rated:
            assignment, handed = rated[number % len(rated)]
            revision, answer = list(handed.said.items())[number % len(handed.said)]
            receipt = self.store.rate(self.ids[handed.volunteer], assignment, answer, revision, 1)
            assert (receipt.stored, receipt.conflict) == (False, False)

    @rule(volunteer=VOLUNTEERS, numbers=st.sets(st.integers(0, 99), max_size=3))
    def release(self, volunteer: int, numbers: set[int]) -> None:
        """Give images back; only one's own live leases end."""
        keys = [key for number, key in enumerate(self.handed) if number in numbers]
        mine = [self.handed[key] for key in keys if self.handed[key].volunteer == volunteer]
        live = [each for each in mine if each.lease == "live"]
        assert self.store.release(self.ids[volunteer], [*keys, uuid4()]) == len(live)
        for each in live:
            each.lease = "expired"

    @rule(number=st.integers(0, 99), reason=st.sampled_from(["broken", "unclear"]))
    def report(self, number: int, reason: str) -> None:
        """Report an assignment; the second volunteer takes its image out."""
        if self.handed:
            assignment, handed = list(self.handed.items())[number % len(self.handed)]
            self.store.report(self.ids[handed.volunteer], assignment, reason)
            if handed.lease in ("live", "expired"):
                handed.lease = "reported"
            reporters = self.reporters[handed.image_id]
            reporters.add(handed.volunteer)
            if len(reporters) > 1 and self.state[handed.image_id] in ("open", "retired"):
                self.state[handed.image_id] = "reported"

    @rule(number=st.integers(0, IMAGES - 1))
    def settle(self, number: int) -> None:
        """Learn the right answer to an image."""
        image_id = sorted(self.images)[number]
        images = self.store.images().set_index("image_id")
        entry = Gold("a", images["filename"][image_id], Known(Answer.of("logo")))
        assert self.store.put_gold([entry]) == []
        self.known.add(image_id)

    @rule(volunteer=VOLUNTEERS, count=st.integers(1, 3))
    def fetch_known(self, volunteer: int, count: int) -> None:
        """Hand out images with a known answer, which count nowhere."""
        free = {
            image_id
            for image_id in self.known - self.knows(volunteer)
            if self.state[image_id] in ("open", "retired")
        }
        tasks = self.store.hand_out_gold(self.ids[volunteer], count)
        assert len(tasks) == min(count, len(free))
        assert {task.image_id for task in tasks} <= free
        for task in tasks:
            handed = Handed(volunteer, task.image_id, len(self.handed), self.time)
            handed.lease = "gold"
            self.handed[task.assignment_id] = handed

    @rule(minutes=st.sampled_from([0, 1, 11, -30, -3 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        """Time passes, sometimes beyond the leases, and sometimes jumps back."""
        self.time += timedelta(minutes=minutes, milliseconds=1)

    @rule(number=st.integers(0, IMAGES - 1))
    def lose(self, number: int) -> None:
        """Lose a picture, so that it cannot be shown any more."""
        if list(self.state.values()).count("broken") < 2:
            image_id = sorted(self.images)[number]
            self.store.mark_broken(image_id, "gone")
            self.state[image_id] = "broken"

    @rule(numbers=st.sets(st.integers(0, IMAGES - 1), max_size=3))
    def retire(self, numbers: set[int]) -> None:
        """Retire images; only open ones can be."""
        images = {sorted(self.images)[number] for number in numbers}
        opened = {image_id for image_id in images if self.state[image_id] == "open"}
        assert self.store.retire(images, "sure enough") == len(opened)
        self.state |= dict.fromkeys(opened, "retired")

    @rule(numbers=st.sets(st.integers(0, IMAGES - 1), max_size=3))
    def reopen(self, numbers: set[int]) -> None:
        """Open images again; only retired ones can be."""
        images = {sorted(self.images)[number] for number in numbers}
        retired = {image_id for image_id in images if self.state[image_id] == "retired"}
        assert self.store.reopen(images) == len(retired)
        self.state |= dict.fromkeys(retired, "open")

    @rule(
        chosen=st.dictionaries(
            st.integers(0, IMAGES - 1), st.sampled_from([-100, 0, 3]), max_size=3
        )
    )
    def prioritise(self, chosen: dict[int, int]) -> None:
        """Set which images come first."""
        priorities = {sorted(self.images)[number]: each for number, each in chosen.items()}
        assert self.store.prioritise(priorities) == len(priorities)
        self.priority |= priorities

    @invariant()
    def the_counters_are_exact(self) -> None:
        """At any moment, load, votes and feature counts are what was said."""
        columns = ", ".join(f"n_{key}" for key in KEYS)
        query = text(f"SELECT image_id, `load`, votes, {columns} FROM pool ORDER BY image_id")
        stored = [tuple(row) for row in self.store._database.read(lambda c: c.execute(query).all())]
        expected = []
        for image_id in sorted(self.images):
            standing: dict[int, Handed] = {}
            for each in self.handed.values():
                if each.image_id == image_id and each.said and each.lease != "gold":
                    former = standing.get(each.volunteer)
                    if former is None or each.order > former.order:
                        standing[each.volunteer] = each
            answers = [each.said[max(each.said)] for each in standing.values()]
            counts = [sum(key in answer.features for answer in answers) for key in KEYS]
            expected.append((image_id, self.load(image_id), len(answers), *counts))
        assert stored == expected
        states = self.store.images().set_index("image_id")["state"]
        assert states.to_dict() == self.state
        assert self.store.check() == []


@pytest.mark.parametrize("engine", ["sqlite", "mariadb"])
def test_any_order_of_events_leaves_exact_counters(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Hand-out, rating, revision, resending, cheating, expiry, loss, retirement, reports, gold."""

    @contextlib.contextmanager
    def opened(clock: Callable[[], datetime]) -> Iterator[Store]:
        with contextlib.ExitStack() as stack:
            if engine == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('model')}/m.db"
            else:
                server: MariaDB = request.getfixturevalue("mariadb")
                url = stack.enter_context(server.database())
            store = Store.open(url, target=TARGET, lease_minutes=10, clock=clock)
            yield stack.enter_context(contextlib.closing(store))

    machine = type("Machine", (Campaign,), {"open_store": staticmethod(opened)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60 if engine == "sqlite" else 25,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
