"""The options that several commands share."""

from __future__ import annotations

import click

database_url_option = click.option(
    "--database-url",
    metavar="URL",
    help="Where the ratings are; by default ANIMELABEL_DATABASE_URL, or sqlite:///animelabel.db.",
)
pictures_option = click.option(
    "--pictures",
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    help="The folder with a sub-folder for each series; by default ANIMELABEL_PICTURES, or frames.",
)
port_option = click.option(
    "--port", default=8866, show_default=True, help="Where to listen; if taken, one near it."
)
no_browser_option = click.option(
    "--no-browser", is_flag=True, help="Do not open the page in a browser."
)
