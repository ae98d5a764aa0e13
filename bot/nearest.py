"""Names that somebody may have meant who wrote one that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

#: As many as fit into a sentence, and how much alike two names must be, of 1.
MOST = 3
LIKENESS = 0.6
#: A name that is part of another is near it, if it has so many letters.
PART = 3
#: A longer one is nobody's slip of the pen, and comparing it takes long.
MAX_LENGTH = 100
#: So many names are looked at: somebody's folder may have any number of files.
MAX_KNOWN = 1000


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three of the known names that look like `name`, the likest first; none where none does.

    Capitals, spaces, hyphens and underscores make no difference.
    """
    # What is compared with many others is taken apart once only, as the second of the two.
    wanted = _folded(name[:MAX_LENGTH])
    matcher = difflib.SequenceMatcher(None, b=wanted)
    likenesses = {each: _likeness(matcher, wanted, _folded(each[:MAX_LENGTH])) for each in islice(known, MAX_KNOWN)}
    near = [each for each, likeness in likenesses.items() if likeness >= LIKENESS]
    return sorted(near, key=lambda each: -likenesses[each])[:MOST]


def _likeness(matcher: difflib.SequenceMatcher[str], wanted: str, other: str) -> float:
    """How much alike they are, or 0 where they cannot be enough so, which is seen much sooner."""
    matcher.set_seq1(other)
    likeness = matcher.ratio() if matcher.quick_ratio() >= LIKENESS else 0.0
    short, long = sorted((wanted, other), key=len)
    return max(likeness, LIKENESS) if len(short) >= PART and short in long else likeness


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in " -_")
