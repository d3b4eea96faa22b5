"""What the crowd says about each image: all four features together."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import InputError
from ..labels import KEYS
from . import ratings as rated
from .calibration import ENOUGH, Floats, fit_temperature, log_loss, softmax
from .states import HAS, Estimate, Reports, clamp, estimate
from .votes import Codes

METHODS = ("ds", "majority")
FEW_IMAGES, FEW_VOTES, FEW_VOLUNTEERS = 50, 2.0, 3


class ConsensusWarning(UserWarning):
    """The model is not to be trusted, and majority is given instead."""


def consensus(
    ratings: pd.DataFrame, gold: pd.DataFrame | None = None, *, method: str = "ds"
) -> pd.DataFrame:
    """Aggregate the ratings of each image.

    Parameters
    ----------
    ratings
        One row per volunteer and image: `image_id`, `volunteer_id` and a bool for each feature,
        as `Project.ratings` gives them.
    gold
        Images whose answer is known, which they keep: `image_id`, as a column or as the index,
        and a bool for each feature. With 20 or more, the probabilities of the others are
        calibrated by one temperature, fitted by the log-loss of the gold as the model estimates
        it without knowing it.
    method
        "ds": how often each volunteer is right about each feature is estimated together with
        the verdicts, in the manner of Dawid and Skene (1979); "empty" excludes the other three.
        Where that is not to be trusted, for want of images, votes or volunteers, or because it
        is further from the gold than majority is, majority is given with a warning.
        "majority": a feature is there if more than half of the votes say so.

    Returns
    -------
    DataFrame
        Indexed by `image_id`, in rising order: `votes`, then for each feature its probability
        `p_<feature>` (0 to 1; of majority, the share of yes votes) and the verdict `<feature>`
        (nullable boolean), NA where both are equally probable: neither `person` nor `~person`
        selects such an image. A verdict never contradicts itself, because the features come
        from the probabilities of nine states that exclude each other. The frame's `attrs` say
        the `method` that was used, whether the probabilities are `calibrated`, by which
        `temperature`, and the `reason` where it is not the method that was asked for.

    Raises
    ------
    InputError
        If the method is unknown, a column is missing or has other values than true and false,
        an answer contradicts itself, or the gold does.

    Examples
    --------
    >>> ratings = pd.DataFrame(
    ...     {"image_id": [7, 7], "volunteer_id": [1, 2], "text": [True, False],
    ...      "logo": [False, False], "person": [True, True], "empty": [False, False]}
    ... )
    >>> consensus(ratings, method="majority")[["votes", "p_text", "text", "person"]]
              votes  p_text  text  person
    image_id
    7             2     0.5  <NA>    True
    """
    if method not in METHODS:
        raise InputError(f"The method {method!r} is unknown: use one of {', '.join(METHODS)}.")
    read = rated.read(ratings)
    fixed = rated.known(gold, read.images)
    votes = np.bincount(read.reports.image, minlength=len(read.images))
    shares = _shares(read)
    if method == "majority" or not len(votes):
        return _frame(read.images, votes, _known_features(shares, fixed), "majority")
    reason = _too_few(read.reports)
    temperature, calibrated = 1.0, False
    if not reason and (fixed >= 0).sum() >= ENOUGH:
        # What the model says of the gold without knowing it.
        blind = estimate(read.reports).scores[fixed >= 0]
        truth = HAS[fixed[fixed >= 0]] > 0
        temperature = fit_temperature(lambda each: log_loss(softmax(blind / each) @ HAS, truth))
        calibrated = True
        reason = _worse(softmax(blind) @ HAS, shares[fixed >= 0], truth)
    if reason:
        warnings.warn(
            f"The model is not to be trusted ({reason}): this is the majority.",
            ConsensusWarning,
            stacklevel=2,
        )
        features = _known_features(shares, fixed)
        return _frame(read.images, votes, features, "majority", reason=reason)
    features = probabilities(estimate(read.reports, fixed=fixed), fixed, temperature) @ HAS
    return _frame(
        read.images, votes, features, "ds", calibrated=calibrated, temperature=temperature
    )


def probabilities(found: Estimate, fixed: Codes, temperature: float = 1) -> Floats:
    """Give the probability of each image's nine states; shape (images, states)."""
    states = softmax(found.scores / temperature)
    clamp(states, fixed)
    return states


def _shares(read: rated.Ratings) -> Floats:
    """Give the share of yes votes for each feature; shape (images, features)."""
    image, images = read.reports.image, read.reports.images
    votes = np.bincount(image, minlength=images)
    yes = [np.bincount(image, read.answers[:, column], minlength=images) for column in range(4)]
    shares: Floats = np.stack(yes, axis=1) / votes[:, None]
    return shares


def _known_features(shares: Floats, fixed: Codes) -> Floats:
    """Give known images their features."""
    return np.where((fixed >= 0)[:, None], HAS[fixed], shares)


def _too_few(reports: Reports) -> str:
    """Say why there is too little to estimate from, or nothing."""
    votes = len(reports.state) / reports.images
    if reports.images < FEW_IMAGES:
        return f"only {reports.images} images, of at least {FEW_IMAGES}"
    if reports.volunteers < FEW_VOLUNTEERS:
        return f"only {reports.volunteers} volunteers, of at least {FEW_VOLUNTEERS}"
    if votes < FEW_VOTES:
        return f"only {votes:.1f} votes per image, of at least {FEW_VOTES:.0f}"
    return ""


def _worse(model: Floats, shares: Floats, truth: NDArray[np.bool_]) -> str:
    """Say that the model is further from the gold than majority is, or nothing."""
    by_model, by_majority = _errors(model, truth), _errors(shares, truth)
    if by_model <= by_majority:
        return ""
    return f"{by_model} of {truth.size} known answers wrong, and {by_majority} by majority"


def _errors(said: Floats, truth: NDArray[np.bool_]) -> int:
    """Count the features that are not as they are known to be; undecided ones are not."""
    return int(((said > 0.5) != truth).sum() + ((said == 0.5) & ~truth).sum())  # noqa: PLR2004


def _frame(
    images: pd.Index,
    votes: Codes,
    features: Floats,
    method: str,
    *,
    calibrated: bool = False,
    temperature: float = 1,
    reason: str = "",
) -> pd.DataFrame:
    """Make the result."""
    verdicts = pd.DataFrame({"votes": votes}, index=images)
    for column, key in enumerate(KEYS):
        verdicts[f"p_{key}"] = features[:, column]
    for column, key in enumerate(KEYS):
        decided = pd.Series(features[:, column] > 0.5, index=images, dtype="boolean")  # noqa: PLR2004
        verdicts[key] = decided.mask(features[:, column] == 0.5)  # noqa: PLR2004
    verdicts.attrs = {
        "method": method,
        "calibrated": calibrated,
        "temperature": temperature,
        "reason": reason,
    }
    return verdicts
