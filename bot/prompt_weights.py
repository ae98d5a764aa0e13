"""The language of weights that prompts are written in: `(word)`, `(word:1.3)`, `[word]`, `\\(` and `BREAK`. Pure text."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What a pair of brackets without a number does, as in AUTOMATIC1111's web UI, whose language this is.
STRONGER = 1.1
_TOKEN = re.compile(
    r"""
    \\(?P<escaped>[\\()\[\]])
    | (?P<opening>[(\[])
    | :\s*(?P<weight>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)
    | (?P<closing>[)\]])
    | \s*\b(?P<pause>BREAK)\b\s*
    | (?P<text>[^\\()\[\]:B]+ | .)
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

    A round bracket that is never closed counts to the end, a square one likewise; one that closes nothing is text.
    """
    sections: list[Section] = []
    pieces: list[Fragment] = []
    open_brackets: list[tuple[str, int]] = []

    def close(factor: float, since: int) -> None:
        pieces[since:] = [Fragment(piece.text, piece.weight * factor) for piece in pieces[since:]]

    def end_section() -> None:
        for bracket, since in reversed(open_brackets):
            close(_factor(bracket), since)
        open_brackets[:] = [(bracket, 0) for bracket, _ in open_brackets]
        if pieces:
            sections.append(_joined(pieces))
        pieces.clear()

    for token in _TOKEN.finditer(prompt):
        innermost = open_brackets[-1] if open_brackets else ("", 0)
        if token["escaped"] is not None:
            pieces.append(Fragment(token["escaped"]))
        elif token["opening"] is not None:
            open_brackets.append((token["opening"], len(pieces)))
        elif token["weight"] is not None and innermost[0] == "(":
            close(float(token["weight"]), open_brackets.pop()[1])
        elif token["closing"] is not None and innermost[0] == _OPENING[token["closing"]]:
            close(_factor(innermost[0]), open_brackets.pop()[1])
        elif token["pause"] is not None:
            end_section()
        else:
            pieces.append(Fragment(token[0]))
    end_section()
    return tuple(sections)


def plain_text(prompt: str) -> str:
    """The prompt without its weights: what is said, not how loudly."""
    return " ".join("".join(piece.text for piece in section) for section in parse_weights(prompt)).strip()


_OPENING = {")": "(", "]": "["}


def _factor(bracket: str) -> float:
    return STRONGER if bracket == "(" else 1 / STRONGER


def _joined(pieces: list[Fragment]) -> Section:
    """The same with neighbours of one weight made one."""
    joined: list[Fragment] = []
    for piece in pieces:
        if joined and joined[-1].weight == piece.weight:
            joined[-1] = Fragment(joined[-1].text + piece.text, piece.weight)
        else:
            joined.append(piece)
    return tuple(joined)
