"""Reviewers: their decisions win, each act is logged and undone, and counters stay exact."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from support.acts import put_act

import animelabel_widgets as al
from animelabel_widgets.errors import ConflictError, InputError
from animelabel_widgets.estimation import reestimate
from animelabel_widgets.labels import KEYS, Act, Answer, Decision, Gold, Known, NewImage, Series
from animelabel_widgets.pictures import Pictures
from animelabel_widgets.retirement import Rule
from animelabel_widgets.review.board import ReviewBoard
from animelabel_widgets.review.dashboard import PLOTS, Dashboard
from animelabel_widgets.store import Store
from animelabel_widgets.store.board import STATES
from animelabel_widgets.tables import State

PERSON = Decision(Answer.of("person"))
TEXT = Decision(Answer.of("text"))


def fill(store: Store, images: int = 4, volunteers: int = 3, said: str = "logo") -> list[int]:
    """Let volunteers say the same of all images; give the images' ids."""
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(images)])
    for number in range(volunteers):
        volunteer = store.volunteer(f"{number:032x}")
        for task in store.hand_out(volunteer, images):
            store.rate(volunteer, task.assignment_id, Answer.of(said), 0, 900)
    return sorted(store.images()["image_id"])


def state(store: Store, image_id: int) -> tuple[str, object]:
    """Give the state of an image and its reason, None where there is none."""
    row = store.images().set_index("image_id").loc[image_id]
    return row["state"], row["reason"] if isinstance(row["reason"], str) else None


def features(frame: pd.DataFrame, image_id: int) -> set[str]:
    """Give what a verdict says that an image shows."""
    return {key for key in KEYS if frame.loc[image_id, key]}


def test_a_decision_wins_in_every_aggregate_until_it_is_withdrawn(store: Store) -> None:
    """In the known answers, the consensus, the stored verdicts, and the pool."""
    first, *_ = fill(store)
    reestimate(store)
    act = store.settle(first, PERSON, "Ada", version=0)
    assert state(store, first) == ("retired", "settled")
    assert store.reviews().loc[first, "reviewer"] == "Ada"
    assert features(al.consensus(store.ratings(), store.gold(), method="majority"), first) == {
        "person"
    }
    assert features(store.decided(store.verdicts()), first) == {"person"}
    reestimate(store, rule=Rule())
    assert features(store.verdicts(), first) == {"person"}
    assert state(store, first) == ("retired", "settled")

    withdrawn = store.withdraw(first, "Ada", version=act.act_id)
    assert features(store.verdicts(), first) == {"logo"}
    assert state(store, first) == ("open", None)
    assert len(store.reviews()) == 0
    store.undo(withdrawn.act_id, "Bob")
    assert features(store.decided(store.verdicts()), first) == {"person"}
    assert [each.kind for each in store.acts()] == ["settle", "withdraw", "undo"]
    assert store.acts()[0].was["state"] == "open"
    assert store.check() == []


def test_a_decision_on_an_image_without_votes_is_a_verdict_too(store: Store) -> None:
    """It has no votes, and it is stored with the crowd's."""
    first, *_ = fill(store, volunteers=0)
    store.settle(first, PERSON, "Ada", version=0)
    reestimate(store)
    verdicts = store.verdicts()
    assert verdicts.loc[first, "votes"] == 0
    assert features(verdicts, first) == {"person"}


def test_whether_a_decision_teaches_is_the_reviewers_choice(store: Store) -> None:
    """Volunteers get it as a known answer, with the explanation, only if it says so."""
    first, second, *_ = fill(store, volunteers=0)
    store.settle(first, PERSON, "Ada", version=0)
    store.settle(second, Decision(Answer.of("text"), True, "A sign."), "Ada", version=0)  # noqa: FBT003
    volunteer = store.volunteer("9" * 32)
    (task,) = store.hand_out_gold(volunteer, 5)
    assert task.image_id == second
    receipt = store.rate(volunteer, task.assignment_id, Answer(), 0, 5)
    assert receipt.known == Known(Answer.of("text"), "A sign.")
    store.put_gold([imported(store, first)])
    assert {each.image_id for each in store.hand_out_gold(volunteer, 5)} == {first}
    assert features(store.gold(), first) == {"logo"}


def imported(store: Store, image_id: int) -> Gold:
    """Make an imported answer to an image."""
    row = store.images().set_index("image_id").loc[image_id]
    return Gold(row["folder"], row["filename"], Known(Answer.of("logo")))


def test_the_later_of_two_reviewers_sees_what_the_other_decided(store: Store) -> None:
    """Both have seen the image as it was; one is stored, and the other decides again."""
    first, *_ = fill(store)
    ready, ends = threading.Barrier(2), []

    def settle(name: str, decision: Decision) -> None:
        ready.wait()
        try:
            ends.append(store.settle(first, decision, name, version=0))
        except ConflictError as error:
            ends.append(error)

    threads = [
        threading.Thread(target=settle, args=each) for each in (("Ada", PERSON), ("Bob", TEXT))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (done,) = [each for each in ends if isinstance(each, Act)]
    (act,) = store.acts()
    assert len(store.reviews()) == 1
    assert store.reviews().loc[first, "reviewer"] == done.reviewer
    again = store.settle(first, TEXT, "Bob", version=act.act_id)
    assert features(store.reviews(), first) == {"text"}
    with pytest.raises(ConflictError):
        store.undo(act.act_id, "Ada")
    assert store.undoable("Bob").act_id == again.act_id


def test_one_act_after_the_other_is_taken_back(store: Store) -> None:
    """Each as the latest that still stands; a second time, or out of order, it is refused."""
    first, *_ = fill(store)
    out = store.take_out(first, "Ada", version=0)
    settled = store.settle(first, PERSON, "Ada", version=out.act_id)
    withdrawn = store.withdraw(first, "Ada", version=settled.act_id)
    with pytest.raises(ConflictError):
        store.undo(settled.act_id, "Ada")
    for act, expected in (
        (withdrawn, ("retired", "settled")),
        (settled, ("retired", "taken out")),
        (out, ("open", None)),
    ):
        undoable = store.undoable("Ada")
        assert undoable is not None
        assert undoable.act_id == act.act_id
        store.undo(act.act_id, "Ada")
        assert state(store, first) == expected
        with pytest.raises(ConflictError):
            store.undo(act.act_id, "Ada")
    assert store.undoable("Ada") is None
    volunteer = store.volunteer("0" * 32)
    store.block(volunteer, "Ada")
    store.undo(store.unblock(volunteer, "Ada").act_id, "Ada")
    assert volunteer in store.blocked()
    latest = store.undoable("Ada")
    assert latest is not None
    store.undo(latest.act_id, "Ada")
    assert store.blocked() == {}
    assert store.check() == []


def test_the_same_act_once_more_is_done_once(store: Store) -> None:
    """As when the connection was lost after it was committed."""
    first, *_ = fill(store)
    act = store.settle(first, PERSON, "Ada", version=0)
    assert store.settle(first, PERSON, "Ada", version=0).act_id == act.act_id
    assert len(store.acts()) == 1


def test_what_is_taken_out_stays_out_and_what_is_brought_back_stays_in(store: Store) -> None:
    """The rule that retires images respects both, and each is undone."""
    first, second, *_ = fill(store)
    reestimate(store, rule=Rule(most=5))
    assert state(store, first)[0] == "retired"
    store.bring_back(first, "Ada", version=0)
    reestimate(store, rule=Rule(most=5))
    assert state(store, first) == ("open", "brought back")
    out = store.take_out(first, "Ada", version=store.acts()[-1].act_id)
    assert state(store, first) == ("retired", "taken out")
    store.undo(out.act_id, "Ada")
    assert state(store, first) == ("open", "brought back")
    with pytest.raises(InputError, match="in the pool already"):
        store.bring_back(first, "Ada", version=store.acts()[-1].act_id)
    with pytest.raises(InputError, match="not settled"):
        store.withdraw(second, "Ada", version=0)
    with pytest.raises(InputError, match="no image 99999"):
        store.settle(99999, PERSON, "Ada", version=0)
    with pytest.raises(InputError, match="1 to 100 characters"):
        store.settle(second, PERSON, " ", version=0)


def test_a_blocked_volunteers_ratings_leave_and_come_back(store: Store) -> None:
    """Those given meanwhile stay in the history, and count when the volunteer does again."""
    images = fill(store, volunteers=2)
    blocked = store.volunteer("0" * 32)
    act = store.block(blocked, "Ada")
    assert blocked not in set(store.ratings()["volunteer_id"])
    assert store.stats().ratings == len(images)
    assert set(store.images()["votes"]) == {1}
    assert store.check() == []
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage("new.jpg", 9, 9, 5000)])
    (task,) = store.hand_out(blocked, 9)
    store.rate(blocked, task.assignment_id, Answer.of("text"), 0, 900)
    store.rate(blocked, task.assignment_id, Answer.of("person"), 1, 900)
    assert store.check() == []
    assert len(store.ratings()) == len(images)
    with pytest.raises(InputError, match="blocked already"):
        store.block(blocked, "Ada")
    store.undo(act.act_id, "Ada")
    assert len(store.ratings()) == 2 * len(images) + 1
    assert store.check() == []
    with pytest.raises(InputError, match="not blocked"):
        store.unblock(blocked, "Ada")
    with pytest.raises(InputError, match="no volunteer 99999"):
        store.block(99999, "Ada")


def test_verdicts_of_blocked_volunteers_alone_are_given_up(store: Store) -> None:
    """What they had retired is open again."""
    fill(store, volunteers=3)
    reestimate(store, rule=Rule())
    assert set(store.images()["state"]) == {"retired"}
    for number in range(3):
        store.block(store.volunteer(f"{number:032x}"), "Ada")
    reestimate(store, rule=Rule())
    assert len(store.verdicts()) == 0
    assert set(store.images()["state"]) == {"open"}


def test_the_dashboard_tells_what_the_store_has(store: Store) -> None:
    """Counts, plots, and the list, in which a blocked volunteer keeps the skill known before."""
    images = fill(store, volunteers=2)
    dashboard = Dashboard(store)
    first, second = store.volunteer("0" * 32), store.volunteer(f"{1:032x}")
    before = dashboard.volunteers("ratings", 0, 9)
    store.block(first, "Ada")
    counts = dashboard.counts(store.board())
    assert (counts["images"], counts["ratings"], counts["volunteers"]) == (4, len(images), 2)
    listed = dashboard.volunteers("blocked", 0, 9)
    assert listed["total"] == 2
    was = {row["volunteer"]: row for row in before["rows"]}
    assert listed["rows"] == [was[first] | {"blocked": True}, was[second]]
    assert dashboard.volunteers("blocked", 1, 9)["rows"] == [was[second]]
    anew = Dashboard(store).volunteers("skill", 0, 9)["rows"]
    assert [(row["volunteer"], row["skill"] is None) for row in anew] == [
        (second, False),
        (first, True),
    ]
    for name in PLOTS:
        drawn = dashboard.plot(name, store.board())
        assert drawn["svg"].startswith("<svg")
        assert drawn["title"]


def test_counters_are_exact_when_blocking_meets_ratings(store: Store) -> None:
    """One thread rates as the volunteer whom another blocks and unblocks."""
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(60)])
    volunteer = store.volunteer("0" * 32)

    def rate() -> None:
        while tasks := store.hand_out(volunteer, 5):
            for task in tasks:
                for revision in range(2):
                    answer = Answer.of("text" if revision else "logo")
                    store.rate(volunteer, task.assignment_id, answer, revision, 5)

    rater = threading.Thread(target=rate)
    rater.start()
    acts: list[Callable[[int, str], Act]] = [store.block, store.unblock]
    while rater.is_alive():
        acts[0](volunteer, "Ada")
        acts.reverse()
    rater.join()
    assert store.check() == []


def test_a_page_notices_an_act_that_comes_late_with_a_lower_number(
    store: Store, tmp_path: Path
) -> None:
    """MySQL gives the numbers before the commits."""
    first, second, *_ = fill(store)
    board = ReviewBoard(store, Pictures(tmp_path))
    every = {
        "features": dict.fromkeys(KEYS, "any"), "confidence": [0, 100], "votes": [0, 1000],
        "disagreement": 0, "series": None, "kind": "any", "state": None, "reason": None,
        "order": "number",
    }  # fmt: skip
    retired = every | {"state": STATES.index(State.RETIRED)}

    def found() -> object:
        reply = board._answer({"id": 1, "kind": "find", "filter": retired}, [])
        assert isinstance(reply, tuple)
        return reply[0]["total"]

    def take_out(image_id: int, act_id: int) -> None:
        store.retire([image_id], "by hand")
        put_act(store, act_id, image_id)

    board._answer({"id": 0, "kind": "hello", "reviewer": "Ada"}, [])
    assert found() == 0
    take_out(first, 9)
    assert found() == 1
    take_out(second, 8)
    assert found() == 2
