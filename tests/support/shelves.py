"""A catalogue of images that lives in memory."""

from __future__ import annotations

from collections.abc import Sequence

from animelabel_widgets.labels import NewImage, Series


class Shelves:
    """A catalogue that keeps what it is given."""

    def __init__(self) -> None:
        self.series: list[Series] = []
        self.images: dict[tuple[str, str], NewImage] = {}

    def put_series(self, series: Series, *, update: bool) -> int:
        for number, known in enumerate(self.series):
            if known.folder == series.folder:
                if update:
                    self.series[number] = series
                return number
        self.series.append(series)
        return len(self.series) - 1

    def filenames(self, series_id: int) -> set[str]:
        folder = self.series[series_id].folder
        return {name for place, name in self.images if place == folder}

    def add_images(self, series_id: int, images: Sequence[NewImage]) -> int:
        folder = self.series[series_id].folder
        self.images |= {(folder, image.filename): image for image in images}
        return len(images)
