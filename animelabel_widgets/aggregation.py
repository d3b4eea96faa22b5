"""From ratings to verdicts: what the crowd as a whole says about each image.

It knows DataFrames only. The function is called `consensus`, the module is
not, because `al.consensus` is the function.
"""

from __future__ import annotations

import pandas as pd

from .errors import InputError
from .labels import KEYS

METHODS = ("majority",)


def consensus(ratings: pd.DataFrame, method: str = "majority") -> pd.DataFrame:
    """Aggregate the ratings of each image.

    Parameters
    ----------
    ratings
        One row per volunteer and image, with the columns `image_id` and a bool for
        each feature, as `Project.ratings` gives them.
    method
        "majority": a feature is there if more than half of the votes say so. In a tie the
        verdict is NA, undecided: neither `person` nor `~person` selects such an image.

    Returns
    -------
    DataFrame
        Indexed by `image_id`, in rising order: `votes`, then for each feature the share of
        yes votes `p_<feature>` (0 to 1) and the verdict `<feature>` (nullable boolean).
        A verdict never contradicts itself: no vote says "empty" and another feature, so two
        of them cannot both have more than half.

    Raises
    ------
    InputError
        If the method is unknown or a column is missing.

    Examples
    --------
    >>> ratings = pd.DataFrame(
    ...     {"image_id": [7, 7], "text": [True, False], "logo": [False, False],
    ...      "person": [True, True], "empty": [False, False]}
    ... )
    >>> consensus(ratings)[["votes", "p_text", "text", "person"]]
              votes  p_text  text  person
    image_id
    7             2     0.5  <NA>    True
    """
    if method not in METHODS:
        raise InputError(f"The method {method!r} is unknown: use one of {', '.join(METHODS)}.")
    missing = [column for column in ("image_id", *KEYS) if column not in ratings]
    if missing:
        raise InputError(
            f"The ratings have no column {', '.join(missing)}: pass what project.ratings() gives."
        )
    images = ratings.groupby("image_id", sort=True)
    yes = images[list(KEYS)].sum().astype("int64")
    votes = images.size().astype("int64")
    shares = yes.div(votes, axis="index").astype("float64")
    verdicts = pd.DataFrame({"votes": votes}, index=votes.index)
    for key in KEYS:
        verdicts[f"p_{key}"] = shares[key]
    for key in KEYS:
        decided = (yes[key] * 2 > votes).astype("boolean")
        verdicts[key] = decided.mask(yes[key] * 2 == votes)
    return verdicts
