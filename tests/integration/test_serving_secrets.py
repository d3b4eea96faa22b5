"""What the server prints, and why a handler failed, reaches its log and no page."""

from __future__ import annotations

import os
from pathlib import Path

from support.commands import run, serving
from support.story import tell
from support.visitor import PROTOCOL, Visitor, decode, encode

NOISE = '''
"""Imported by each Python process at its start: the page's widget is made to talk and to fail."""

import sys

if any(each.endswith("hosted.host") for each in sys.orig_argv):
    from animelabel_widgets.widget import PageWidget

    answer = PageWidget._handle_custom_msg

    def talk(widget, content, buffers):
        if content["kind"] in ("fail", "exit"):
            print("a secret")
            print("a secret", file=sys.stderr)
            if content["kind"] == "exit":
                sys.exit("a secret")
            raise ValueError("a secret")
        answer(widget, content, buffers)

    PageWidget._handle_custom_msg = talk
'''
HEARD = {"comm_msg", "iopub_welcome"}
"""The types of messages that a page gets."""


def test_what_a_handler_prints_and_how_it_fails_reaches_no_page(
    sqlite_url: str, frames: Path, tmp_path: Path
) -> None:
    """Two visitors read every byte that comes: replies, and no word of a print or a traceback."""
    (tmp_path / "sitecustomize.py").write_text(NOISE, encoding="utf-8")
    environ = {
        "ANIMELABEL_DATABASE_URL": sqlite_url,
        "ANIMELABEL_PICTURES": str(frames),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    }
    done = run("import", str(frames), cwd=tmp_path, **environ)
    assert done.returncode == 0, done.stderr
    with serving("serve", cwd=tmp_path, environ=environ) as server:

        async def story() -> None:
            ann, ben = Visitor(server.address), Visitor(server.address)
            for each in (ann, ben):
                await each.visit()
            assert ann.socket is not None
            for kind in ("fail", "exit", "fail"):
                data = {"method": "custom", "content": {"id": 0, "kind": kind}}
                content = {"comm_id": ann.place["view"], "data": data}
                await ann.socket.write_message(encode("comm_msg", content), binary=True)
            for each in (ann, ben):
                assert each.socket is not None
                assert each.socket.selected_subprotocol == PROTOCOL
                await each.socket.write_message(progress(each), binary=True)
                while True:
                    read = await each.socket.read_message()
                    assert isinstance(read, bytes)
                    for word in (b"a secret", b"Traceback", b"sitecustomize", str(frames).encode()):
                        assert word not in read
                    kind, content, _ = decode(read)
                    assert kind in HEARD
                    if kind == "comm_msg" and content["data"]["content"]["id"] == 77:
                        break

        tell(story)
    said = (tmp_path / "stderr.txt").read_text(encoding="utf-8")
    assert "ValueError: a secret" in said
    assert said.count("a secret\n") >= 3 * 2


def progress(visitor: Visitor) -> bytes:
    """Make a question with a number of its own."""
    data = {"method": "custom", "content": {"id": 77, "kind": "progress"}}
    return encode("comm_msg", {"comm_id": visitor.place["view"], "data": data})
