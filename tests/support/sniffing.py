"""A notebook that does all that a visitor's code may do, and a page that reads whatever comes.

Everything of a visitor's bears his tag. What reaches a page is searched for the tags of others,
and each comm in it must have been opened for this page.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from .house import PATIENCE, Kernel

NOTEBOOK = """
import asyncio, contextvars, os, sys, threading
import anywidget, comm, ipywidgets
from IPython.core.display_functions import display as display_here
from IPython.display import display as display_there
from ipywidgets.widgets import widget as registry

def answer(text):
    return f"{text} tag-{os.environ.get('MINE', os.environ['VOILA_NAME'])}-"

class Sniffed(anywidget.AnyWidget):
    _esm = "export default {};" + " " * 2000

    def _handle_custom_msg(self, content, buffers):
        if content["kind"] in ("fail", "exit"):
            print(answer("printed"))
            print(answer("printed"), file=sys.stderr)
            raise SystemExit(3) if content["kind"] == "exit" else ValueError(answer("failed"))
        say = getattr(self, "on_" + content["kind"])(content)
        self.send({"turn": content.get("turn"), "said": answer("said"), **(say or {})}, buffers)

    def on_echo(self, content):
        pass

    def on_slider(self, content):
        self.slider = ipywidgets.IntSlider(description=answer("slider"))
        self.slider.observe(self.on_move, "value")
        display_here(self.slider)
        display_there(self.slider)
        ipywidgets.interact(lambda x: None, x=(0, 9))
        return {"slider": self.slider.model_id}

    def on_move(self, change):
        self.send({"moved": change.new, "said": answer("observed")})

    def on_close(self, content):
        self.slider.close()

    def on_comm(self, content):
        self.plain = comm.create_comm(target_name="plain", data={"said": answer("opened")})
        self.plain.on_msg(lambda message: self.plain.send({"said": answer("heard")}))
        self.plain.on_close(lambda message: self.send({"said": answer("closed")}))
        return {"comm": self.plain.comm_id}

    def on_thread(self, content):
        work = contextvars.copy_context().run
        thread = threading.Thread(target=work, args=(self.send, {"said": answer("thread")}))
        thread.start()
        thread.join()

    def on_environ(self, content):
        before = answer("before")
        os.environ["MINE"] = os.environ["VOILA_NAME"]
        return {"before": before, "names": [name for name in os.environ if name == "MINE"]}

    def on_count(self, content):
        return {
            "widgets": sorted(registry._instances),
            "managed": sorted(ipywidgets.Widget.get_manager_state()["state"]),
            "comms": sorted(comm.get_comm_manager().comms),
        }

    def on_targets(self, content):
        manager = comm.get_comm_manager()
        manager.register_target("jupyter.widget", ipywidgets.Widget.handle_comm_opened)

    def on_close_all(self, content):
        ipywidgets.Widget.close_all()

Sniffed()
"""
"""What a visitor's notebook does, each on a message of that kind."""

HTML = {
    "_model_module": "@jupyter-widgets/controls",
    "_model_module_version": "2.0.0",
    "_model_name": "HTMLModel",
    "_view_module": "@jupyter-widgets/controls",
    "_view_module_version": "2.0.0",
    "_view_name": "HTMLView",
    "value": "on demand",
}
"""A widget as a stock front end would ask for it."""

_TAG = re.compile(r"tag-(\w+)-")


class SniffError(AssertionError):
    """A page heard what was not for it, or did not hear what was."""


class Page:
    """A page that trusts nothing of what it hears.

    Parameters
    ----------
    name
        The visitor's name, as it is in his variables.
    kernel
        His kernel, with the notebook above.
    """

    def __init__(self, name: str, kernel: Kernel) -> None:
        self.name = name
        self.kernel = kernel
        self.comms = set(kernel.models)
        self.heard = 0
        self._sent: set[str] = set()

    def send(self, msg_type: str, **parts: Any) -> None:
        """Send any message."""
        self._sent.add(self.kernel.send(msg_type, **parts))

    def post(self, **content: Any) -> None:
        """Send a message to the widget."""
        data = {"method": "custom", "content": content}
        self.send("comm_msg", comm_id=self.kernel.view, data=data)

    async def hear(self) -> dict[str, Any]:
        """Take the next message that is no status, and look at all that is in it.

        The kernel tells when it has done all that was asked: then nothing comes any more.
        """
        while True:
            message: dict[str, Any] = await self.kernel.client.get_iopub_msg(timeout=PATIENCE)
            asked = message["parent_header"].get("msg_id")
            if message["msg_type"] != "status":
                return self._looked_at(message)
            if asked not in self._sent:
                raise SniffError(f"{self.name} heard of what another asked")
            if message["content"]["execution_state"] == "idle":
                self._sent.remove(asked)
                if not self._sent:
                    raise SniffError(f"{self.name} was not answered")

    def _looked_at(self, message: dict[str, Any]) -> dict[str, Any]:
        """Look at all that is in a message, and give it."""
        self.heard += 1
        foreign = set(_TAG.findall(json.dumps(message["content"]))) - {self.name}
        if foreign:
            raise SniffError(f"{self.name} heard of {foreign}")
        if message["msg_type"] in ("stream", "error"):
            raise SniffError(f"{self.name} heard {message['content']}")
        comm_id = message["content"].get("comm_id")
        if message["msg_type"] == "comm_open":
            self.comms.add(comm_id)
        elif comm_id is not None and comm_id not in self.comms:
            raise SniffError(f"{self.name} heard of a comm that he does not have: {message}")
        if message["msg_type"] == "comm_close":
            self.comms.discard(comm_id)
        return message

    async def ask(self, kind: str, turn: int = 0) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Have the notebook do something; give its answer, and what came before it."""
        self.post(kind=kind, turn=turn)
        before = []
        while True:
            message = await self.hear()
            data = message["content"].get("data", {})
            if data.get("method") == "custom" and "turn" in data["content"]:
                if f"tag-{self.name}-" not in data["content"]["said"]:
                    raise SniffError(f"{self.name} was answered as {data['content']['said']}")
                return data["content"], before
            before.append(message)

    async def expect(self, msg_type: str, comm_id: str, holding: str = "") -> None:
        """Hear one message more, which is of that type, of that comm, with those words."""
        message = await self.hear()
        if message["msg_type"] != msg_type or message["content"]["comm_id"] != comm_id:
            raise SniffError(f"{self.name} expected {msg_type} of {comm_id}, and heard {message}")
        if holding not in json.dumps(message["content"]):
            raise SniffError(f"{self.name} expected {holding}, and heard {message}")

    async def look(self) -> None:
        """See in the notebook the own widgets and comms, all of them and no others."""
        seen, _ = await self.ask("count")
        for kind in ("widgets", "managed", "comms"):
            self.check(kind, seen[kind], sorted(self.comms))

    async def close_all(self) -> None:
        """Close all widgets that the notebook sees, and hear of one's own."""
        self.post(kind="close_all")
        while self.comms:
            message = await self.hear()
            self.check("the end of a widget", message["msg_type"], "comm_close")

    def check(self, what: str, found: object, expected: object) -> None:
        """Compare."""
        if found != expected:
            raise SniffError(f"{self.name} expected {expected} for {what}, and found {found}")


async def live(page: Page, turn: int) -> None:
    """Do everything once, and hear what belongs to it and nothing else."""
    view = page.kernel.view
    answer, before = await page.ask("slider", turn)
    slider = answer["slider"]
    shown = [each["content"]["data"] for each in before if each["msg_type"] == "display_data"]
    page.check("displays", [slider in json.dumps(each) for each in shown], [True, True, False])
    page.check("a widget of his", slider in page.comms, expected=True)
    state = {"method": "update", "state": {"value": turn + 1}}
    page.send("comm_msg", comm_id=slider, data=state)
    await page.expect("comm_msg", slider, "echo_update")
    await page.expect("comm_msg", view, "observed tag-")
    await page.look()
    _, before = await page.ask("close", turn)
    page.check("the closed", [each["content"]["comm_id"] for each in before], [slider])
    plain = (await page.ask("comm", turn))[0]["comm"]
    page.send("comm_msg", comm_id=plain, data={})
    await page.expect("comm_msg", plain, "heard tag-")
    page.send("comm_close", comm_id=plain, data={})
    page.comms.discard(plain)
    await page.expect("comm_msg", view, "closed tag-")
    _, before = await page.ask("thread", turn)
    page.check("the words of a thread", len(before), 1)
    page.post(kind="exit" if turn % 2 else "fail")
    await page.ask("echo", turn)


async def sniff(pages: list[Page], turns: int, echoes: int) -> int:
    """Let all live at once; give how many messages were heard."""

    async def one(page: Page) -> None:
        before = await page.ask("environ")
        page.check("the variables", before[0]["names"], ["MINE"])
        for turn in range(turns):
            await live(page, turn)
            for _ in range(echoes):
                page.post(kind="echo", turn=turn)
            for _ in range(echoes):
                await page.expect("comm_msg", page.kernel.view, f"tag-{page.name}-")

    await asyncio.gather(*(one(each) for each in pages))
    await no_widget_on_demand(pages[0])
    await pages[0].close_all()
    # Nothing foreign arrives late either: the next thing heard is the own answer.
    for page in pages[1:]:
        page.check("words from nowhere", (await page.ask("echo"))[1], [])
    return sum(each.heard for each in pages)


async def no_widget_on_demand(page: Page) -> None:
    """Ask for a widget of a class of one's own choice, where the notebook has that target."""
    await page.ask("targets")
    page.send(
        "comm_open",
        comm_id="on-demand",
        target_name="jupyter.widget",
        metadata={"version": "2.1.0"},
        data={"state": HTML},
    )
    page.comms.add("on-demand")
    await page.expect("comm_close", "on-demand")
    await page.look()
