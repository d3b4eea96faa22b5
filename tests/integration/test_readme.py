"""What the README says is what happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.mariadb import MariaDB

from animelabel_widgets.config import PREFIX, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Give the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, demo_set: Path) -> Path:
    """Give a folder with frames, as the README's reader has one."""
    shutil.copytree(demo_set / "frames", tmp_path / "frames")
    return tmp_path


def test_the_notebook_lines_run(folder: Path) -> None:
    """All lines, one after the other, in a folder with frames."""
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "dataset" / "metadata.csv").exists()


def shell(script: str, folder: Path) -> str:
    """Run lines of a shell with the installed command."""
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", script],  # noqa: S607
        cwd=folder, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_import_lines_run(folder: Path) -> None:
    """With SQLite, which needs no set-up."""
    (script,) = [each for each in blocks("bash") if "stats" in each]
    assert "Added 132 images in 6 series" in shell(script, folder)


def test_the_mysql_lines_run(folder: Path, mariadb: MariaDB) -> None:
    """The statements as they stand; only the port is that of the tests' server."""
    (statements,) = blocks("sql")
    (script,) = [each for each in blocks("bash") if "mysql+pymysql" in each]
    mariadb.administer(*filter(None, map(str.strip, statements.split(";"))))
    try:
        # The tests' server does not look up names, so localhost is its socket only.
        mariadb.administer("RENAME USER 'animelabel'@'localhost' TO 'animelabel'@'127.0.0.1'")
        said = shell(script.replace("@localhost/", f"@127.0.0.1:{mariadb.port}/"), folder)
    finally:
        mariadb.administer("DROP DATABASE anime", "DROP USER 'animelabel'@'127.0.0.1'")
    assert "The tables are ready" in said
    assert "Added 132 images in 6 series" in said


def test_the_simulation_line_runs(tmp_path: Path, demo_set: Path) -> None:
    """On the demo's folder and database."""
    (script,) = [each for each in blocks("bash") if "simulate" in each]
    shutil.copytree(demo_set, tmp_path / "demo")
    shell("animelabel import demo/frames --database-url sqlite:///demo/animelabel.db", tmp_path)
    assert re.match(r"\d{3} ratings by 20 simulated volunteers", shell(script, tmp_path))


def test_every_setting_is_in_the_table_with_its_default() -> None:
    """A variable that is not told does not exist for a user."""
    rows = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \|.*\| `?(.*?)`? \|$", README, re.MULTILINE))
    defaults = Settings()
    assert rows == {
        name.removeprefix(PREFIX): value for name, value in defaults.as_environ().items()
    }


def test_every_link_leads_to_a_file() -> None:
    """In the README and in the pages that it leads to."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} leads to {target}"
