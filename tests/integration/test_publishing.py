"""The documentation's nginx and service, for real: HTTPS, two servers, and the death of one."""

from __future__ import annotations

import asyncio
import configparser
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from support.commands import ANIMELABEL, Server, run, serving
from support.crowd import stored
from support.mariadb import MariaDB
from support.nginx import Nginx, serving_site
from support.patient import PatientVisitor
from support.story import tell
from support.visitor import Visitor
from support.volunteer import Volunteer

from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from support.chromium import Pages

DOCS = Path(__file__).parents[2] / "docs"
LETSENCRYPT = "/etc/letsencrypt/live/label.example.net"
OPTIONS_OF_THE_TEST = ("--port", "--no-browser", "--max-visitors")
NEWCOMERS = 25
"""New volunteers that an address may have here: more than a test makes by itself."""


@dataclass(frozen=True)
class Site:
    """The published page: nginx, two servers, and the database that they share."""

    nginx: Nginx
    servers: list[Server]
    store: Store

    def visitor(self) -> PatientVisitor:
        """Give somebody who comes by the public address."""
        return PatientVisitor(self.nginx.address, self.nginx.certificate)


def service() -> configparser.SectionProxy:
    """Read the service's unit."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DOCS / "animelabel.service", encoding="utf-8")
    return unit["Service"]


def started_by_the_service() -> list[str]:
    """Give the arguments with which the service starts the server, without the test's own."""
    _, *given = shlex.split(service()["ExecStart"])
    arguments = []
    for name, following in zip(given, [*given[1:], ""], strict=True):
        if name.startswith("-") and name not in OPTIONS_OF_THE_TEST:
            arguments += [name] if following.startswith("-") else [name, following]
    return [given[0], *arguments]


def put(place: str, where: str, there: str) -> str:
    """Put something in the place of what the documentation has for an example."""
    assert place in there, f"nginx.conf has no {place!r} any more"
    return there.replace(place, where)


def site_of_the_documentation(servers: list[Server]) -> str:
    """Give the documentation's file with the test's names, ports and files."""
    site = (DOCS / "nginx.conf").read_text(encoding="utf-8")
    for port, server in zip((8866, 8867), servers, strict=True):
        site = put(f"127.0.0.1:{port}", f"127.0.0.1:{server.address.split(':')[2][:-1]}", site)
    site = put(f"{LETSENCRYPT}/fullchain.pem", "{certificate}", site)
    site = put(f"{LETSENCRYPT}/privkey.pem", "{key}", site)
    site = put("label.example.net", "localhost", site)
    for given, own in (("443", "{port}"), ("80", "{plain_port}")):
        site = put(f"listen {given}", f"listen 127.0.0.1:{own}", site)
        # A machine may be without IPv6.
        site = put(f"listen [::]:{given}", "#", site)
    return site


@pytest.fixture(scope="module")
def site(
    mariadb: MariaDB, demo_set: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Give the published page."""
    folder = tmp_path_factory.mktemp("site")
    with ExitStack() as stack:
        url = stack.enter_context(mariadb.database())
        environ = {
            "ANIMELABEL_DATABASE_URL": url,
            "ANIMELABEL_PICTURES": str(demo_set / "frames"),
            "ANIMELABEL_TARGET": "1000",
            "ANIMELABEL_GOLD": "0",
            "ANIMELABEL_ESTIMATE_SECONDS": "0",
            "ANIMELABEL_LIMITS": f"address_newcomers={NEWCOMERS}:1",
        }
        done = run("import", environ["ANIMELABEL_PICTURES"], cwd=folder, **environ)
        assert done.returncode == 0, done.stderr
        servers = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            arguments = [*started_by_the_service(), "--hosts", "1"]
            servers.append(
                stack.enter_context(serving(*arguments, cwd=folder / name, environ=environ))
            )
        conf = site_of_the_documentation(servers)
        nginx = stack.enter_context(serving_site(conf, folder))
        store = stack.enter_context(closing(Store.open(url, create=False)))
        yield Site(nginx, servers, store)


def test_the_page_comes_packed_over_http_2(site: Site) -> None:
    """A browser gets HTTP/2 and a compressed page; who asks without TLS is sent there."""
    context = ssl.create_default_context(cafile=str(site.nginx.certificate))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", site.nginx.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"

    async def story() -> None:
        visitor = site.visitor()
        wanted = {"Accept-Encoding": "gzip"}
        reply = await visitor.fetch("", headers=wanted, decompress_response=False)
        assert reply.code == 200
        assert reply.headers["Content-Encoding"] == "gzip"
        assert reply.headers["Strict-Transport-Security"]
        whole = await visitor.fetch("")
        assert len(reply.body) < len(whole.body) / 2
        assert "default-src 'none'" in whole.headers["Content-Security-Policy"]
        assert (await visitor.fetch("readyz")).code == 200
        elsewhere = await Visitor(f"http://localhost:{site.nginx.plain_port}/").fetch("")
        assert elsewhere.code == 301
        assert elsewhere.headers["Location"].startswith("https://")

    tell(story)


def test_a_browser_stays_with_its_server(site: Site) -> None:
    """The name of its way comes with the page, once, and what it opens next finds its kernel."""

    async def story() -> None:
        crowd = [site.visitor() for _ in range(8)]
        for each in crowd:
            reply = await each.fetch("")
            assert "Secure" in reply.headers["Set-Cookie"]
            assert "HttpOnly" in reply.headers["Set-Cookie"]
            assert "Set-Cookie" not in (await each.fetch("")).headers
            await each.visit()
            kernel = each.place["kernel"]
            each.close()
            await each.closed()
            assert await each.enter() == 200
            assert each.place["kernel"] == kernel
        assert len({each.cookies["animelabel_route"] for each in crowd}) == 8

    tell(story)


def test_what_is_for_monitoring_is_not_for_the_world(site: Site) -> None:
    """Whatever headers come with it, the figures of the server are not reached from outside."""

    async def story() -> None:
        visitor = site.visitor()
        for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}):
            for path in ("metrics", "metrics/", "//metrics", "%6detrics"):
                assert (await visitor.fetch(path, headers=headers)).code in (403, 404)

    tell(story)


def entered_from(address: str, site: Site, **headers: str) -> Visitor:
    """Ask for a place from another address of this machine; give the visitor who has it."""
    context = ssl.create_default_context(cafile=str(site.nginx.certificate))
    visitor = site.visitor()
    visitor.cookies["animelabel_route"] = "the same for all"
    connection = http.client.HTTPSConnection(
        "127.0.0.1", site.nginx.port, context=context, source_address=(address, 0)
    )
    with closing(connection):
        given = {"Host": f"localhost:{site.nginx.port}", "Origin": visitor.origin, **headers}
        given["Cookie"] = visitor.cookie
        connection.request("POST", "/visit", '{"kernel": null}', given)
        reply = connection.getresponse()
        assert reply.status == 200
        name, _, value = str(reply.headers["Set-Cookie"]).partition(";")[0].partition("=")
        visitor.cookies[name] = value
        visitor.place = json.loads(reply.read())
    return visitor


def test_limits_know_the_address_of_who_is_before_nginx(site: Site) -> None:
    """One address is over its limit, whatever it says of itself, and another one is not."""

    async def welcomed(address: str, **headers: str) -> bool:
        visitor = entered_from(address, site, **headers)
        await visitor.connect()
        reply, _ = await visitor.ask(kind="hello", token=visitor.token, resume=[])
        visitor.close()
        return bool(reply["kind"] == "welcome")

    async def story() -> None:
        for _ in range(NEWCOMERS):
            assert await welcomed("127.0.0.9")
        assert not await welcomed("127.0.0.9")
        for name in ("X-Real-IP", "X-Forwarded-For", "Forwarded"):
            assert not await welcomed("127.0.0.9", **{name: "192.0.2.7"})
        assert await welcomed("127.0.0.10")

    tell(story)


def test_a_server_dies_and_its_visitors_go_on_at_the_other(site: Site) -> None:
    """Of twenty who rate, those of the killed server come back by themselves; nothing is lost."""
    crowd = [site.visitor() for _ in range(20)]
    victim = site.servers[0]
    before = len(site.store.ratings())

    async def story() -> None:
        half_way = asyncio.Semaphore(0)
        killed = asyncio.Event()

        async def pause(visitor: PatientVisitor) -> None:
            if len(visitor.acknowledged) == 4:
                half_way.release()
                # One in four is in the middle of something.
                if crowd.index(visitor) % 4:
                    await killed.wait()

        async def kill() -> None:
            for _ in crowd:
                await half_way.acquire()
            for each in [*victim.kernels(), victim.process.pid]:
                os.kill(each, signal.SIGKILL)
            killed.set()

        async with asyncio.timeout(120):
            await asyncio.gather(
                kill(), *(each.rate_many(10, before=lambda e=each: pause(e)) for each in crowd)
            )

    tell(story)
    said = {key: answer for each in crowd for key, answer in each.acknowledged.items()}
    assert len(said) == 200
    assert all(not each.refused for each in crowd)
    assert 0 < sum(each.breaks > 0 for each in crowd) < 20, "both had visitors, one lost them"
    history = stored(site.store)
    assert {key: history.get((key, 0)) for key in said} == said
    assert len(site.store.ratings()) == before + 200
    assert site.store.check() == []
    twice = text("SELECT COUNT(*) - COUNT(DISTINCT assignment_id, revision) FROM rating_events")
    assert site.store._database.read(lambda connection: connection.scalar(twice)) == 0


def test_the_service_is_one_that_systemd_takes() -> None:
    """No line of the unit is unknown to systemd, and the server takes its arguments."""
    given = shlex.split(service()["ExecStart"])
    assert given[0].endswith("/bin/animelabel")
    done = subprocess.run(
        [*ANIMELABEL, *given[1:], "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert service()["KillSignal"] == "SIGINT"
    systemd = shutil.which("systemd-analyze")
    if systemd:
        unit = DOCS / "animelabel.service"
        done = subprocess.run(
            [systemd, "verify", str(unit)], capture_output=True, text=True, check=False
        )
        said = [line for line in done.stderr.splitlines() if "is not executable" not in line]
        assert said == []


def test_a_browser_rates_through_https(site: Site, new_page: Pages) -> None:
    """A real one gets the page by HTTP/2, opens its websocket, and its ratings are stored."""
    before = len(site.store.ratings())
    page = new_page(ignore_https_errors=True)
    volunteer = Volunteer(page)
    volunteer.visit(site.nginx.address)
    protocol = "performance.getEntriesByType('navigation')[0].nextHopProtocol"
    assert page.evaluate(protocol) == "h2"
    for _ in range(3):
        volunteer.press("person")
        volunteer.next()
    volunteer.everything_is_saved()
    assert len(site.store.ratings()) == before + 3
