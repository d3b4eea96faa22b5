"""The one place that skips: what a machine lacks, said with a remedy."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, remedy: str) -> NoReturn:
    """Skip with the reason, or fail where nothing may be skipped (`CI=true`).

    A machine without a database server or a browser can still run the other
    tests; pytest counts the skipped ones in its last line.
    """
    sentence = f"{what} was not found: {remedy}."
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
