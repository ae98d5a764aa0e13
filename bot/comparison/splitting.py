"""What is typed as the values of an axis, taken apart: lists, and ranges such as `20-40 by 10` or `0.5..1 (3)`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.comparison import MAX_CELLS
from bot.comparison.axes import AxisKind, Kind
from bot.errors import InvalidParameters
from bot.parameters import quoted

TOO_MANY = "{axis} {values} has {count} values, and a sheet has at most {most} pictures. Take fewer, as in {example}."
HOW_MANY = "Say how many values of {axis} lie in {values}, as in {example}."

#: What ends a value where it stands, whatever commas mean in the others.
_STRONG = re.compile(r"[|;\n]")
_COMMA = re.compile(r"[|;\n,]")
_BAR = re.compile(r"[|\n]")
#: Where commas belong to the values.
_WITH_COMMAS = frozenset((Kind.TEXT, Kind.TIMESTEPS))

_NUMBER = r"[+-]?(?:\d{1,12}(?:[.,]\d{1,9})?|[.,]\d{1,9})%?"
_RANGE = re.compile(
    rf"(?P<low>{_NUMBER})\s*(?:\.{{2,3}}|…|[-–—]|to)\s*(?P<high>{_NUMBER})"
    rf"(?:\s*(?:by|step|\(\s*\+)\s*(?P<by>{_NUMBER})\s*\)?|\s*[(\[x×]\s*(?P<count>\d{{1,6}})\s*[)\]]?)?",
    re.IGNORECASE,
)
#: Rounding that takes away what binary fractions add.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`: so many, or so far apart."""

    low: float
    high: float
    by: float | None
    count: int | None

    def __len__(self) -> int:
        if self.count is not None:
            return self.count
        return int(abs(self.high - self.low) / abs(self.by or 1) + 1e-6) + 1

    @property
    def is_plain(self) -> bool:
        """Whether it says what lies between its ends; whole ends mean each whole number."""
        whole = self.low == int(self.low) and self.high == int(self.high)
        return bool(self.by) or self.count is not None or (self.by is None and whole)

    def numbers(self) -> list[float]:
        """The numbers in order."""
        if len(self) < 2:
            return [self.low]
        step = (self.high - self.low) / (len(self) - 1)
        if self.count is None:
            step = abs(self.by or 1) * (1 if self.high >= self.low else -1)
        return [round(self.low + index * step, _DIGITS) for index in range(len(self))]


def split(text: str, kind: Kind) -> list[str]:
    """The values of a list, each as it was typed."""
    if kind is Kind.TIMESTEPS:
        separator = _STRONG
    elif kind in _WITH_COMMAS or (kind is Kind.REPLACED and _BAR.search(text)):
        separator = _BAR
    else:
        # With semicolons or bars between the values, commas are decimal.
        separator = _STRONG if _STRONG.search(text) else _COMMA
    return [part.strip() for part in separator.split(text) if part.strip()]


def expand(part: str, axis: AxisKind) -> list[str]:
    """The values of one part: those of a range, or itself. Raises `InvalidParameters` for one without an end."""
    match = _RANGE.fullmatch(part)
    if match is None:
        return [part]
    by, count = match["by"], match["count"]
    whole = Range(
        number(match["low"]), number(match["high"]), None if by is None else number(by), int(count) if count else None
    )
    values = {"axis": axis.name, "values": quoted(part).strip("“”"), "example": axis.example}
    if not whole.is_plain or not len(whole):
        low, high = match["low"], match["high"]
        raise InvalidParameters(HOW_MANY, **{**values, "example": f"{low}..{high} (4)"})
    if len(whole) > MAX_CELLS:
        raise InvalidParameters(TOO_MANY, count=f"{len(whole):,}", most=MAX_CELLS, **values)
    if axis.kind is Kind.WHOLE:
        return [f"{round(value)}" for value in whole.numbers()]
    return [f"{value:.10g}" for value in whole.numbers()]


def is_number(text: str) -> bool:
    """Whether it is one, with point or comma, or a percentage."""
    return re.fullmatch(_NUMBER, text) is not None


def number(text: str) -> float:
    """That number; 70% is 0.7."""
    value = float(text.rstrip("%").replace(",", "."))
    return value / 100 if text.endswith("%") else value
