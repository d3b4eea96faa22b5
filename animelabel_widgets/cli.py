"""The command line: each command says what it did, or in one sentence what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .config import Settings
from .errors import AnimelabelError

Command = TypeVar("Command", bound=Callable[..., Any])

FILTER = "person & ~text & ~logo & ~empty"

# What needs pandas, Pillow or Voilà is imported by the command that uses it, for a quick --help.

_database_url = click.option(
    "--database-url",
    metavar="URL",
    help="Where the ratings are; by default ANIMELABEL_DATABASE_URL, or sqlite:///animelabel.db.",
)
_pictures = click.option(
    "--pictures",
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    help="The folder with a sub-folder for each series; by default ANIMELABEL_PICTURES, or frames.",
)
_port = click.option(
    "--port", default=8866, show_default=True, help="Where to listen; if taken, one near it."
)
_no_browser = click.option("--no-browser", is_flag=True, help="Do not open the page in a browser.")


def main() -> None:
    """Run the command line; 0 is success, 1 a failure, 2 wrong use."""
    debug = "--debug" in sys.argv
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        code = 130
    except Exception as error:  # every failure ends in one sentence
        if debug:
            raise
        click.echo(f"Error: {_sentence(error)}", err=True)
        code = 1
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="animelabel-widgets")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:  # noqa: FBT001 - `main` reads it before click does
    """Let a crowd label the frames of anime and cartoons.

    \b
    Example:
      animelabel init
      animelabel import frames
      animelabel serve
    """


@cli.command()
@click.argument("folder", default="demo", type=click.Path(file_okay=False, path_type=Path))
@_port
@_no_browser
def demo(folder: Path, port: int, no_browser: bool) -> None:  # noqa: FBT001
    """Draw a demo data set in FOLDER (demo) and serve it.

    A second time it continues where the first one stopped.

    \b
    Example:
      animelabel demo
    """
    from .demo import draw_demo
    from .project import open_project
    from .serving import serve

    click.echo(f"Preparing the demo data set in {folder} …")
    draw_demo(folder)
    settings = Settings(
        database_url=f"sqlite:///{folder / 'animelabel.db'}",
        pictures=str(folder / "frames"),
        log_file=str(folder / "animelabel.log"),
    )
    with open_project(settings.database_url, pictures=settings.pictures) as project:
        click.echo(project.add_series().summary())
    serve(settings, ip="localhost", port=port, browse=not no_browser, announce=_announce)


@cli.command()
@_database_url
def init(database_url: str | None) -> None:
    """Create the tables, or upgrade them; every row is kept.

    \b
    Example:
      animelabel init --database-url sqlite:///anime.db
    """
    from .store import Store

    version = Store.initialise(Settings.load(database_url=database_url).database_url)
    click.echo(f"The tables are ready (version {version}).")


@cli.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@_database_url
@_pictures
@click.option(
    "--min-bytes",
    default=1000,
    show_default=True,
    type=click.IntRange(min=0),
    help="Smaller files are kept, but not shown to volunteers.",
)
def import_(folder: Path, database_url: str | None, pictures: str | None, min_bytes: int) -> None:
    """Add the series in FOLDER: each sub-folder is one.

    An optional series.csv in FOLDER (folder,title,is_anime) gives titles and
    kinds. Repeating an import adds only what is new. FOLDER is the pictures'
    folder or one below it; where none is set, it is FOLDER itself.

    \b
    Example:
      animelabel import frames
    """
    from .project import open_project

    pictures = pictures or os.environ.get("ANIMELABEL_PICTURES") or str(folder)
    with open_project(database_url, pictures=pictures) as project:
        report = project.add_series(folder, min_bytes=min_bytes)
    for refusal in report.refused:
        click.echo(f"Refused {refusal.path}: {refusal.reason}", err=True)
    click.echo(report.summary())


@cli.command()
@_database_url
@_pictures
@click.option("--ip", default="localhost", show_default=True, help="Where to listen.")
@_port
@_no_browser
@click.option("--log", "log_file", metavar="FILE", help="Where to log; by default animelabel.log.")
def serve(
    database_url: str | None,
    pictures: str | None,
    ip: str,
    port: int,
    no_browser: bool,  # noqa: FBT001
    log_file: str | None,
) -> None:
    """Serve the volunteers' page until Ctrl-C.

    \b
    Example:
      animelabel serve --pictures frames --port 8866
    """
    from .serving import serve as run

    settings = Settings.load(database_url=database_url, pictures=pictures, log_file=log_file)
    click.echo("Starting the volunteers' page …")
    run(settings, ip=ip, port=port, browse=not no_browser, announce=_announce)


@cli.command()
@_database_url
@_pictures
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
    from . import simulate as simulation
    from .project import open_project

    with open_project(database_url, pictures=pictures, create=False) as project:
        given = simulation.simulate(
            project.store,
            project.pictures,
            simulation.read_truth(truth or project.pictures.root.parent / "truth.csv"),
            volunteers=volunteers,
            ratings=ratings,
            skill=skill,
            seed=seed,
        )
    click.echo(f"{given} ratings by {volunteers} simulated volunteers.")


@cli.command()
@_database_url
def stats(database_url: str | None) -> None:
    """Count the images, the volunteers and the ratings.

    \b
    Example:
      animelabel stats --database-url sqlite:///anime.db
    """
    from .project import open_project

    with open_project(database_url, create=False) as project:
        found = project.stats()
    rows = [("series", found.series), ("images", sum(found.images.values()))]
    rows += [(f"  {state}", count) for state, count in sorted(found.images.items())]
    rows += [("volunteers", found.volunteers), ("ratings", found.ratings)]
    rows += [(f"  open images with {votes}", count) for votes, count in found.coverage.items()]
    for name, count in rows:
        click.echo(f"{name:<24}{count:>10,}")


@cli.command()
@click.argument("destination", type=click.Path(path_type=Path))
@_database_url
@_pictures
@click.option(
    "--filter",
    "condition",
    default=FILTER,
    show_default=True,
    help="Which images: a pandas query over the verdicts' columns.",
)
def export(
    destination: Path, database_url: str | None, pictures: str | None, condition: str
) -> None:
    """Copy the images that the crowd approved into a new data set.

    \b
    Example:
      animelabel export dataset --filter "person & ~text & ~logo & ~empty"
    """
    from .aggregation import consensus
    from .project import open_project

    with open_project(database_url, pictures=pictures, create=False) as project:
        verdicts = consensus(project.ratings())
        try:
            chosen = verdicts.query(condition)
        except Exception as error:
            raise click.BadParameter(
                f"{error}; columns: {', '.join(map(str, verdicts))}"
            ) from error
        report = project.export(chosen, destination)
    click.echo(report.summary())


def _sentence(error: Exception) -> str:
    """Say what went wrong."""
    if isinstance(error, AnimelabelError):
        return str(error)
    return (
        f"something unforeseen went wrong ({type(error).__name__}: {error}); "
        "run it again as `animelabel --debug …` to see where."
    )


def _announce(address: str) -> None:
    """Tell where the page is."""
    click.echo(f"The volunteers' page is at {address}\nCtrl-C ends it.")
