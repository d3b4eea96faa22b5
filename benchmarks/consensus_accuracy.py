"""How often the verdicts on real votes are right, and how far their probabilities can be trusted.

Prints a JSON line per data set: accuracy by majority and by Dawid and Skene's
model with and without a prior; and over 20 splits with 100 known tasks, the
expected calibration error and the log-loss of the others, calibrated and not.
With --crowd-kit, the same model of that package runs in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import engines  # noqa: F401 - makes the tests' support known
import numpy as np
import pandas as pd
from support.real_votes import POSSENT, RTE, votes_and_truth

import animelabel_widgets as al
from animelabel_widgets.aggregation import dawid_skene
from animelabel_widgets.aggregation.calibration import log_loss

GOLD, SPLITS, BINS = 100, 20, 10
# Without what the model itself does not need: all of it is half a gigabyte.
CROWD_KIT = ("crowd-kit==1.4.2",)
ITS_PARTS = ("attrs", "nltk", "numpy", "pandas", "scikit-learn", "tqdm", "typing_extensions")
THEIRS = """
import sys
import pandas as pd
from crowdkit.aggregation.classification.dawid_skene import DawidSkene

votes = pd.read_csv(sys.argv[1])
truth = pd.read_csv(sys.argv[2]).set_index("task")["label"]
labels = DawidSkene(n_iter=100).fit_predict(votes)
print((labels.reindex(truth.index) == truth).mean())
"""


def main() -> None:
    """Measure both data sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crowd-kit", action="store_true", help="install it, and compare")
    arguments = parser.parse_args()
    for name in (RTE, POSSENT):
        votes, truth = votes_and_truth(name)
        plain = al.DawidSkene(prior_strength=0).fit_predict(votes)
        result = {
            "benchmark": "consensus_accuracy",
            "votes": name,
            "majority": majority(votes, truth),
            "dawid_skene": accuracy(al.DawidSkene().fit_predict(votes), truth),
            "without_a_prior": accuracy(plain, truth),
            **calibration(votes, truth),
        }
        if arguments.crowd_kit:
            result["crowd_kit"] = crowd_kit(votes, truth)
        json.dump(result, sys.stdout)
        print(flush=True)


def accuracy(labels: pd.Series, truth: pd.Series) -> float:
    """Give the share of tasks that are right; an undecided one is not."""
    return round(float((labels == truth).fillna(False).mean()), 4)  # noqa: FBT003


def majority(votes: pd.DataFrame, truth: pd.Series) -> float:
    """Give the same of the majority, which is half right where it is undecided."""
    labels = al.majority(votes)["label"]
    return round(accuracy(labels, truth) + float(labels.isna().mean()) / 2, 4)


def calibration(votes: pd.DataFrame, truth: pd.Series) -> dict[str, object]:
    """Give calibration error and log-loss over splits, with the gold clamped in both."""
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[float, float]]] = {"calibrated": [], "uncalibrated": []}
    enough = dawid_skene.ENOUGH
    for _ in range(SPLITS):
        gold = truth.loc[rng.choice(truth.index, GOLD, replace=False)]
        rest = truth.index.difference(gold.index)
        for name, needed in (("calibrated", enough), ("uncalibrated", len(truth) + 1)):
            dawid_skene.ENOUGH = needed
            said = al.DawidSkene().fit_predict_proba(votes, gold)
            is_last = (truth.loc[rest] == said.columns[-1]).to_numpy()
            probability = said.loc[rest].iloc[:, -1].to_numpy()
            error = calibration_error(probability, is_last)
            found[name].append((error, log_loss(probability, is_last)))
    dawid_skene.ENOUGH = enough
    return {
        name: dict(
            zip(("calibration_error", "log_loss"), np.mean(pairs, axis=0).round(4), strict=True)
        )
        for name, pairs in found.items()
    }


def calibration_error(said: np.ndarray, true: np.ndarray) -> float:
    """Give the mean difference between said and true, in ten bins of what is said."""
    places = np.clip((said * BINS).astype(int), 0, BINS - 1)
    differences = np.bincount(places, said - true, minlength=BINS)
    return float(np.abs(differences).sum() / len(said))


def crowd_kit(votes: pd.DataFrame, truth: pd.Series) -> float:
    """Let the other package estimate, without a prior."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        votes.to_csv(folder / "votes.csv", index=False)
        truth.to_csv(folder / "truth.csv")
        python = folder / "env" / "bin" / "python"
        pip = [python, "-m", "pip", "install", "--quiet"]
        for command in (
            [sys.executable, "-m", "venv", folder / "env"],
            [*pip, "--no-deps", *CROWD_KIT],
            [*pip, *ITS_PARTS],
        ):
            subprocess.run(command, check=True, capture_output=True)
        files = [folder / "votes.csv", folder / "truth.csv"]
        done = subprocess.run(
            [python, "-c", THEIRS, *files], check=True, capture_output=True, text=True
        )
    return round(float(done.stdout.split()[-1]), 4)


if __name__ == "__main__":
    main()
