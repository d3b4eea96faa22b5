"""Real crowd data sets with truth, where they are at hand; made ones of the same kind elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

REAL = Path(__file__).resolve().parents[3] / "shared" / "votes"
RTE, POSSENT = "rte", "d_possent"


def votes_and_truth(name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Give `task, worker, label`, and the true label by task."""
    folder = REAL / name
    if not folder.is_dir():
        return made()
    votes = pd.read_csv(folder / "votes.csv")
    return votes, pd.read_csv(folder / "truth.csv").set_index("task")["label"]


def made(
    tasks: int = 800, workers: int = 40, votes: int = 10, classes: int = 2, seed: int = 1
) -> tuple[pd.DataFrame, pd.Series]:
    """Make votes of workers who are right 60 to 98 times in a hundred."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, tasks)
    skill = rng.uniform(0.6, 0.98, workers)
    task = np.repeat(np.arange(tasks), votes)
    worker = np.concatenate([rng.permutation(workers)[:votes] for _ in range(tasks)])
    wrong = (truth[task] + rng.integers(1, classes, len(task))) % classes
    label = np.where(rng.random(len(task)) < skill[worker], truth[task], wrong)
    frame = pd.DataFrame({"task": task, "worker": worker, "label": label})
    return frame, pd.Series(truth, name="label").rename_axis("task")
