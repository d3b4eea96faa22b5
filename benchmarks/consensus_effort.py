"""How many votes an image needs, if it is retired as soon as the crowd is sure; prints JSON lines.

Volunteers rate in rounds; after each one, the real rule decides which images
need another vote. The baseline is a fixed number of votes and the majority.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings

import engines  # noqa: F401 - makes the tests' support known
import numpy as np
import pandas as pd
from support.real_votes import RTE, votes_and_truth
from synthetic_crowd import errors, make_crowd

from animelabel_widgets.aggregation import ConsensusWarning, consensus
from animelabel_widgets.labels import KEYS
from animelabel_widgets.retirement import Rule, replay

FIXED = (5, 7)
ORDERS = 10


def main() -> None:
    """Measure a made crowd and a real one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=30_000)
    parser.add_argument("--volunteers", type=int, default=400)
    parser.add_argument("--sure", type=float, nargs="+", default=[0.85, 0.9, 0.95, 0.97])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConsensusWarning)
    made(arguments.images, arguments.volunteers, arguments.sure)
    real()


def made(images: int, volunteers: int, degrees: list[float]) -> None:
    """Compare on made ratings, seven for each image."""
    rng = np.random.default_rng(11)
    crowd = make_crowd(images, volunteers, rng)
    ratings = crowd.ratings(max(FIXED), rng)
    truth = pd.DataFrame(crowd.truth, columns=list(KEYS)).rename_axis("image_id")
    place = ratings.groupby("image_id").cumcount()
    fixed = {
        votes: float(
            errors(consensus(ratings[place < votes], method="majority"), crowd.truth).mean()
        )
        for votes in FIXED
    }
    rules = {}
    for sure in degrees:
        found = replay(ratings, Rule(sure=sure), truth)
        error = float(errors(found.verdicts, crowd.truth).mean())
        rules[sure] = {"votes_per_image": round(found.votes_per_image, 2), "error": round(error, 5)}
    needed = {
        f"votes_for_the_error_of_{votes}": min(
            (each["votes_per_image"] for each in rules.values() if each["error"] <= error),
            default=None,
        )
        for votes, error in fixed.items()
    }
    shown = {f"majority_error_of_{votes}": round(error, 5) for votes, error in fixed.items()}
    print_line({"crowd": "made", "images": images, **shown, **needed, "rules": rules})


def real() -> None:
    """Compare on real votes, two to five for each task, in random orders."""
    votes, answers = votes_and_truth(RTE)
    nothing = dict.fromkeys([key for key in KEYS if key != KEYS[0]], False)  # one label is real
    ratings = pd.DataFrame(
        {"image_id": votes["task"], "volunteer_id": votes["worker"], KEYS[0]: votes["label"] == 1}
    ).assign(**nothing)
    truth = pd.DataFrame({KEYS[0]: answers == 1}).assign(**nothing).rename_axis("image_id")
    found = []
    for seed in range(ORDERS):
        order = ratings.sample(frac=1, random_state=seed)
        five = order[order.groupby("image_id").cumcount() < FIXED[0]]
        majority = consensus(five, method="majority")[KEYS[0]]
        wrong = (majority != truth[KEYS[0]].astype("boolean")).astype(float).fillna(0.5).mean()
        done = replay(five, Rule(sure=0.8, least=2, most=5), truth)
        found.append((wrong, done.votes_per_image, done.error * len(KEYS)))
    means = np.mean(found, axis=0).round(4).tolist()
    names = ("majority_error_of_5", "votes_per_image", "error")
    print_line(
        {"crowd": RTE, "orders": ORDERS, "sure": 0.8, **dict(zip(names, means, strict=True))}
    )


def print_line(result: dict[str, object]) -> None:
    """Print a JSON line."""
    json.dump({"benchmark": "consensus_effort", **result}, sys.stdout)
    print(flush=True)


if __name__ == "__main__":
    main()
