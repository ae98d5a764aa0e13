"""The command line, one module a command. What goes wrong is one sentence on stderr and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot import __version__
from bot.cli.doctor import doctor
from bot.cli.download import download
from bot.cli.generate import generate
from bot.cli.playground import playground
from bot.cli.run import run
from bot.errors import BotError, GenerationFailed

app = typer.Typer(
    name="imagine-bot",
    help="A Discord bot that draws what people type, with Stable Diffusion XL on your own GPU.",
    epilog="Try it without a token and without a GPU: imagine-bot playground",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (run, playground, generate, download, doctor):
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"imagine-bot {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """What comes before the command; typer reads the help from the application."""


def main() -> None:
    """The entry point: 0 is success, 1 a picture that could not be made, 2 anything that the caller can put right."""
    try:
        app()
    except BotError as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        sys.exit(1 if isinstance(error, GenerationFailed) else 2)
