"""Codes by which presets are passed on: random, so that nobody guesses one, and easy to read out."""

from __future__ import annotations

import re
import secrets

from bot.errors import PresetRefused
from bot.parameters import quoted

#: Crockford's alphabet: no I, L, O and U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
GROUP = 4
EXAMPLE = "7K2M-9QXA-4TZC"
PATTERN = rf"[{ALPHABET}]{{{LENGTH}}}"
_READ_AS = str.maketrans("ILO", "110", "- \t\n")


def new_code() -> str:
    """A fresh one, of 60 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def write_code(code: str) -> str:
    """The code as people see it: 7K2M-9QXA-4TZC."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def read_code(text: str) -> str:
    """The code that somebody typed, with or without its hyphens. Raises `PresetRefused` for what cannot be one."""
    code = text.upper().translate(_READ_AS)
    if not re.fullmatch(PATTERN, code):
        raise PresetRefused(
            "{value} is no code of a preset: one looks like {example}.", value=quoted(text), example=EXAMPLE
        )
    return code
