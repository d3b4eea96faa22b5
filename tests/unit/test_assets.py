"""Joining the front end's modules."""

from pathlib import Path

import pytest

from animelabel_widgets import assets


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder that stands for `static/`."""
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    return tmp_path


@pytest.mark.parametrize("entry", ["labeler.js", "gallery.js", "review.js"])
def test_a_widget_is_one_module_with_one_default_export(entry: str) -> None:
    """What the browser gets imports nothing and exports its widget."""
    joined = assets.esm(entry)
    assert "import {" not in joined
    assert joined.count("export ") == joined.count("export default { render };") == 1


def test_each_module_comes_once_and_before_what_needs_it(static: Path) -> None:
    """Two ways to one module do not make it twice."""
    (static / "a.js").write_text("export const A = 1;\n")
    (static / "b.js").write_text('import { A } from "./a.js";\nexport function b() { return A; }\n')
    (static / "c.js").write_text(
        'import { A } from "./a.js";\nimport {\n  b,\n} from "./b.js";\nexport default { A, b };\n'
    )
    assert assets.esm("c.js").split() == (
        [
            "const",
            "A",
            "=",
            "1;",
            "function",
            "b()",
            "{",
            "return",
            "A;",
            "}",
            "export",
            "default",
            "{",
            "A,",
            "b",
            "};",
        ]
    )


@pytest.mark.parametrize(
    "line",
    [
        'import * as all from "./a.js";',
        'import { A as B } from "elsewhere";',
        "export { A };",
        "export default function () {}",
    ],
)
def test_a_line_of_another_form_is_refused(static: Path, line: str) -> None:
    """Nothing half understood reaches a browser."""
    (static / "a.js").write_text(f"{line}\n")
    with pytest.raises(ValueError, match="cannot be joined"):
        assets.esm("a.js")


def test_one_name_in_two_modules_is_refused(static: Path) -> None:
    """Joined, they would be one name."""
    (static / "a.js").write_text("export function send() {}\n")
    (static / "b.js").write_text('import { send } from "./a.js";\nconst send = 1;\n')
    with pytest.raises(ValueError, match=r"b\.js and a\.js both define send"):
        assets.esm("b.js")


def test_an_import_of_an_absent_module_is_refused(static: Path) -> None:
    """The name of the file is in the error."""
    (static / "a.js").write_text('import { b } from "./b.js";\n')
    with pytest.raises(FileNotFoundError, match=r"b\.js"):
        assets.esm("a.js")
