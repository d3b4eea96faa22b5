"""What is shipped: pins that agree, no address of a registry, a wheel with everything in it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import animelabel_widgets

ROOT = Path(__file__).parents[2]


def pyproject() -> dict[str, dict[str, list[str]]]:
    """Read pyproject.toml."""
    found: dict[str, dict[str, list[str]]] = tomllib.loads(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    return found


def pins(name: str) -> dict[str, set[str]]:
    """Read a lock file: the versions of each package, more than one where Pythons differ."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "=="
        found.setdefault(canonicalize_name(requirement.name), set()).add(specifier.version)
    return found


@pytest.mark.parametrize(
    ("file", "groups"),
    [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])],
)
def test_every_dependency_is_pinned_within_its_range(file: str, groups: list[str]) -> None:
    """The lock files have what pyproject.toml asks for."""
    asked = list(pyproject()["project"]["dependencies"])
    for group in groups:
        asked += pyproject()["dependency-groups"][group]
    locked = pins(file)
    for text in asked:
        requirement = Requirement(text)
        versions = locked[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in versions)


def test_the_tests_run_what_the_demo_runs() -> None:
    """Both lock files name the same versions."""
    run_time, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: development[name] for name in run_time} == run_time


def test_conda_users_get_the_same_versions() -> None:
    """Every dependency is in environment.yml with the version of the lock."""
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = {
        canonicalize_name(name): version
        for name, version in re.findall(r"^  - ([\w-]+)=([\w.]+)$", lines, re.MULTILINE)
    }
    locked = pins("requirements.lock")
    for text in pyproject()["project"]["dependencies"]:
        name = canonicalize_name(Requirement(text).name)
        assert listed[name] in locked[name]
    assert {listed["cryptography"]} == locked["cryptography"]


def test_the_version_is_said_once() -> None:
    """The package and its metadata agree."""
    from importlib.metadata import version

    assert version("animelabel-widgets") == animelabel_widgets.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{animelabel_widgets.__version__}]" in changes


def test_no_file_names_a_registry_or_a_machine() -> None:
    """Pins have no addresses, and paths are relative."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    forbidden = [
        "pypi" + ".org",
        "python" + "hosted",
        "npm" + "js.",
        "/work" + "/",
        "file:///" + "opt",
    ]
    for name in filter(None, tracked):
        content = (ROOT / name).read_bytes()
        for word in forbidden:
            assert word.encode() not in content, f"{name} names {word}"


def test_the_wheel_has_everything(tmp_path: Path) -> None:
    """The front end, the migrations and the app notebook are in it."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for app in ("label", "review"):
        assert f"animelabel_widgets/notebooks/{app}.ipynb" in names
    assert not any(name.startswith(("tests/", "demo/", "docs/")) for name in names)
    package = ROOT / "animelabel_widgets"
    for file in package.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert f"animelabel_widgets/{file.relative_to(package)}" in names
