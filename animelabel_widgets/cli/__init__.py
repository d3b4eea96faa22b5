"""The command line: each command says what it did, or in one sentence what went wrong.

What needs pandas, Pillow or Voilà is imported by the command that uses it, for a quick --help.
"""

from __future__ import annotations

import sys

import click

from ..errors import AnimelabelError
from . import campaign, export, forgetting, pages, verdicts


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


for _command in (
    campaign.init,
    campaign.import_,
    campaign.gold,
    campaign.simulate,
    campaign.stats,
    campaign.check,
    verdicts.consensus,
    export.export,
    forgetting.forget,
    pages.demo,
    pages.serve,
):
    cli.add_command(_command)


def _sentence(error: Exception) -> str:
    """Say what went wrong."""
    if isinstance(error, AnimelabelError):
        return str(error)
    return (
        f"something unforeseen went wrong ({type(error).__name__}: {error}); "
        "run it again as `animelabel --debug …` to see where."
    )
