"""The errors this package raises on purpose.

Each message is one sentence that says what was expected, what came, and what
to do next, so that the command line and the page can show it as it is.

AnimelabelError
├── ConfigError          a setting is missing or wrong
├── InputError           something the caller passed cannot be used
├── PictureError         a picture cannot be read
├── ProtocolError        a browser sent a message that is not of the protocol
│   └── HelloError       a message came before the page said who visits
├── SlowDownError        a visitor is over a limit
├── SchemaError          the database's tables are missing, older or newer
└── StoreError           the database cannot be reached or refused the work
    ├── AssignmentError  the rating names no assignment of this volunteer
    ├── ConflictError    another reviewer's act came in between
    └── VolunteerError   there is no such volunteer
"""


class AnimelabelError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(AnimelabelError):
    """A setting is missing or wrong."""


class InputError(AnimelabelError):
    """Something the caller passed cannot be used."""


class PictureError(AnimelabelError):
    """A picture is missing, unreadable or refused."""


class ProtocolError(AnimelabelError):
    """A browser sent a message that is not of the protocol."""


class HelloError(ProtocolError):
    """A message came before the page said who visits."""


class SlowDownError(AnimelabelError):
    """A visitor is over a limit.

    Parameters
    ----------
    wait_ms
        Milliseconds after which to go on.
    """

    def __init__(self, wait_ms: int) -> None:
        super().__init__(
            f"Expected fewer messages in so short a time: go on in {-(-wait_ms // 1000)} seconds; "
            "nothing is lost."
        )
        self.wait_ms = wait_ms


class SchemaError(AnimelabelError):
    """The database's tables are missing, or of another version."""


class StoreError(AnimelabelError):
    """The database cannot be reached, or refused the work."""


class AssignmentError(StoreError):
    """The rating names an assignment that this volunteer never got."""


class ConflictError(StoreError):
    """Another reviewer's act came in between, and nothing was stored."""


class VolunteerError(StoreError):
    """The visit names a volunteer whom the database does not know."""
