"""Where a job stands, in words."""

from __future__ import annotations

from bot.sentences import Sentence

#: Numbers in a row, by their last figure.
ORDINALS = {1: "{number}st", 2: "{number}nd", 3: "{number}rd"}
NTH = "{number}th"


def place(position: int) -> Sentence:
    """Where a job stands: 0 is running, 1 is next."""
    if position < 2:
        return Sentence.of("next in line" if position else "running")
    return Sentence.of("{place} in line", place=_ordinal(position))


def _ordinal(number: int) -> Sentence:
    """1st, 2nd, 3rd, 4th."""
    teen = number % 100 in (11, 12, 13)
    return Sentence.of(NTH if teen else ORDINALS.get(number % 10, NTH), number=number)
