"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click


def check_place(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """Let a folder or an address that fsspec knows stay as it is, and refuse a file."""
    if value is not None and "://" not in value and Path(value).is_file():
        raise click.BadParameter(f"{value} is a file: give a folder.")
    return value


database_url_option = click.option(
    "--database-url",
    metavar="URL",
    help="Where the ratings are; by default ANIMELABEL_DATABASE_URL, or sqlite:///animelabel.db.",
)
pictures_option = click.option(
    "--pictures",
    metavar="FOLDER",
    callback=check_place,
    help="The folder with a sub-folder for each series, or its address, as in s3://bucket/frames; "
    "by default ANIMELABEL_PICTURES, or frames.",
)
port_option = click.option(
    "--port", default=8866, show_default=True, help="Where to listen; if taken, one near it."
)
no_browser_option = click.option(
    "--no-browser", is_flag=True, help="Do not open the page in a browser."
)
