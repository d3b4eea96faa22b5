"""The public names, and that each leads to what it says."""

import subprocess
import sys

import pytest

import animelabel_widgets as al

PUBLIC = """LABELS AnimelabelError Answer AssignmentError ConfigError ConsensusWarning DawidSkene
Gallery InputError Label Labeler PictureError Project ProtocolError SchemaError Settings StoreError
VolunteerError agreement consensus differences hasty label_app majority open_project
open_project_or_demo review_app volunteers"""


def test_the_public_names_are_these() -> None:
    """A change of the public face is made on purpose."""
    assert sorted(al.__all__) == sorted(PUBLIC.split())
    assert all(name in dir(al) for name in al.__all__)


@pytest.mark.parametrize("name", PUBLIC.split())
def test_each_public_name_is_documented(name: str) -> None:
    """With one sentence at least."""
    assert getattr(al, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'review_everything'"):
        _ = al.review_everything


def test_importing_the_package_imports_nothing_heavy() -> None:
    """Names are imported when they are first used."""
    code = (
        "import sys, animelabel_widgets; print({'pandas', 'PIL', 'sqlalchemy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
