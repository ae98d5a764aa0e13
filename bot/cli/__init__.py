"""The command line, one module a command. What goes wrong is one sentence on stderr and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot import __version__
from bot.cli.doctor import doctor
from bot.cli.download import download
from bot.cli.generate import generate
from bot.cli.options import named
from bot.cli.playground import playground
from bot.cli.process import Stopped
from bot.cli.run import run
from bot.cli.usage import explain_usage
from bot.cli.wording import in_options
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
    app.command(context_settings={"token_normalize_func": named} if command is generate else None)(command)


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
        # Not standalone: typer would draw a box around what is one sentence here.
        code = app(prog_name="imagine-bot", standalone_mode=False)
    except GenerationFailed as error:
        code = _refuse(in_options(error), 1)
    except BotError as error:
        code = _refuse(in_options(error), 2)
    except typer.TyperException as error:
        code = _refuse(explain_usage(error), 2)
    except Stopped as stopped:
        code = stopped.exit_code
    sys.exit(code)


def _refuse(sentence: str, code: int) -> int:
    if sentence:
        typer.secho(sentence, fg=typer.colors.RED, err=True)
    return code
