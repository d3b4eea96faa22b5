"""The page's client at the wire of a stock Jupyter server, with a stock kernel behind it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from support.proxy import Proxy
from support.visitor import PROTOCOL, decode, encode
from support.waiting import free_port, wait_until
from tornado.httpclient import HTTPClient, HTTPError
from tornado.websocket import websocket_connect

CLIENT = Path(__file__).parent.parent / "js" / "real_kernel.mjs"
NODE = shutil.which("node")
TOKEN = uuid4().hex
ECHO = """
import anywidget

class Echo(anywidget.AnyWidget):
    _esm = "export default {};"

    def _handle_custom_msg(self, content, buffers):
        self.send(content, [bytes(each)[::-1] for each in buffers])

echo = Echo()
print(echo.model_id)
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port of a stock Jupyter server."""
    folder = tmp_path_factory.mktemp("jupyter")
    listening = free_port()
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    command += [f"--port={listening}", f"--IdentityProvider.token={TOKEN}"]
    # A port might be another test's by the time when the kernel takes it.
    command += ["--KernelManager.transport=ipc"]
    # The path of a socket may have 107 characters: pytest's own folders are too deep.
    with (
        TemporaryDirectory(prefix="al-", dir="/tmp") as sockets,
        (folder / "output.txt").open("w") as output,
    ):
        places = {"JUPYTER_RUNTIME_DIR": sockets, "JUPYTER_CONFIG_DIR": str(folder / "CONFIG")}
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **places}, stdout=output, stderr=output
        )

        def answers() -> bool:
            try:
                return (
                    HTTPClient().fetch(f"http://localhost:{listening}/api?token={TOKEN}").code
                    == 200
                )
            except (OSError, HTTPError):
                return False

        with process:
            try:
                wait_until(answers, "the Jupyter server", timeout=60)
                yield listening
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def kernel(port: int) -> tuple[str, str]:
    """Give the path of a kernel's websocket, and a widget in it."""
    address = f"http://localhost:{port}/api/kernels?token={TOKEN}"
    reply = HTTPClient().fetch(address, method="POST", body="{}", request_timeout=60)
    path = f"api/kernels/{json.loads(reply.body)['id']}/channels?token={TOKEN}"

    async def run() -> str:
        url = f"ws://localhost:{port}/{path}&session_id=test"
        socket = await websocket_connect(url, subprotocols=[PROTOCOL])
        code = {"code": ECHO, "silent": False, "store_history": False, "allow_stdin": False}
        await socket.write_message(encode("execute_request", code), binary=True)
        while True:
            data = await socket.read_message()
            assert isinstance(data, bytes)
            kind, content, _ = decode(data)
            if kind == "stream":
                socket.close()
                return str(content["text"]).strip()

    return path, asyncio.run(run())


@contextmanager
def page(port: int, kernel: tuple[str, str], spoken: str) -> Iterator[subprocess.Popen[str]]:
    """Give a page that speaks a form of the protocol."""
    path, view = kernel
    assert NODE is not None
    command = [NODE, "--experimental-websocket", str(CLIENT), f"ws://localhost:{port}/{path}"]
    with subprocess.Popen(
        [*command, view, spoken], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def heard(process: subprocess.Popen[str]) -> dict[str, object]:
    """Give what the page tells next."""
    assert process.stdout is not None
    told: dict[str, object] = json.loads(process.stdout.readline())
    return told


def say(process: subprocess.Popen[str], content: object, *buffers: bytes) -> dict[str, object]:
    """Have the page send something; give what it hears."""
    assert process.stdin is not None
    what = {"content": content, "bytes": [list(each) for each in buffers]}
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
    return heard(process)


@pytest.mark.skipif(NODE is None, reason="needs Node, as tests/js does")
@pytest.mark.parametrize("spoken", ["binary", "json"])
def test_messages_travel_both_ways_and_after_a_broken_connection(
    port: int, kernel: tuple[str, str], spoken: str
) -> None:
    """With the subprotocol and without it: words, buffers, and the same again when it is mended."""
    with closing(Proxy(port)) as proxy, page(proxy.port, kernel, spoken) as process:
        for turn in range(2):
            assert heard(process) == {"event": "opened"}
            plain = {"n": turn, "word": "é€😀"}
            assert say(process, plain) == {"event": "heard", "content": plain, "bytes": []}
            answer = say(process, plain, b"\x00\x01\xff", b"", b"x" * 300_000)
            bytes_back = [[255, 1, 0], [], [120] * 300_000]
            assert answer == {"event": "heard", "content": plain, "bytes": bytes_back}
            proxy.cut()
            assert heard(process) == {"event": "closed"}
            proxy.mend()
