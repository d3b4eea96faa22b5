"""Virtual kernels in shared hosts: their life, and that visitors never meet."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any
from uuid import uuid4

import pytest
from support.house import House, Story
from support.house import tell as told_in_house

from animelabel_widgets.serving.hosted import routing
from animelabel_widgets.serving.hosted.hosts import HostError

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
        info = await kernel.client.kernel_info(reply=True, timeout=10)
        assert info["content"]["status"] == "ok"
        await kernel.client.execute("x = 1", reply=True, timeout=10)
        reply = await kernel.client.execute("x", reply=True, timeout=10)
        assert reply["content"]["status"] == "ok"
        assert (await kernel.client.execute("1/0", reply=True, timeout=10))["content"][
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
        comms = await ann.client.comm_info(reply=True, timeout=10)
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
        assert (await ann.ask(kind="echo"))["mine"] == "ann"
        assert (await ben.ask(kind="echo"))["mine"] == "ben"
        said = capfd.readouterr()
        assert ann.kernel_id in said.err
        assert "ValueError: a secret" in said.err

    tell(story)


def test_a_failing_notebook_is_told_to_the_server() -> None:
    """The server hears what went wrong, and the kernel goes on."""

    async def story(house: House) -> None:
        kernel = await house.kernel("ann")
        with pytest.raises(HostError, match="ZeroDivisionError"):
            await house.hosts.run(kernel.kernel_id, "1/0")
        assert (await kernel.ask(kind="echo"))["mine"] == "ann"

    tell(story)


def test_a_killed_host_is_mourned_and_replaced() -> None:
    """Its kernels are dead at once, the server is told which, and a new host serves."""

    async def story(house: House) -> None:
        ann = await house.kernel("ann")
        lost: list[str] = []
        told = asyncio.Event()

        def mourn(kernels: list[str]) -> None:
            lost.extend(kernels)
            told.set()

        house.hosts.on_death = mourn
        (host,) = await house.hosts.stats()
        os.kill(host["pid"], signal.SIGKILL)
        await asyncio.wait_for(told.wait(), 10)
        assert lost == [ann.kernel_id]
        assert not await house.manager.get_kernel(ann.kernel_id).is_alive()
        ben = await house.kernel("ben")
        assert (await ben.ask(kind="echo"))["mine"] == "ben"

    tell(story)


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


def test_memory_comes_back() -> None:
    """Rounds of visitors who come and go leave the host where it was after the first ones."""
    rounds, visitors = 6, 40

    async def story(house: House) -> None:
        sizes = []
        for _ in range(rounds):
            kernels = [await house.kernel(str(number)) for number in range(visitors)]
            for each in kernels:
                await house.end(each)
            (host,) = await house.hosts.stats()
            assert host["kernels"] == 0
            sizes.append(host["rss"])
        assert sizes[-1] < 1.1 * sizes[1]

    tell(story)


def test_hosts_end_with_the_server() -> None:
    """When the server's end of the socket is gone, by whatever death, the process ends."""

    async def story(house: House) -> None:
        process = house.hosts._hosts[0]
        house.hosts._closed = True
        process.requests.transport.abort()
        assert await asyncio.wait_for(process.child.wait(), 10) == 0

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
