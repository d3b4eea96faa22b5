"""The commands that serve the volunteers' page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import click
from click.core import ParameterSource

from ..config import Settings
from .options import database_url_option, no_browser_option, pictures_option, port_option

_BASE = re.compile(r"/?(?:[\w.~-]+/)*[\w.~-]*", re.ASCII)


def _slashed(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """Check a base URL, and give it with a slash at both ends."""
    if not _BASE.fullmatch(value):
        raise click.BadParameter(f"expected a path such as /label/, not {value!r}")
    return "/" + value.strip("/") + "/" * bool(value.strip("/"))


@click.command()
@click.argument("folder", default="demo", type=click.Path(file_okay=False, path_type=Path))
@port_option
@no_browser_option
def demo(folder: Path, port: int, no_browser: bool) -> None:  # noqa: FBT001
    """Draw a demo data set in FOLDER (demo) and serve it.

    A second time it continues where the first one stopped.

    \b
    Example:
      animelabel demo
    """
    from ..demo import draw_demo
    from ..ingest import read_gold
    from ..project import open_project
    from ..serving import serve

    click.echo(f"Preparing the demo data set in {folder} …")
    draw_demo(folder)
    settings = Settings(
        database_url=f"sqlite:///{folder / 'animelabel.db'}",
        pictures=str(folder / "frames"),
        log_file=str(folder / "animelabel.log"),
    )
    with open_project(settings.database_url, pictures=settings.pictures) as project:
        click.echo(project.add_series().summary())
        # Some of the right answers, so that the page can show what it does with them.
        project.store.put_gold(read_gold(folder / "truth.csv")[::11])
    serve(settings, ip="localhost", port=port, browse=not no_browser, announce=_announce)


@click.command()
@database_url_option
@pictures_option
@click.option(
    "--host", "ip", default="localhost", show_default=True, help="The address to listen at."
)
@port_option
@click.option(
    "--base-url",
    default="/",
    show_default=True,
    callback=_slashed,
    help="What the page's address has after the host, behind a proxy with other sites.",
)
@no_browser_option
@click.option(
    "--kernels",
    type=click.Choice(["hosted", "process"]),
    default="hosted",
    show_default=True,
    help="Let visitors share a few processes, or give each a process and Voilà's own page.",
)
@click.option(
    "--template",
    type=click.Choice(["lean", "lab"]),
    default="lean",
    show_default=True,
    help="The page: our own, or Voilà's with JupyterLab's front end.",
)
@click.option(
    "--hosts", default=2, show_default=True, type=click.IntRange(1, 64), help="Shared processes."
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Server processes behind the one address, each with its shared processes.",
)
@click.option(
    "--max-visitors",
    default=0,
    type=click.IntRange(0, 100_000),
    help="Visitors at once; by default as many as memory and open files allow.",
)
@click.option(
    "--idle-minutes",
    default=15,
    show_default=True,
    type=click.IntRange(1, 1440),
    help="After so long without a click, an open page gives its place away until the next one.",
)
@click.option(
    "--recycle-after",
    default=5000,
    show_default=True,
    type=click.IntRange(1),
    help="Visitors after whom a shared process is replaced.",
)
@click.option(
    "--recycle-mb",
    default=2048,
    show_default=True,
    type=click.IntRange(200),
    help="Memory of a shared process from which on it is replaced.",
)
@click.option(
    "--proxied", is_flag=True, help="A proxy of yours stands in front: believe its headers."
)
@click.option("--log", "log_file", metavar="FILE", help="Where to log; by default animelabel.log.")
@click.option(
    "--review", is_flag=True, help="Serve the reviewers' page instead, with a token, at port 8867."
)
def serve(
    database_url: str | None,
    pictures: str | None,
    ip: str,
    port: int,
    base_url: str,
    no_browser: bool,  # noqa: FBT001
    kernels: Literal["hosted", "process"],
    template: Literal["lean", "lab"],
    hosts: int,
    workers: int,
    max_visitors: int,
    idle_minutes: int,
    recycle_after: int,
    recycle_mb: int,
    proxied: bool,  # noqa: FBT001
    log_file: str | None,
    review: bool,  # noqa: FBT001
) -> None:
    """Serve the volunteers' page until Ctrl-C, or the reviewers' page.

    \b
    Example:
      animelabel serve --pictures frames --port 8866
      animelabel serve --pictures frames --review
    """
    from ..serving import serve as run
    from ..serving.crowd import Crowd

    settings = Settings.load(database_url=database_url, pictures=pictures, log_file=log_file)
    if review:
        from ..serving.review import PORT, serve_review

        given = click.get_current_context().get_parameter_source("port")
        own = PORT if given is ParameterSource.DEFAULT else port
        click.echo("Starting the reviewers' page …")
        serve_review(settings, ip=ip, port=own, base_url=base_url, announce=_announce_review)
        return
    click.echo("Starting the volunteers' page …")
    crowd = Crowd(
        kernels=kernels,
        template=template,
        hosts=hosts,
        workers=workers,
        max_visitors=max_visitors,
        idle_minutes=idle_minutes,
        recycle_after=recycle_after,
        recycle_mb=recycle_mb,
        proxied=proxied,
    )
    run(
        settings,
        ip=ip,
        port=port,
        base_url=base_url,
        browse=not no_browser,
        announce=_announce,
        crowd=crowd,
    )


def _announce_review(address: str) -> None:
    """Tell where the reviewers' page is, with its token."""
    click.echo(f"The reviewers' page is at {address}\nKeep this address. Ctrl-C ends the page.")


def _announce(address: str) -> None:
    """Tell where the page is."""
    click.echo(f"The volunteers' page is at {address}\nCtrl-C ends it.")
