"""The command that exports a data set, or the ratings."""

from __future__ import annotations

from pathlib import Path

import click

from .options import database_url_option, pictures_option

FILTER = "person & ~text & ~logo & ~empty"


def _shares(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> dict[str, float] | None:
    """Read the shares of train, validation and test; a share of 0 leaves a split out."""
    if value is None:
        return None
    try:
        parts = [float(part) for part in value.split("/")]
        train, validation, test = parts
    except ValueError as error:
        raise click.BadParameter(f"expected three numbers as in 80/10/10, not {value}") from error
    if min(parts) < 0 or not 0 < sum(parts) < float("inf"):
        raise click.BadParameter(f"expected shares of 0 or more as in 80/10/10, not {value}")
    shares = {"train": train, "validation": validation, "test": test}
    return {name: share / sum(parts) for name, share in shares.items() if share}


@click.command()
@click.argument("destination", required=False, type=click.Path(path_type=Path))
@database_url_option
@pictures_option
@click.option(
    "--filter",
    "condition",
    show_default=FILTER,
    help="Which images: a pandas query over the verdicts' columns.",
)
@click.option(
    "--mode",
    type=click.Choice(["copy", "hardlink", "symlink", "manifest"]),
    default="copy",
    show_default=True,
    help="How the pictures come into the set; a manifest has the tables only.",
)
@click.option(
    "--split",
    metavar="TRAIN/VALIDATION/TEST",
    callback=_shares,
    help="Shares of the splits, such as 80/10/10; no series is in two.",
)
@click.option("--balance", is_flag=True, help="As many images of anime as of cartoons.")
@click.option("--seed", default=0, show_default=True, help="Of what is drawn.")
@click.option("--crowdkit", is_flag=True, help="Add the ratings as crowd-kit reads them.")
@click.option(
    "--ratings",
    type=click.Path(path_type=Path),
    help="Write all ratings to this new .parquet file.",
)
def export(
    destination: Path | None,
    database_url: str | None,
    pictures: str | None,
    condition: str | None,
    mode: str,
    split: dict[str, float] | None,
    balance: bool,  # noqa: FBT001 - click passes by name
    seed: int,
    crowdkit: bool,  # noqa: FBT001
    ratings: Path | None,
) -> None:
    """Make a data set of the images that the crowd approved.

    DESTINATION is a new folder, or one that was exported before: it is replaced
    as a whole, and unchanged pictures are taken over. With --ratings, write
    every rating to a Parquet file, instead or besides.

    The verdicts are those that `serve` or `consensus` stored last; they are
    estimated where none are. What reviewers decided wins over them.

    \b
    Example:
      animelabel export dataset --filter "person & ~text" --split 80/10/10
      animelabel export --ratings ratings.parquet
    """
    from ..export.parquet import check_new_parquet
    from ..project import open_project

    if destination is None and ratings is None:
        raise click.UsageError("Name a folder for the data set, or a file with --ratings.")
    if destination is None and condition is not None:
        raise click.UsageError("--filter chooses images: name a folder to copy them to.")
    if ratings is not None:
        check_new_parquet(ratings)
    with open_project(database_url, pictures=pictures, create=False) as project:
        if destination is not None:
            report = project.export(
                FILTER if condition is None else condition,
                destination,
                mode=mode,
                split=split,
                balance=balance,
                seed=seed,
                ratings=crowdkit,
            )
            click.echo(report.summary())
        # Last, as it cannot be repeated while its file is there.
        if ratings is not None:
            count = project.export_ratings(ratings)
            click.echo(f"Exported {count} ratings to {ratings}.")
