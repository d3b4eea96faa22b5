"""The commands of a campaign: its tables, its images, its ratings."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..config import Settings
from ..errors import StoreError
from .options import check_place, database_url_option, pictures_option


@click.command()
@database_url_option
def init(database_url: str | None) -> None:
    """Create the tables, or upgrade them; every row is kept.

    \b
    Example:
      animelabel init --database-url sqlite:///anime.db
    """
    from ..store import Store

    version = Store.initialise(Settings.load(database_url=database_url).database_url)
    click.echo(f"The tables are ready (version {version}).")


@click.command("import")
@click.argument("folder", callback=check_place)
@database_url_option
@pictures_option
@click.option(
    "--min-bytes",
    default=1000,
    show_default=True,
    type=click.IntRange(min=0),
    help="Smaller files are kept, but not shown to volunteers.",
)
def import_(folder: str, database_url: str | None, pictures: str | None, min_bytes: int) -> None:
    """Add the series in FOLDER: each sub-folder is one.

    An optional series.csv in FOLDER (folder,title,is_anime) gives titles and
    kinds. Repeating an import adds only what is new. FOLDER is the pictures'
    folder or one below it; where none is set, it is FOLDER itself. It may be an
    address that fsspec knows, such as s3://bucket/frames.

    \b
    Example:
      animelabel import frames
    """
    from ..project import open_project

    pictures = pictures or os.environ.get("ANIMELABEL_PICTURES") or folder
    with open_project(database_url, pictures=pictures) as project:
        report = project.add_series(folder, min_bytes=min_bytes)
    for refusal in report.refused:
        click.echo(f"Refused {refusal.path}: {refusal.reason}", err=True)
    click.echo(report.summary())


@click.group()
def gold() -> None:
    """Images whose right answer is known: they teach volunteers and show their skill.

    \b
    Example:
      animelabel gold import gold.csv
    """


@gold.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@database_url_option
def import_gold(file: Path, database_url: str | None) -> None:
    """Store the right answers in FILE, in place of former ones.

    FILE is a CSV with the columns folder, filename, text, logo, person, empty
    (0 or 1) and, where wanted, explanation: what to tell who was wrong.

    \b
    Example:
      animelabel gold import gold.csv
    """
    from ..project import open_project

    with open_project(database_url, create=False) as project:
        report = project.add_gold(file)
    for folder, filename in report.unknown:
        click.echo(f"Refused {folder}/{filename}: no such image was imported", err=True)
    click.echo(report.summary())


@click.command()
@database_url_option
@pictures_option
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    help="CSV with the right answers; by default truth.csv beside the pictures' folder.",
)
@click.option("--volunteers", default=20, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--ratings",
    default=30,
    show_default=True,
    type=click.IntRange(min=1),
    help="Ratings by each volunteer, at most.",
)
@click.option(
    "--skill",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="How often a volunteer is right about a feature.",
)
@click.option("--seed", type=int, help="Repeats the same volunteers and mistakes.")
def simulate(
    database_url: str | None,
    pictures: str | None,
    truth: Path | None,
    volunteers: int,
    ratings: int,
    skill: float,
    seed: int | None,
) -> None:
    """Let simulated volunteers rate, for trying things out.

    \b
    Example:
      animelabel simulate --pictures demo/frames --database-url sqlite:///demo/animelabel.db
    """
    from .. import simulate as simulation
    from ..project import open_project

    with open_project(database_url, pictures=pictures, create=False) as project:
        frames = project.pictures.folder.local
        if truth is None and frames is None:
            raise click.UsageError(
                "The pictures are elsewhere: name the right answers with --truth."
            )
        given = simulation.simulate(
            project.store,
            project.pictures,
            simulation.read_truth(truth or Path(frames or ".").parent / "truth.csv"),
            volunteers=volunteers,
            ratings=ratings,
            skill=skill,
            seed=seed,
        )
    click.echo(f"{given} ratings by {volunteers} simulated volunteers.")


@click.command()
@database_url_option
def stats(database_url: str | None) -> None:
    """Count the images, the volunteers and the ratings.

    \b
    Example:
      animelabel stats --database-url sqlite:///anime.db
    """
    from ..project import open_project

    with open_project(database_url, create=False) as project:
        found = project.stats()
    rows = [("series", found.series), ("images", sum(found.images.values()))]
    rows += [(f"  {state}", count) for state, count in sorted(found.images.items())]
    rows += [("volunteers", found.volunteers), ("ratings", found.ratings)]
    rows += [("known answers", found.known), ("  said to them", found.known_answers)]
    rows += [("reports", found.reports)]
    rows += [(f"  open images with {votes}", count) for votes, count in found.coverage.items()]
    for name, count in rows:
        click.echo(f"{name:<24}{count:>10,}")


@click.command()
@database_url_option
@click.option("--repair", is_flag=True, help="Set what differs to what the history says.")
def check(database_url: str | None, repair: bool) -> None:  # noqa: FBT001
    """Count all ratings again from their history, and compare the counters.

    \b
    Example:
      animelabel check --repair
    """
    from ..project import open_project

    with open_project(database_url, create=False) as project:
        found = project.store.check(repair=repair, progress=True)
    for each in found:
        click.echo(f"Image {each.image_id}: {each.counter} is {each.stored}, not {each.expected}.")
    if not found:
        click.echo("Every counter is what the history says.")
    elif repair:
        click.echo(f"{len(found)} counters are repaired.")
    else:
        raise StoreError(f"{len(found)} counters differ: run `animelabel check --repair`.")
