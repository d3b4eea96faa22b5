"""The command that turns ratings into verdicts."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config import Settings
from .options import database_url_option

if TYPE_CHECKING:
    from ..estimation import Round
    from ..project import Project


EVERY = 60
"""Seconds between two estimates where the settings name none."""


@click.command()
@database_url_option
@click.option(
    "--method",
    type=click.Choice(["ds", "majority"]),
    default="ds",
    show_default=True,
    help="Dawid and Skene's model of all four features, or the number of votes.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the verdicts to this new .parquet file."
)
@click.option(
    "--retire",
    is_flag=True,
    help="Retire images of which the crowd is sure, and open again those it doubts now.",
)
@click.option("--watch", is_flag=True, help="Do so again and again, until Ctrl-C.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say how many votes retiring would have saved, and store nothing.",
)
@click.option("--sure", type=click.FloatRange(0.5, 1, min_open=True), help="Of each feature.")
@click.option("--least", type=click.IntRange(min=1), help="Votes per image, at least.")
@click.option("--most", type=click.IntRange(min=1), help="Votes per image, at most.")
def consensus(
    database_url: str | None,
    method: str,
    out: Path | None,
    retire: bool,  # noqa: FBT001 - click passes by name
    watch: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    sure: float | None,
    least: int | None,
    most: int | None,
) -> None:
    """Estimate what the crowd says about each image, and store it.

    --retire takes images out of the pool of which the crowd is sure; how sure,
    and after how many votes, is set by --sure, --least and --most or by
    ANIMELABEL_SURE, ANIMELABEL_LEAST and ANIMELABEL_TARGET. `animelabel serve`
    does so by itself.

    \b
    Example:
      animelabel consensus --out verdicts.parquet
      animelabel consensus --dry-run --sure 0.9
    """
    from .. import estimation
    from ..export import check_new_parquet
    from ..project import open_project
    from ..retirement import replay

    if least is not None and most is not None and least > most:
        raise click.UsageError(f"--least {least} is above --most {most}: swap them.")
    settings = Settings.load(database_url=database_url, sure=sure, least=least, target=most)
    rule = estimation.rule(settings)
    if out is not None:
        check_new_parquet(out)
    with open_project(settings.database_url, create=False) as project:
        if dry_run:
            click.echo(replay(project.ratings(), rule).summary())
            return
        done = estimation.reestimate(
            project.store, method=method, rule=rule if retire or watch else None, progress=True
        )
        if done is None:
            click.echo("Another process is estimating just now, and stores what it finds.")
        else:
            _tell(done)
        if out is not None:
            _write(project, done, out)
        if watch:
            estimation.watch(
                project.store,
                rule,
                every=settings.estimate_seconds or EVERY,
                wait=threading.Event().wait,
                told=_tell,
            )


def _tell(done: Round) -> None:
    """Say what an estimation found, and why it is not what was asked for."""
    click.echo(done.summary())
    reason = done.verdicts.attrs["reason"]
    if reason:
        click.echo(f"The model is not to be trusted ({reason}): this is the majority.")


def _write(project: Project, done: Round | None, file: Path) -> None:
    """Write the verdicts to a file."""
    from ..export import export_verdicts

    verdicts = project.verdicts() if done is None else done.verdicts
    count = export_verdicts(verdicts, file)
    click.echo(f"Exported {count} verdicts to {file}.")
