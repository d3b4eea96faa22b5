"""Virtual kernels in shared hosts: their life, and that visitors never meet."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from support.house import PATIENCE, House, Kernel, Story
from support.house import tell as told_in_house
from support.waiting import wait_until

from animelabel_widgets.serving.hosted import routing
from animelabel_widgets.serving.hosted.hosts import _SILENCES, HostDiedError, HostError

ECHO = """
import os, sys
import anywidget

class Echo(anywidget.AnyWidget):
    _esm = "export default {};" + " " * 2000

    def _handle_custom_msg(self, content, buffers):
        kind = content.get("kind")
        if kind == "exit":
            sys.exit(3)
        if kind == "fail":
            print("a secret")
            raise ValueError("a secret")
        if kind == "wait":
            open(content["gate"]).read()
        if kind == "half":
            self.send({}, [b"whole", memoryview(bytes(9))[::2]])
        if kind == "set":
            os.environ["MINE"] = content["value"]
        if kind == "widgets":
            import ipywidgets
            content = {**content, "count": len(ipywidgets.widgets.widget._instances)}
        self.send({**content, "mine": os.environ.get("MINE", os.environ["VOILA_NAME"])}, buffers)

Echo()
"""


def tell(story: Story, number: int = 1, **options: Any) -> None:
    """Run a story in a house whose notebook echoes."""
    told_in_house(story, ECHO, number, **options)


def test_a_kernel_lives_answers_and_ends() -> None:
    """It is ready at once, runs cells for Voilà, restarts empty, and ends."""

    async def story(house: House) -> None:
        kernel = await house.kernel("ann")
        manager = house.manager.get_kernel(kernel.kernel_id)
        assert await manager.is_alive()
        info = await kernel.client.kernel_info(reply=True, timeout=60)
        assert info["content"]["status"] == "ok"
        await kernel.client.execute("x = 1", reply=True, timeout=60)
        reply = await kernel.client.execute("x", reply=True, timeout=60)
        assert reply["content"]["status"] == "ok"
        assert (await kernel.client.execute("1/0", reply=True, timeout=60))["content"][
            "status"
        ] == "error"
        await manager.restart_kernel(now=True)
        assert await manager.is_alive()
        await house.manager.shutdown_kernel(kernel.kernel_id)
        assert not house.hosts.alive(kernel.kernel_id)

    tell(story)


def test_each_has_own_widgets_and_variables() -> None:
    """What one sets or makes, the other does not see; the server's variables are not passed on."""

    async def story(house: House) -> None:
        ann, ben = await house.kernel("ann"), await house.kernel("ben")
        assert (await ann.ask(kind="set", value="hers"))["mine"] == "hers"
        assert (await ben.ask(kind="echo"))["mine"] == "ben"
        counts = {(await each.ask(kind="widgets"))["count"] for each in (ann, ben)}
        assert counts == {2}  # the widget and its layout
        comms = await ann.client.comm_info(reply=True, timeout=60)
        assert ben.view not in comms["content"]["comms"]

    tell(story)


def test_a_foreign_model_or_class_cannot_be_reached() -> None:
    """A message to another's widget is heard by nobody, and no widget is made on demand."""

    async def story(house: House) -> None:
        ann, ben = await house.kernel("ann"), await house.kernel("ben")
        ann.post(comm_id=ben.view, kind="echo", forged=True)
        made = uuid4().hex
        ann.send("comm_open", comm_id=made, target_name="jupyter.widget", data={"state": {}})
        refused = await ann.heard()
        assert (refused["msg_type"], refused["content"]["comm_id"]) == ("comm_close", made)
        assert "forged" not in await ben.ask(kind="echo")
        assert (await ann.ask(kind="widgets"))["count"] == 2

    tell(story)


def test_a_failing_handler_harms_and_tells_nobody(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """`sys.exit`, an exception and a print stay in the server's log, with the kernel's id."""

    async def story(house: House) -> None:
        ann, ben = await house.kernel("ann"), await house.kernel("ben")
        ann.post(kind="exit")
        ann.post(kind="fail")
        # Nothing of a message with a buffer that is none comes before the next one.
        ann.post(kind="half")
        assert (await ann.ask(kind="echo"))["mine"] == "ann"
        assert (await ben.ask(kind="echo"))["mine"] == "ben"
        said = capfd.readouterr()
        assert ann.kernel_id in said.err
        assert "ValueError: a secret" in said.err
        # The server's output is for what the command tells its caller.
        assert said.out == ""

    tell(story)


def signed(kernel: Kernel, channel: str, header: bytes, content: bytes) -> None:
    """Send what no library would."""
    parts = [header, b"{}", b"{}", content]
    socket = getattr(kernel.client, f"{channel}_channel").socket
    socket.send_multipart([b"<IDS|MSG>", kernel.client.session.sign(parts), *parts])


def test_what_comes_over_the_control_channel_runs_no_handler() -> None:
    """It would run beside the visitor's other messages, and could end the host of all."""

    async def story(house: House) -> None:
        ann, ben = await house.kernel("ann"), await house.kernel("ben")
        data = {"method": "custom", "content": {"kind": "exit"}}
        message = ann.client.session.msg("comm_msg", {"comm_id": ann.view, "data": data})
        ann.client.control_channel.send(message)
        info = ann.client.session.msg("kernel_info_request")
        ann.client.control_channel.send(info)
        reply = await ann.client.get_control_msg(timeout=PATIENCE)
        assert reply["parent_header"]["msg_id"] == info["header"]["msg_id"]
        for kernel in (ann, ben):
            assert (await kernel.ask(kind="echo"))["kind"] == "echo"

    tell(story)


DEEP = b"[" * 100_000 + b"]" * 100_000
HEADER = {"msg_type": "comm_msg", "session": "s", "date": "2026-01-01T00:00:00Z", "version": "5.4"}
HEADERS: list[dict[str, Any]] = [
    {},
    {"msg_type": []},
    {"msg_type": None},
    {"msg_type": "nothing"},
    {"version": None},
    {"date": 3},
    {"session": "\ud800"},
    {"msg_id": {"a": []}},
]
CONTENTS = [
    *(b"", b"{}", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b'{"comm_id": NaN}', DEEP),
    *(b'{"comm_id": []}', b'{"comm_id": "\\ud800", "data": {}}', b'{"a": ' + b"9" * 5000 + b"}"),
]


def test_malformed_messages_harm_and_tell_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    """What a page may put into a message ends nothing, and fills no log with tracebacks."""

    async def story(house: House) -> None:
        ann, ben = await house.kernel("ann"), await house.kernel("ben")
        no_data = [f'{{"comm_id": "{ann.view}"{more}}}' for more in ("", ', "data": []')]
        contents = [*CONTENTS, *(each.encode() for each in no_data)]
        sent = [(DEEP, b"{}"), (b"[]", b"{}")]
        for kind in ("comm_msg", "comm_open", "comm_close", "kernel_info_request"):
            header = {**HEADER, "msg_type": kind}
            sent += [
                (json.dumps({"msg_id": uuid4().hex, **header}).encode(), each) for each in contents
            ]
        for header in HEADERS:
            whole = {"msg_id": uuid4().hex, **HEADER, **header}
            sent.append((json.dumps(whole).encode(), b"{}"))
        for channel in ("shell", "control"):
            for header, content in sent:
                signed(ann, channel, header, content)
        for kernel in (ann, ben):
            assert (await kernel.ask(kind="echo"))["kind"] == "echo"
        assert "Traceback" not in capfd.readouterr().err

    tell(story)


@asynccontextmanager
async def held(kernel: Kernel, folder: Path) -> AsyncIterator[None]:
    """Have a kernel's handler wait as long as the block lasts."""
    name = folder / "gate"
    os.mkfifo(name)
    kernel.post(kind="wait", gate=str(name))
    # It cannot be opened before the handler has come to it.
    gate = await asyncio.to_thread(wait_until, lambda: _opened(name), "the handler")
    assert gate is not None
    try:
        yield
    finally:
        os.close(gate)


def _opened(name: Path) -> int | None:
    """Open a pipe for writing, where somebody reads it."""
    try:
        return os.open(name, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def test_what_waits_for_a_slow_handler_is_bounded(tmp_path: Path) -> None:
    """Whoever sends more than is handled loses messages; the host's memory does not fill."""
    sent = 2000

    async def story(house: House) -> None:
        ann, ben = await house.kernel("ann"), await house.kernel("ben")
        async with held(ann, tmp_path):
            for turn in range(sent):
                ann.post(kind="echo", turn=turn)
            assert (await ben.ask(kind="echo"))["mine"] == "ben"
            # The control channel answers what came after all that.
            info = ann.client.session.msg("kernel_info_request")
            ann.client.control_channel.send(info)
            await ann.client.get_control_msg(timeout=PATIENCE)
        turns = [(await ann.heard())["content"]["data"]["content"].get("turn") for _ in range(200)]
        assert turns == [None, *range(199)]
        answers = 200
        ann.post(kind="last")
        while (await ann.heard())["content"]["data"]["content"]["kind"] != "last":
            answers += 1
        assert answers < sent / 2

    tell(story)


def test_each_listener_is_welcomed() -> None:
    """A page that comes back need not wait until its former connection is found to be broken."""

    async def story(house: House) -> None:
        ann = await house.kernel("ann")
        second = house.manager.get_kernel(ann.kernel_id).client(context=house.manager.context)
        house.clients.append(second)
        second.start_channels(stdin=False, hb=False)
        message = await second.get_iopub_msg(timeout=PATIENCE)
        assert message["msg_type"] == "iopub_welcome"

    tell(story)


def test_a_kernel_ends_while_its_handler_works(tmp_path: Path) -> None:
    """The host ends it in order, and lets go of what it holds once the handler is done."""

    async def story(house: House) -> None:
        ann, ben = await house.kernel("ann"), await house.kernel("ben")
        (process,) = house.hosts._hosts
        async with held(ann, tmp_path):
            await house.hosts._ask(process, "stop", kernel=ann.kernel_id)
        assert (await ben.ask(kind="echo"))["mine"] == "ben"

    tell(story)


def test_a_failing_notebook_is_told_to_the_server() -> None:
    """The server hears what went wrong, and the kernel goes on."""

    async def story(house: House) -> None:
        kernel = await house.kernel("ann")
        with pytest.raises(HostError, match="ZeroDivisionError"):
            await house.hosts.run(kernel.kernel_id, "1/0")
        assert (await kernel.ask(kind="echo"))["mine"] == "ann"

    tell(story)


def mourned(house: House) -> tuple[list[str], asyncio.Event]:
    """Give the list of the kernels that are lost with a host, and what tells that it is filled."""
    lost: list[str] = []
    told = asyncio.Event()

    def mourn(kernels: list[str]) -> None:
        lost.extend(kernels)
        told.set()

    house.hosts.on_death = mourn
    return lost, told


def test_a_killed_host_is_mourned_and_replaced() -> None:
    """Its kernels are dead at once, the server is told which, and a new host serves."""

    async def story(house: House) -> None:
        ann = await house.kernel("ann")
        lost, told = mourned(house)
        (host,) = await house.hosts.stats()
        os.kill(host["pid"], signal.SIGKILL)
        await asyncio.wait_for(told.wait(), 60)
        assert lost == [ann.kernel_id]
        assert not await house.manager.get_kernel(ann.kernel_id).is_alive()
        ben = await house.kernel("ben")
        assert (await ben.ask(kind="echo"))["mine"] == "ben"

    tell(story)


def test_a_host_that_does_not_answer_any_more_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its pages get kernels in another one; without an end, its visitors' places would be lost."""

    async def story(house: House) -> None:
        ann = await house.kernel("ann")
        lost, told = mourned(house)
        (host,) = await house.hosts.stats()
        # Only now: a host that lives may take its time.
        monkeypatch.setattr("animelabel_widgets.serving.hosted.hosts._SOON", 1.0)
        os.kill(host["pid"], signal.SIGSTOP)
        with pytest.raises(HostError, match="did not answer within"):
            await house.hosts._ask(house.hosts._hosts[0], "stats", within=0.1)
        for _ in range(_SILENCES):
            assert await house.hosts.stats() == []
        await asyncio.wait_for(told.wait(), 60)
        assert lost == [ann.kernel_id]
        ben = await house.kernel("ben")
        assert (await ben.ask(kind="echo"))["mine"] == "ben"

    tell(story)
    assert "did not answer within" in caplog.text


@pytest.mark.parametrize("number", [1, 2])
def test_who_comes_when_a_host_has_just_died_gets_a_place(number: int) -> None:
    """The server hears of the death only after it has asked: the visitor gets another host."""

    async def story(house: House) -> None:
        for each in await house.hosts.stats():
            os.kill(each["pid"], signal.SIGKILL)
        kernel = await house.kernel("ann")
        assert (await kernel.ask(kind="echo"))["mine"] == "ann"
        await house.hosts.start()
        assert len(await house.hosts.stats()) == number

    tell(story, number=number)


def test_a_host_that_dies_over_an_answer_is_mourned() -> None:
    """Half a line is no answer: who asked hears of the death, and a new host serves."""

    async def story(house: House) -> None:
        with pytest.raises(HostDiedError):
            await house.kernel("ann")
        await house.hosts.start()
        assert await house.hosts.stats()

    tell(story, modules=("anywidget", "support.half_an_answer"))


def test_a_host_is_recycled_once_it_has_served_enough() -> None:
    """Newcomers get a fresh process; the old one stays until its last visitor has gone."""

    async def story(house: House) -> None:
        ann, ben = await house.kernel("ann"), await house.kernel("ben")
        cat = await house.kernel("cat")
        assert (await ann.ask(kind="echo"))["mine"] == "ann"
        assert {each["draining"] for each in await house.hosts.stats()} == {True, False}
        for each in (ann, ben):
            await house.end(each)
        assert (await cat.ask(kind="echo"))["mine"] == "cat"

    tell(story, recycle_after=2)


def test_hosts_end_with_the_server() -> None:
    """When the server's end of the socket is gone, by whatever death, the process ends."""

    async def story(house: House) -> None:
        process = house.hosts._hosts[0]
        house.hosts._closed = True
        process.requests.transport.abort()
        assert await asyncio.wait_for(process.child.wait(), 60) == 0

    tell(story)


def test_a_missing_private_place_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of a library that lacks what is used here is told at the start."""
    monkeypatch.delattr("ipywidgets.widgets.widget._instances")
    with pytest.raises(RuntimeError, match=r"_instances is missing in ipywidgets \d"):
        routing.check()


def test_nobody_is_served_in_a_plain_thread() -> None:
    """Where no visitor is served, a comm fails closed."""
    with pytest.raises(routing.NoVisitorError, match="copy_context"):
        routing.VisitorComm(target_name="jupyter.widget")
