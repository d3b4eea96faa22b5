"""How long the consensus on made ratings takes, how much memory, and how often it is right.

Prints a JSON line per crowd; the baseline is the majority. Memory is the peak
over what the process had when the ratings were there.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from multiprocessing import get_context

import numpy as np
from synthetic_crowd import errors, make_crowd

from animelabel_widgets.aggregation import consensus
from animelabel_widgets.labels import KEYS

VOTES = 5


def main() -> None:
    """Measure an even crowd and one with a long tail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=300_000)
    parser.add_argument("--volunteers", type=int, default=2_000)
    parser.add_argument("--tail-images", type=int, default=100_000)
    parser.add_argument("--tail-volunteers", type=int, default=30_000)
    arguments = parser.parse_args()
    for name, images, volunteers in (
        ("even", arguments.images, arguments.volunteers),
        ("long tail", arguments.tail_images, arguments.tail_volunteers),
    ):
        with get_context("spawn").Pool(1) as pool:
            found = pool.apply(measure, (images, volunteers))
            pool.close()
            pool.join()
        json.dump({"benchmark": "consensus_speed", "crowd": name, **found}, sys.stdout)
        print(flush=True)


def measure(images: int, volunteers: int) -> dict[str, object]:
    """Let a crowd rate, and aggregate in both ways."""
    rng = np.random.default_rng(7)
    crowd = make_crowd(images, volunteers, rng)
    ratings = crowd.ratings(VOTES, rng)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    by_model = consensus(ratings)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    by_majority = consensus(ratings, method="majority")
    majority_seconds = time.perf_counter() - start
    ours, theirs = errors(by_model, crowd.truth), errors(by_majority, crowd.truth)
    return {
        "images": images,
        "volunteers": volunteers,
        "median_ratings_per_volunteer": float(ratings.groupby("volunteer_id").size().median()),
        "seconds": round(seconds, 2),
        "majority_seconds": round(majority_seconds, 2),
        "megabytes_over_the_data": round((peak - before) / 1024),
        "error": dict(zip(KEYS, ours.round(5), strict=True)),
        "majority_error": dict(zip(KEYS, theirs.round(5), strict=True)),
        "below_majority_on_every_label": bool((ours < theirs).all()),
    }


if __name__ == "__main__":
    main()
