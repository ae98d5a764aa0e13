"""What typer finds wrong with a command line, as one sentence each, and where to read more."""

from __future__ import annotations

import re

import typer

from bot.settings import in_words

NOT_VALID = re.compile(r"Invalid value for (?P<name>.+?): Input should be (?P<rule>.+)", re.DOTALL)
NOT_ONE_OF = re.compile(r"Invalid value for (?P<name>.+?): (?:Value error, )?(?P<value>.*) is not one of (?P<rule>.+)")
MISSING = re.compile(r"Missing (?:argument|option) (?P<name>.+?)\.", re.DOTALL)
#: How typer begins when a prompt of several words came without quotes.
TOO_MANY = "Got unexpected extra argument"


def explain_usage(error: typer.TyperException) -> str:
    """What was wrong, what would be right, and which help says more; empty when the help itself was just shown."""
    said = " ".join(error.format_message().split())
    if not said:
        return ""
    if match := NOT_VALID.match(said):
        said = f"{_bare(match['name'])} must be {in_words(match['rule'])}."
    elif match := NOT_ONE_OF.match(said):
        said = f"{_bare(match['name'])} must be one of {_bare(match['rule'])}, not {match['value']}."
    elif match := MISSING.match(said):
        said = f"{_bare(match['name'])} is missing."
    elif said.startswith(TOO_MANY):
        said += ": put words that belong together in quotes."
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "imagine-bot"
    return f"{said if said.endswith(('.', '?')) else f'{said}.'} See: {command} --help"


def _bare(name: str) -> str:
    return name.replace("'", "")
