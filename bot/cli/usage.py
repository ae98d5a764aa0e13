"""What typer finds wrong with a command line, as one sentence each, and where to read more."""

from __future__ import annotations

import re

import typer

from bot.settings import in_words

#: How typer says it, and how it is said here.
SENTENCES = {
    r"Invalid value for (.+?): (Input should be .+)": "{0} must be {1}.",
    r"Invalid value for (.+?): (?:Value error, )?(.+) is not one of (.+?)\.?": "{0} must be one of {2}, not {1}.",
    r"Missing (?:argument|option) (.+?)\.": "{0} is missing.",
    r"Option (.+?) requires an argument\.": "{0} needs a value.",
    r"Option (.+?) requires (\d+) arguments\.": "{0} needs {1} values.",
    r"Option (.+?) does not take a value\.": "{0} takes no value.",
    r"No such option: (\S+) \(Possible options: (.+)\)": "{0} is not an option. Near it: {1}.",
    r"No such option: (\S+)": "{0} is not an option.",
    r"No such command (.+?)\. Did you mean (.+)\?": "“{0}” is not a command. Near it: {1}.",
    r"No such command (.+?)\.": "“{0}” is not a command.",
    r"Got unexpected extra argument\S* \((.+)\)": "“{0}” is too much. Words that belong together go in quotes.",
}


def explain_usage(error: typer.TyperException) -> str:
    """What was wrong, what would be right, and which help says more; empty when the help itself was just shown."""
    said = " ".join(error.format_message().split())
    if not said:
        return ""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "imagine-bot"
    return f"{_in_our_words(said)} See: {command} --help"


def _in_our_words(said: str) -> str:
    for theirs, ours in SENTENCES.items():
        if match := re.fullmatch(theirs, said):
            return ours.format(*(in_words(group) for group in match.groups()))
    return said if said.endswith((".", "?")) else f"{said}."
