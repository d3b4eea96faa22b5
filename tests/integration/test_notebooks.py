"""The notebooks, run from top to bottom on a campaign that simulated volunteers have rated."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import animelabel_widgets as al
from animelabel_widgets.simulate import read_truth, simulate

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"


def run(name: str, database_url: str, pictures: Path) -> list[dict[str, object]]:
    """Run a notebook in memory; give what its cells have shown."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    client = NotebookClient(notebook, timeout=180, resources={"metadata": {"path": NOTEBOOKS}})
    environ = {
        **os.environ,
        "ANIMELABEL_DATABASE_URL": database_url,
        "ANIMELABEL_PICTURES": str(pictures),
    }
    client.execute(env=environ)
    outputs = [each for cell in notebook.cells for each in cell.get("outputs", [])]
    assert not [each for each in outputs if each["output_type"] == "error"]
    return [each.get("data", {"text/plain": each.get("text")}) for each in outputs]


@pytest.mark.filterwarnings("ignore:Kernel is running over TCP")
@pytest.mark.parametrize("database_url", ["sqlite", "mariadb"], indirect=True)
def test_the_analysis_and_the_preview_run(database_url: str, demo_set: Path) -> None:
    """Counts as plots, the filtered images in a gallery, and the numbers of the campaign."""
    pictures = demo_set / "frames"
    with al.open_project(database_url, pictures=pictures) as project:
        project.add_series(progress=False)
        simulate(
            project.store,
            project.pictures,
            read_truth(demo_set / "truth.csv"),
            volunteers=9,
            ratings=40,
            seed=2,
            progress=False,
        )
        verdicts = al.consensus(project.ratings())
    good = len(verdicts.query("person & ~text & ~logo & ~empty"))

    shown = run("analysis.ipynb", database_url, pictures)
    said = "".join(str(each.get("text/plain")) for each in shown)
    assert "132 images in 6 series, 360 ratings" in said
    assert f"{good} of {len(verdicts)} rated images are good" in said
    assert sum("image/png" in each for each in shown) == 3
    assert sum(WIDGET in each for each in shown) == 1

    shown = run("preview.ipynb", database_url, pictures)
    assert sum(WIDGET in each for each in shown) == 2


@pytest.mark.parametrize("name", ["label.ipynb", "review.ipynb", "analysis.ipynb", "preview.ipynb"])
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
