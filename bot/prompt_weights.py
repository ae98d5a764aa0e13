"""The language of weights in prompts: `(word)`, `(word:1.3)`, `[word]`, `\\(` for a bracket, and `BREAK`. Pure text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: What a pair of brackets without a number does, as in AUTOMATIC1111's web UI, whose language this is.
STRONGER = 1.1
_FACTORS = {"(": STRONGER, "[": 1 / STRONGER}
_OPENING = {")": "(", "]": "["}
_TOKEN = re.compile(
    r"""
    \\(?P<escaped>[\\()\[\]])
    | (?P<opening>[(\[])
    | :\s*(?P<weight>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)
    | (?P<closing>[)\]])
    | \s*\b(?P<pause>BREAK)\b\s*
    | [^\\()\[\]:B]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a prompt and how much it counts: 1 is ordinary."""

    text: str
    weight: float = 1.0


Section = tuple[Fragment, ...]


def parse_weights(prompt: str) -> tuple[Section, ...]:
    """The prompt's sections (BREAK begins a new one), each in pieces of one weight; none where nothing is said.

    A bracket that is never closed counts to the end; one that closes nothing is text.
    """
    section, sections = _Section(), []
    for token in _TOKEN.finditer(prompt):
        if token["pause"] is not None:
            sections.append(section.end())
        elif not section.take_bracket(token):
            section.add(token["escaped"] or token[0])
    sections.append(section.end())
    return tuple(each for each in sections if each)


def plain_text(prompt: str) -> str:
    """The prompt without its weights: what is said, not how loudly."""
    return " ".join("".join(piece.text for piece in section).strip() for section in parse_weights(prompt))


class _Section:
    """A section while it is read; brackets that are open at its end are open in the next one too."""

    def __init__(self) -> None:
        self._pieces: list[Fragment] = []
        self._open: list[tuple[str, int]] = []

    def add(self, text: str) -> None:
        self._pieces.append(Fragment(text))

    def take_bracket(self, token: re.Match[str]) -> bool:
        """Whether it is a bracket that opens or closes something here."""
        innermost = self._open[-1][0] if self._open else ""
        if token["opening"] is not None:
            self._open.append((token["opening"], len(self._pieces)))
        elif token["weight"] is not None and innermost == "(":
            self._multiply(float(token["weight"]), self._open.pop()[1])
        elif token["closing"] is not None and innermost == _OPENING[token["closing"]]:
            self._multiply(_FACTORS[innermost], self._open.pop()[1])
        else:
            return False
        return True

    def end(self) -> Section:
        """What was read, neighbours of one weight joined."""
        for bracket, since in self._open:
            self._multiply(_FACTORS[bracket], since)
        pieces = tuple(self._joined())
        self._pieces, self._open = [], [(bracket, 0) for bracket, _ in self._open]
        return pieces

    def _multiply(self, factor: float, since: int) -> None:
        self._pieces[since:] = [Fragment(piece.text, piece.weight * factor) for piece in self._pieces[since:]]

    def _joined(self) -> Iterator[Fragment]:
        text, weight = "", 1.0
        for piece in self._pieces:
            if text and piece.weight != weight:
                yield Fragment(text, weight)
                text = ""
            text, weight = text + piece.text, piece.weight
        if text:
            yield Fragment(text, weight)
