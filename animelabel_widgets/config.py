"""The settings of a project: arguments first, then `ANIMELABEL_*` variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .limits import Limit, read_limits

PREFIX = "ANIMELABEL_"
ADDRESS = "HTTP_X_ANIMELABEL_ADDRESS"
"""The variable in which the server names a visitor's address, by a keyed digest."""

_READERS: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "str": str}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project needs to know, with its defaults.

    Parameters
    ----------
    database_url
        An SQLAlchemy URL, `sqlite:///file.db` or `mysql+pymysql://…`.
    pictures
        The folder that holds a sub-folder for each series: a path, or an address that fsspec
        knows, such as `s3://bucket/frames`.
    target
        Ratings per image, at most.
    least
        Ratings per image, at least.
    sure
        The probability from which on the crowd is sure of a feature, above 0.5 and at most 1.
    estimate_seconds
        Seconds between two estimates of the verdicts while the page is served, after which
        images are retired of which the crowd is sure; 0 for none.
    lease_minutes
        Minutes for which a handed-out image waits for its rating.
    max_side
        Longest side, in pixels, of a picture as sent to the browser.
    quality
        JPEG quality of a picture as sent, 1 to 95.
    cache_mb
        How much of the scaled pictures is kept on disk, in the user's cache directory, in MiB; 0
        keeps none.
    log_file
        File that the app notebooks write their log to.
    gold
        How often an image with a known answer is mixed in: from how many ratings of the
        volunteer on, and with what chance, as in `0:0.4 20:0.3`; 0 turns it off.
    tutorial
        The folder of the project's own tutorial; the built-in one where it is empty.
    leaderboard
        1 lets volunteers choose a nickname and see who rated most this week.
    limits
        What one volunteer or one address may have, where it is not `limits.DEFAULTS`: how many
        at once and how many per minute, as in `ratings=400:240 address_pictures=0`; 0 turns one
        off, or all.
    """

    database_url: str = field(default="sqlite:///animelabel.db", repr=False)
    pictures: str = "frames"
    target: int = 7
    least: int = 2
    sure: float = 0.95
    estimate_seconds: int = 60
    lease_minutes: int = 10
    max_side: int = 1280
    quality: int = 85
    cache_mb: int = 512
    log_file: str = "animelabel.log"
    gold: str = "0:0.4 20:0.3 40:0.2 60:0.1"
    tutorial: str = ""
    leaderboard: int = 0
    limits: str = ""

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        for name, low, high in (
            ("target", 1, 1000),
            ("least", 1, 1000),
            ("sure", 0.51, 1),
            ("estimate_seconds", 0, 86_400),
            ("lease_minutes", 1, 1440),
            ("max_side", 64, 8192),
            ("quality", 1, 95),
            ("cache_mb", 0, 1_000_000),
            ("leaderboard", 0, 1),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f"{PREFIX}{name.upper()} must be from {low} to {high}, not {value}: "
                    "correct the variable or the argument."
                )
        self.gold_chances()
        self.limits_read()

    def gold_chances(self) -> dict[int, float]:
        """Read `gold`: the chance, 0 to 1, by the number of ratings from which it holds.

        Raises
        ------
        ConfigError
            If it cannot be read.
        """
        if self.gold.strip() == "0":
            return {}
        try:
            steps = [step.split(":") for step in self.gold.split()]
            chances = {int(ratings): float(chance) for ratings, chance in steps}
        except ValueError:
            chances = {-1: 0.0}
        if all(ratings >= 0 and 0 <= chance <= 1 for ratings, chance in chances.items()):
            return chances
        raise ConfigError(
            f"{PREFIX}GOLD must be like 0:0.4 20:0.3 (ratings and a chance from 0 to 1), or 0, "
            f"not {self.gold!r}: correct the variable or the argument."
        )

    def limits_read(self) -> dict[str, Limit]:
        """Read `limits`: each limit that holds, by its name.

        Raises
        ------
        ConfigError
            If they cannot be read.
        """
        try:
            return read_limits(self.limits)
        except ValueError:
            raise ConfigError(
                f"{PREFIX}LIMITS must be like ratings=400:240 address_pictures=0 (a name of the "
                "documentation, how many at once and per minute; at least 21 pictures at once), "
                f"or 0, not {self.limits!r}: correct the variable or the argument."
            ) from None

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **arguments: Any) -> Settings:
        """Take each setting from its argument, else its variable, else its default.

        Parameters
        ----------
        environ
            Where the variables are read from; `os.environ` by default.
        **arguments
            Settings by name; None means not given.

        Raises
        ------
        ConfigError
            If a variable is not of the right type or out of range.
        """
        environ = os.environ if environ is None else environ
        values = {name: value for name, value in arguments.items() if value is not None}
        for setting in fields(cls):
            variable = PREFIX + setting.name.upper()
            if setting.name in values or not environ.get(variable):
                continue
            text = environ[variable]
            try:
                values[setting.name] = _READERS[str(setting.type)](text)
            except ValueError:
                expected = "a whole number" if setting.type == "int" else "a number"
                raise ConfigError(
                    f"{variable} must be {expected}, not {text!r}: correct the variable."
                ) from None
        return cls(**values)

    def absolute(self) -> Settings:
        """Give the same settings with full paths, for a process in another folder."""
        scheme = "sqlite:///"
        url = self.database_url
        if url.startswith(scheme):
            url = scheme + str(Path(url.removeprefix(scheme)).absolute())
        return replace(
            self,
            database_url=url,
            pictures=_absolute(self.pictures),
            log_file=str(Path(self.log_file).absolute()),
            tutorial=self.tutorial and str(Path(self.tutorial).absolute()),
        )

    def as_environ(self) -> dict[str, str]:
        """Give the settings as the variables that `load` reads."""
        return {PREFIX + each.name.upper(): str(getattr(self, each.name)) for each in fields(self)}


def _absolute(place: str) -> str:
    """Give the full path of a folder, and an address as it is."""
    return place if "://" in place else str(Path(place).absolute())
