"""What is offered while somebody types the values of an axis: the usual ones, and names to go on with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.comparison.axes import MAX_SUGGESTIONS, OFF, AxisKind, Kind, find_axis
from bot.layers import SPACINGS
from bot.parameters import ASPECT_RATIOS
from bot.scheduler_names import SCHEDULERS

#: The longest text that a menu of Discord's takes.
MAX_LENGTH = 100
#: Values of which nobody has a list.
NUMBERS = (Kind.WHOLE, Kind.NUMBER, Kind.REFINER, Kind.SIZE, Kind.CORNER)


def suggest_values(axis: str, typed: str, names: Mapping[Kind, Sequence[str]], usual: str) -> list[str]:
    """At most 25 ways to go on. `names` are the styles and others that there are, `usual` the axis' usual values."""
    kind = find_axis(axis)
    if kind is None:
        return []
    begun, _, last = typed.rpartition(",")
    taken = [each.strip().casefold() for each in begun.split(",")]
    wanted = last.strip().casefold()
    known = [name for name in _known(kind, names) if name.casefold() not in taken]
    fitting = [name for name in known if name.casefold().startswith(wanted)]
    fitting += [name for name in known if wanted in name.casefold() and name not in fitting]
    head = f"{begun.strip()}, " if begun else ""
    whole = [usual] if usual.casefold().startswith(typed.strip().casefold()) else []
    suggestions = dict.fromkeys([*whole, *(head + name for name in fitting)])
    if not suggestions and kind.kind in NUMBERS:
        suggestions = dict.fromkeys(_more_numbers(typed.strip().rstrip(","), usual))
    return [text for text in suggestions if text and len(text) <= MAX_LENGTH][:MAX_SUGGESTIONS]


def _more_numbers(typed: str, usual: str) -> Iterator[str]:
    """What was typed goes on with the usual values that are not among it: all of them, or one."""
    there = [each.strip() for each in typed.split(",")]
    others = [each for each in usual.split(", ") if each not in there]
    if len(there) > 1:
        yield typed
    if others:
        yield ", ".join([typed, *others])
    for other in others:
        yield f"{typed}, {other}"


def _known(axis: AxisKind, names: Mapping[Kind, Sequence[str]]) -> Sequence[str]:
    if axis.field == "scheduler":
        return list(SCHEDULERS)
    if axis.field == "timestep_spacing":
        return list(SPACINGS)
    if axis.kind is Kind.RATIO:
        return list(ASPECT_RATIOS)
    if axis.kind in (Kind.STYLE, Kind.LORA, Kind.UPSCALER):
        return [OFF, *names.get(axis.kind, ())]
    return []
