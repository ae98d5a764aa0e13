"""Names that somebody may have meant who wrote one that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: As many as fit into a sentence, and how much alike two names must be, of 1.
MOST = 3
LIKENESS = 0.6
#: A name that is part of another is near it, if it has so many letters.
PART = 3
#: A longer one is nobody's slip of the pen, and comparing it takes long.
MAX_LENGTH = 100


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three of the known names that look like `name`, the likest first; none where none does.

    Capitals, spaces, hyphens and underscores make no difference.
    """
    wanted = _folded(name[:MAX_LENGTH])
    likenesses = {each: _likeness(wanted, _folded(each)) for each in known}
    near = [each for each, likeness in likenesses.items() if likeness >= LIKENESS]
    return sorted(near, key=lambda each: -likenesses[each])[:MOST]


def _likeness(one: str, other: str) -> float:
    likeness = difflib.SequenceMatcher(None, other, one).ratio()
    short, long = sorted((one, other), key=len)
    return max(likeness, LIKENESS) if len(short) >= PART and short in long else likeness


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in " -_")
