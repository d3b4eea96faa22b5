"""The gallery widget: any DataFrame of images as a grid of thumbnails that scrolls through all.

The browser knows how many rows there are and where groups begin; of the rows it asks for those
in sight, and for their thumbnails a few at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from traitlets import Dict, Int, List, Unicode, observe, validate

from .. import assets
from ..errors import InputError, ProtocolError
from ..labels import ImagePlace
from ..pictures import Pictures, picture_or_reason, pictures_or_reasons
from ..protocol import Arrange, Close, Open, Select, Thumbnails, Window, parse_gallery
from ..widget import Answered, PageWidget, Reply
from .rows import Arrangement, Rows, badge, words

if TYPE_CHECKING:
    import pandas as pd

Places = Callable[[Sequence[int]], Mapping[int, ImagePlace]]
Details = Callable[[int], dict[str, Any]]


class Gallery(PageWidget):
    """Shows any DataFrame with an `image_id` column or index as a grid of thumbnails.

    Parameters
    ----------
    frame
        The images, one row each.
    pictures
        Where their pictures come from.
    places
        Gives folder, filename and title of some images; asked for those in sight only.
    caption
        The columns below each thumbnail.
    badges
        The columns shown as small labels: a bool where it is true, others with their value.
    sort, descending, group
        The columns to sort and to group by, if any.
    heading
        A line above.
    details
        Gives `votes` and `history` of an image that is shown large, as `Store.image_details` does.

    Attributes
    ----------
    selection : list of int
        The ids of the selected images, in the order shown; may be set and observed.
    opened : int or None
        The id of the image shown large; may be set and observed.

    Raises
    ------
    InputError
        If the frame has no `image_id`, or not these columns.
    """

    _esm = assets.esm("gallery.js")
    _css = assets.css("gallery.css")

    heading = Unicode().tag(sync=True)
    shown = Dict().tag(sync=True)
    selected: Any = List().tag(sync=True)
    opened_row = Int(None, allow_none=True).tag(sync=True)
    selection: Any = List()
    opened = Int(None, allow_none=True)

    def __init__(
        self,
        frame: pd.DataFrame,
        pictures: Pictures,
        *,
        places: Places,
        caption: str | Sequence[str] = (),
        badges: Sequence[str] = (),
        sort: str | None = None,
        descending: bool = False,
        group: str | None = None,
        heading: str = "",
        details: Details | None = None,
    ) -> None:
        self._pictures = pictures
        self._places = places
        self._details = details
        self._caption = [caption] if isinstance(caption, str) else list(caption)
        self._badges = [badges] if isinstance(badges, str) else list(badges)
        self._version = 0
        self._rows = self._checked(Rows(frame, Arrangement(sort, descending, group)))
        super().__init__(heading=heading)
        self._show()

    @property
    def frame(self) -> pd.DataFrame:
        """The rows shown; setting other ones keeps the settings, and what is selected of them."""
        return self._rows.frame

    @frame.setter
    def frame(self, frame: pd.DataFrame) -> None:
        self._replace(self._checked(Rows(frame, self._rows.arrangement)))

    @property
    def sort(self) -> str | None:
        """The column that the rows are sorted by."""
        return self._rows.arrangement.sort

    @property
    def descending(self) -> bool:
        """True where the largest values come first."""
        return self._rows.arrangement.descending

    @property
    def group(self) -> str | None:
        """The column that the rows are grouped by."""
        return self._rows.arrangement.group

    def arrange(
        self, sort: str | None = None, *, descending: bool = False, group: str | None = None
    ) -> None:
        """Sort and group by columns, or by none.

        Raises
        ------
        InputError
            If there is no such column, or its values have no order; nothing is changed then.
        """
        self._replace(self._rows.rearranged(Arrangement(sort, descending, group)))

    @validate("selection")
    def _check_selection(self, proposal: Any) -> list[int]:
        """Put what is selected into the order shown; refuse what is not in the frame."""
        wanted = list(proposal["value"])
        if any(type(each) is bool or int(each) != each for each in wanted):
            raise InputError("selection must be a list of image ids, and some are no numbers.")
        chosen = self._rows.chosen(self._rows.ranges(wanted))
        unknown = set(wanted).difference(chosen)
        if unknown:
            raise InputError(
                f"{len(unknown)} image ids are not in this gallery, {min(unknown)} for one: "
                "select ids of its frame."
            )
        return chosen

    @observe("selection")
    def _on_selection(self, change: Any) -> None:
        """Tell the browser which rows are selected."""
        self.selected = [list(each) for each in self._rows.ranges(change["new"])]

    @validate("opened")
    def _check_opened(self, proposal: Any) -> int | None:
        """Refuse an image that is not in the frame."""
        wanted: int | None = proposal["value"]
        if wanted is not None and self._rows.row_of(wanted) is None:
            raise InputError(
                f"The image {wanted} is not in this gallery: open one whose id is in its frame."
            )
        return wanted

    @observe("opened")
    def _on_opened(self, change: Any) -> None:
        """Tell the browser which row to show large."""
        new = change["new"]
        self.opened_row = None if new is None else self._rows.row_of(new)

    def _checked(self, rows: Rows) -> Rows:
        """Refuse a frame without the columns of the caption and the badges, unless it is empty."""
        missing = [
            name
            for name in (*self._caption, *self._badges)
            if name != "image_id" and name not in rows.frame.columns
        ]
        if missing and len(rows):
            raise InputError(
                f"There is no column {missing[0]!r} to show: use some of "
                f"{', '.join(map(str, rows.frame.columns[:12]))}."
            )
        return rows

    def _replace(self, rows: Rows) -> None:
        """Show other rows, or the same in another order; forget what is no longer there."""
        self._rows = rows
        kept = rows.chosen(rows.ranges(self.selection))
        with self.hold_sync():
            self._show()
            self.selection = kept
            self.selected = [list(each) for each in rows.ranges(kept)]
            row = None if self.opened is None else rows.row_of(self.opened)
            if row is None:
                self.opened = None
            self.opened_row = row

    def _show(self) -> None:
        """Tell the browser how many rows there are, in which groups."""
        self._version += 1
        rows = self._rows
        self.shown = {
            "version": self._version,
            "count": len(rows),
            "groups": [list(each) for each in rows.groups],
            "columns": rows.columns,
            "sort": rows.arrangement.sort,
            "descending": rows.arrangement.descending,
            "group": rows.arrangement.group,
            "lines": [bool(self._caption), bool(self._badges)],
        }

    def _answer(self, content: object, buffers: object) -> Answered:  # noqa: PLR0911 - one a message
        """Answer a message; what encodes pictures is done beside the kernel's thread."""
        message = parse_gallery(content, buffers)
        if isinstance(message, Close):
            self.opened = None
            return {"kind": "closed"}, ()
        if isinstance(message, Arrange):
            return self._rearrange(message)
        if message.version != self._version:
            return {"kind": "stale"}, ()
        if isinstance(message, Window):
            return {"kind": "rows", "rows": self._described(message.first, message.count)}, ()
        if isinstance(message, Select):
            self._within(max((last for _, last in message.ranges), default=0))
            self.selection = self._rows.chosen(message.ranges)
            return {"kind": "selected"}, ()
        if isinstance(message, Open):
            return self._open(message.row)
        return self._thumbnails(message)

    def _within(self, row: int) -> None:
        """Refuse a row beyond the last."""
        if row >= max(1, len(self._rows)):
            raise ProtocolError("expected a row of this gallery")

    def _rearrange(self, message: Arrange) -> Reply:
        """Sort and group, or say why that cannot be."""
        try:
            self.arrange(message.sort, descending=message.descending, group=message.group)
        except InputError as error:
            return {"kind": "error", "code": "refused", "message": str(error)}, ()
        return {"kind": "arranged"}, ()

    def _described(self, first: int, count: int) -> list[dict[str, Any]]:
        """Put some rows into words."""
        ids = self._rows.ids[first : first + count].tolist()
        places = self._places(ids)
        described = []
        for image_id, record in zip(ids, self._rows.records(first, count), strict=True):
            place = places.get(image_id)
            captions = (words(name, record.get(name)) for name in self._caption)
            badges = (badge(name, record.get(name)) for name in self._badges)
            described.append(
                {
                    "image_id": image_id,
                    "title": f"Image {image_id}" if place is None else place.title,
                    "caption": " · ".join(filter(None, captions)),
                    "badges": [each for each in badges if each is not None],
                }
            )
        return described

    def _thumbnails(self, message: Thumbnails) -> Answered:
        """Give the thumbnails of a few rows, and why some have none."""
        self._within(max(message.rows, default=0))
        ids = [int(self._rows.ids[row]) for row in message.rows]
        places = self._places(ids)

        def work() -> Reply:
            shown = map(places.get, ids)
            found, files = pictures_or_reasons(self._pictures, shown, message.side)
            return {"kind": "thumbnails", "pictures": found}, files

        return work

    def _open(self, row: int) -> Answered:
        """Show an image large."""
        self._within(row)
        image_id = int(self._rows.ids[row])
        with self.hold_sync():
            self.opened = image_id
            self.opened_row = row  # of several with the same id, this one
        place = self._places([image_id]).get(image_id)
        (described,) = self._described(row, 1)
        details = {} if self._details is None else self._details(image_id)

        def work() -> Reply:
            given = picture_or_reason(self._pictures, place)
            reply = {
                "kind": "image",
                **described,
                "file": "" if place is None else f"{place.folder}/{place.filename}",
                "missing": given if isinstance(given, str) else None,
                "details": details,
            }
            return reply, [given] if isinstance(given, bytes) else []

        return work
