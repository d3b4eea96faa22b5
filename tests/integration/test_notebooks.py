"""The notebooks, run from top to bottom on a campaign that a simulated crowd has rated."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

import animelabel_widgets as al
from animelabel_widgets.ingest import read_gold
from animelabel_widgets.simulate import Clock, read_truth, simulate_campaign
from animelabel_widgets.store import Store

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
STORY = [
    "1-import.ipynb",
    "2-label.ipynb",
    "3-aggregate.ipynb",
    "4-preview.ipynb",
    "5-export.ipynb",
]
WIDGET = "application/vnd.jupyter.widget-view+json"


class Shown(list[dict[str, object]]):
    """What the cells of a notebook have shown, one after the other."""

    @property
    def words(self) -> str:
        """All that was said in plain text."""
        return "".join(str(each.get("text/plain")) for each in self)

    def count(self, kind: str) -> int:  # type: ignore[override]
        """Count what was shown as this media type."""
        return sum(kind in each for each in self)

    @property
    def plots(self) -> int:
        """Count the plots."""
        return self.count("image/png")


def run(notebook: Path, **environ: str) -> Shown:
    """Run a notebook where it lies, in memory; give what its cells have shown."""
    read = nbformat.read(notebook, as_version=4)
    config = Config()
    # A port might be another test's by the time when the kernel takes it.
    config.KernelManager.transport = "ipc"
    # The path of a socket may have 107 characters: pytest's own folders are too deep.
    with TemporaryDirectory(prefix="al-", dir="/tmp") as folder:
        config.KernelManager.connection_file = f"{folder}/kernel.json"
        place = {"metadata": {"path": notebook.parent}}
        client = NotebookClient(read, timeout=120, resources=place, config=config)
        client.execute(env={**os.environ, **environ})
    outputs = [each for cell in read.cells for each in cell.get("outputs", [])]
    assert not [each for each in outputs if each["output_type"] == "error"]
    return Shown(each.get("data", {"text/plain": each.get("text")}) for each in outputs)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Give a folder with the notebooks, beside which they may write."""
    home = tmp_path / "work" / "notebooks"
    shutil.copytree(NOTEBOOKS, home, ignore=shutil.ignore_patterns(".*", "exports"))
    return home


@pytest.fixture
def campaign(database_url: str, demo_set: Path) -> dict[str, str]:
    """Give the variables that name a campaign of the demo frames, rated over two weeks."""
    with al.open_project(database_url, pictures=demo_set / "frames") as project:
        project.add_series(progress=False)
        truth = demo_set / "truth.csv"
        clock = Clock(datetime.now(UTC) - timedelta(days=14))
        with closing(Store.open(database_url, target=7, clock=clock)) as store:
            simulate_campaign(
                store, project.pictures, read_truth(truth), clock, seed=2, progress=False
            )
        project.store.put_gold(read_gold(truth)[::3])
    return {
        "ANIMELABEL_DATABASE_URL": database_url,
        "ANIMELABEL_PICTURES": str(demo_set / "frames"),
    }


def test_the_story_runs_on_a_named_database(
    campaign: dict[str, str], copies: Path, database_url: str, demo_set: Path
) -> None:
    """Each notebook says what the project has, and none adds an image or a rating to it."""
    with al.open_project(database_url, pictures=demo_set / "frames") as project:
        before = project.stats()
        verdicts = project.verdicts()
        good = verdicts.query("person & ~text & ~logo & ~empty")
        shown = {name: run(copies / name, **campaign) for name in STORY}
        assert project.stats() == before
    assert not (copies.parent / "demo").exists()

    said = {name: each.words for name, each in shown.items()}
    assert "Added 0 images in 6 series" in said["1-import.ipynb"]
    assert "prefiltered" in said["1-import.ipynb"]
    assert "one colour" in said["1-import.ipynb"]
    assert f"{before.ratings} ratings by {before.volunteers} volunteers" in said["2-label.ipynb"]
    assert f"132 images in 6 series, {before.ratings} ratings" in said["3-aggregate.ipynb"]
    assert shown["3-aggregate.ipynb"].plots == 9
    kept = f"{len(good)} of {len(verdicts)} rated images are good"
    assert kept in said["4-preview.ipynb"]
    assert kept in said["5-export.ipynb"]
    assert f"Exported {len(good)} images" in said["5-export.ipynb"]
    galleries = {name: each.count(WIDGET) for name, each in shown.items()}
    assert list(galleries.values()) == [1, 1, 0, 7, 0]


def test_the_story_runs_for_a_stranger(copies: Path) -> None:
    """Where nothing is named, the demo is drawn, imported, and rated; a second run finds it."""
    demo = copies.parent / "demo"
    first = run(copies / STORY[0])
    assert "Added 132 images in 6 series, 12 of them prefiltered" in first.words
    with al.open_project(f"sqlite:///{demo / 'notebooks.db'}", pictures=demo / "frames") as project:
        assert project.stats().ratings == 0
        shown = run(copies / "3-aggregate.ipynb")
        rated = project.stats()
        assert f"{rated.ratings} ratings" in shown.words
        assert shown.plots == 9
        wrong = re.findall(r"(\d+) of \d+ known features not right", shown.words)
        by_majority, by_consensus = map(int, wrong)
        assert by_consensus < by_majority
        for _ in range(2):
            exported = run(copies / "5-export.ipynb")
            assert re.search(r"Exported \d+ images", exported.words)
        assert project.stats() == rated
    assert len(list((copies / "exports").iterdir())) == 2


@pytest.mark.parametrize("name", ["3-aggregate.ipynb", "4-preview.ipynb", "5-export.ipynb"])
def test_a_notebook_runs_before_the_first_rating(
    name: str, copies: Path, sqlite_url: str, demo_set: Path
) -> None:
    """It has nothing to show then, and says so."""
    with al.open_project(sqlite_url, pictures=demo_set / "frames") as project:
        project.add_series(progress=False)
    named = {
        "ANIMELABEL_DATABASE_URL": sqlite_url,
        "ANIMELABEL_PICTURES": str(demo_set / "frames"),
    }
    said = run(copies / name, **named).words
    assert re.search(r"\b0 (ratings|of 0 rated images are good)", said)


@pytest.mark.parametrize("name", ["label.ipynb", "review.ipynb", *STORY])
def test_notebooks_are_kept_without_outputs(name: str) -> None:
    """Git has what was written, not what came out; the app notebook is one cell."""
    cells = nbformat.read(NOTEBOOKS / name, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    if name in ("label.ipynb", "review.ipynb"):
        app = name.removesuffix(".ipynb")
        assert [cell.source for cell in cells] == [
            f"import animelabel_widgets as al\n\nal.{app}_app()"
        ]


def test_no_other_notebook_is_there() -> None:
    """One that is not in this list would not be run."""
    assert sorted(file.name for file in NOTEBOOKS.glob("*.ipynb")) == [
        *STORY,
        "label.ipynb",
        "review.ipynb",
    ]
