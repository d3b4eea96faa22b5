"""The command that forgets a volunteer."""

from __future__ import annotations

import click

from .options import database_url_option


@click.command()
@click.argument("volunteer")
@database_url_option
@click.option("--ratings", is_flag=True, help="Delete what the volunteer said, too.")
def forget(volunteer: str, database_url: str | None, ratings: bool) -> None:  # noqa: FBT001
    """Remove who VOLUNTEER is: the token is not known any more, the nickname is gone.

    VOLUNTEER is an id, as in the column volunteer_id of the ratings, or the
    token that the volunteer's browser keeps: 32 hexadecimal digits, which the
    browser's developer tools show in the page's local storage, under a key that ends
    in "token". The ratings stay, and nobody can tell whose they are.

    \b
    Example:
      animelabel forget 17 --ratings
    """
    from ..project import open_project

    with open_project(database_url, create=False) as project:
        done = project.forget(volunteer, ratings=ratings)
    click.echo(done.summary())
