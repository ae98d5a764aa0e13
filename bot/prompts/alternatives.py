"""The grammar of alternatives: `{a|b}`, `{2::a|b}`, `{2$$a|b|c}`, `{1-2$$ and $$a|b}`, nested, and `__wildcards__`.

Parsing is linear, runs nothing and fails on nothing but depth: whatever is not closed stays as text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass

from bot.errors import InvalidParameters

MAX_DEPTH = 16
SEPARATOR = ", "

_ESCAPED = re.compile(r"\\([{}|])")
_WILDCARD = re.compile(r"(?<!_)__(?!_)([\w\-./*]{1,100}?)(?<!_)__(?!_)")
_WEIGHT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})::")
_PICKS = re.compile(r"\s*(?P<low>\d{0,3})(?P<range>-?)(?P<high>\d{0,3})\$\$(?:(?P<separator>[^$|{}]{0,20})\$\$)?")


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`__name__`; `key` tells it from all others in its text."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Option:
    """One of several, and how often it comes in comparison with the others."""

    weight: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`{…|…}`: from `low` to `high` of the options; None is as many as there are."""

    options: tuple[Option, ...]
    key: str
    low: int = 1
    high: int | None = 1
    separator: str = SEPARATOR


Part = str | Wildcard | Choice


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a text. Raises `InvalidParameters` where they are nested too deeply."""
    return _Parser(text).sequence(0, len(text), 0)


def split_weight(text: str) -> tuple[float, str]:
    """`2::a` is (2.0, `a`); what has no weight of its own has 1."""
    match = _WEIGHT.match(text)
    return (1.0, text) if match is None else (float(match[1]), text[match.end() :])


def wildcards_in(parts: tuple[Part, ...]) -> set[str]:
    """The names of all wildcards, drawn or not."""
    names: set[str] = set()
    for part in parts:
        if isinstance(part, Wildcard):
            names.add(part.name)
        elif isinstance(part, Choice):
            names.update(*(wildcards_in(option.parts) for option in part.options))
    return names


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._closes = _matching_braces(text)
        self._opens = sorted(self._closes)
        self._seen: Counter[str] = Counter()

    def sequence(self, start: int, end: int, depth: int) -> tuple[Part, ...]:
        parts: list[Part] = []
        at = start
        while (opens := self._next_open(at)) < end:
            parts += self._plain(at, opens)
            parts.append(self._choice(opens, self._closes[opens], depth + 1))
            at = self._closes[opens] + 1
        return (*parts, *self._plain(at, end))

    def _next_open(self, at: int) -> int:
        index = bisect_left(self._opens, at)
        return self._opens[index] if index < len(self._opens) else len(self._text)

    def _plain(self, start: int, end: int) -> list[Part]:
        """Text between alternatives, with its wildcards."""
        parts: list[Part] = []
        at = start
        for match in _WILDCARD.finditer(self._text, start, end):
            parts += [self._text[at : match.start()], Wildcard(match[1], self._key(match[0]))]
            at = match.end()
        parts.append(self._text[at:end])
        return [_ESCAPED.sub(r"\1", part) if isinstance(part, str) else part for part in parts if part]

    def _choice(self, opens: int, closes: int, depth: int) -> Choice:
        if depth > MAX_DEPTH:
            raise InvalidParameters(
                "Alternatives in braces may lie {most} deep in each other, and these lie deeper. Make them simpler.",
                most=MAX_DEPTH,
            )
        key = self._key(self._text[opens : closes + 1])
        low, high, separator, start = self._picks(opens + 1, closes)
        options = []
        for first, last in self._options(start, closes):
            weight, text = split_weight(self._text[first:last])
            options.append(Option(weight, self.sequence(last - len(text), last, depth)))
        return Choice(tuple(options), key, low, high, separator)

    def _picks(self, start: int, end: int) -> tuple[int, int | None, str, int]:
        match = _PICKS.match(self._text, start, end)
        if match is None or not (match["low"] or match["high"]):
            return 1, 1, SEPARATOR, start
        separator = SEPARATOR if match["separator"] is None else match["separator"]
        low = int(match["low"] or 0)
        high = (int(match["high"]) if match["high"] else None) if match["range"] else low
        return low, high, separator, match.end()

    def _options(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where each option starts and ends."""
        bars, at = [], start
        while at < end:
            if at in self._closes:
                at = self._closes[at]
            elif self._text[at] == "\\":
                at += 1
            elif self._text[at] == "|":
                bars.append(at)
            at += 1
        return list(zip([start, *(bar + 1 for bar in bars)], [*bars, end], strict=True))

    def _key(self, source: str) -> str:
        """Its own words and which of its like it is, so that what stands around it does not matter."""
        self._seen[source] += 1
        return f"{source}#{self._seen[source]}"


def _matching_braces(text: str) -> dict[int, int]:
    """Where each brace that is closed opens and closes."""
    closes: dict[int, int] = {}
    open_at: list[int] = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "{":
            open_at.append(at)
        elif text[at] == "}" and open_at:
            closes[open_at.pop()] = at
        at += 1
    return closes
