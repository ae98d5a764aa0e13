"""Mistakes in a text of many parts: a sentence for each of the first few, and how much was not looked at after them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.errors import InvalidParameters
from bot.sentences import Sentence

#: More than anybody mends at once, and each takes a search for what was meant.
MOST_MISTAKES = 5
ONE_UNREAD = "What comes after them was not looked at: 1 more."
SOME_UNREAD = "What comes after them was not looked at: {count} more."

T = TypeVar("T")


def take_each(parts: Sequence[T], take: Callable[[T], None]) -> None:
    """Take one part after the other; of what is wrong, `take` raises `InvalidParameters`.

    Raises the same with the sentences of all that are wrong, up to `MOST_MISTAKES`.
    """
    wrong: list[Sentence] = []
    mistakes = 0
    for number, part in enumerate(parts, 1):
        try:
            take(part)
        except InvalidParameters as error:
            wrong += error.sentences
            mistakes += 1
        if mistakes == MOST_MISTAKES:
            if left := len(parts) - number:
                wrong.append(Sentence.counted(left, ONE_UNREAD, SOME_UNREAD))
            break
    if wrong:
        raise InvalidParameters.of(wrong)
