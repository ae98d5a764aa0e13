"""Flags read: what each says in the fields of `Parameters`, or in a sentence what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.errors import InvalidParameters
from bot.layers import bucket
from bot.parameters import SIZES, Lora, quoted
from bot.prompts.flag_table import FOREIGN, Flag, Kind
from bot.prompts.flag_text import BY_NAME, Use, find_flags, folded, nearest_flags, without
from bot.prompts.loras import read_loras
from bot.prompts.mistakes import take_each
from bot.prompts.shapes import is_exactly, nearest_aspect_ratio, read_ratio
from bot.prompts.styles import NO_STYLE, Styles
from bot.scheduler_names import find_scheduler
from bot.sentences import Sentence

WRONG: Mapping[Kind, str] = {
    Kind.WHOLE: "{flag} takes a whole number, as in {example}, not {value}.",
    Kind.NUMBER: "{flag} takes a number, as in {example}, not {value}.",
    Kind.SEED: "{flag} takes a whole number or random, as in {example}, not {value}.",
    Kind.RATIO: "{flag} takes a shape, as in {example} or --ar wide, not {value}.",
    Kind.SIZE: "{flag} takes width x height in pixels, as in {example}, not {value}.",
    Kind.PAIR: "{flag} takes two whole numbers, top and left, as in {example}, not {value}.",
    Kind.REFINER: "{flag} takes on, off, or where the refiner takes over, as in {example}, not {value}.",
    Kind.SWITCH: "{flag} takes on or off, not {value}.",
    Kind.NUMBERS: "{flag} takes whole numbers with commas, as in {example}, not {value}.",
}
MISSING = "{flag} needs a value, as in {example}."
UNKNOWN = "{flag} is unknown. Nearest: {nearest}. In double quotes it stays text."
UNLIKE_ANY = "{flag} is unknown. Flags are called as the options of /imagine are. In double quotes it stays text."
TWO_SIZES = "The prompt says its size twice: {first} and {second}. Leave one of the two out."
NEAREST_SHAPE = "--ar {ratio} → {nearest} ({width} × {height}): the nearest shape that the model was trained on"
FOREIGN_FLAG = "{flag} is Midjourney's and does nothing here"
FOREIGN_FLAG_INSTEAD = "{flag} is Midjourney's and does nothing here; {instead} comes nearest"
LAST_COUNTS = "{flag} is there twice: the last one counts"

_WHOLE = re.compile(r"[+-]?\d{1,12}")
_NUMBER = re.compile(r"([+-]?(?:\d{1,9}(?:[.,]\d{0,9})?|[.,]\d{1,9}))(%?)")
_ON = ("on", "yes", "true")
_OFF = ("off", "no", "none", "false")
_SIZE = re.compile(r"(\d{1,5})\s*[x×*,]\s*(\d{1,5})", re.IGNORECASE)


@dataclass
class Said:
    """What the flags of a prompt say. `typed` is the flag behind each field; `text` is the prompt without them.

    A refiner that is `...` is on, wherever it takes over otherwise. Among the fields is `draft`, which says several:
    `bot.drafting.drafted` has what it stands for.
    """

    text: str
    fields: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    negatives: list[str] = field(default_factory=list)
    loras: list[Lora] = field(default_factory=list)
    remarks: list[Sentence] = field(default_factory=list)

    @property
    def changes(self) -> dict[str, Any]:
        """All that they say in the fields of `Parameters`, and `draft`."""
        changes = dict(self.fields)
        if self.negatives:
            changes["negative_prompt"] = ", ".join(self.negatives)
        if self.loras:
            changes["loras"] = tuple(self.loras)
        return changes


class Line(Use):
    """A flag as a line of its own, without dashes."""

    @property
    def typed(self) -> str:
        return f"{self.name}:"


class FlagReader:
    """Reads flags for one model: shapes are its own sizes."""

    def __init__(self, native_size: int, styles: Styles) -> None:
        self._native_size = native_size
        self._styles = styles

    def read(self, text: str) -> Said:
        """What the flags in `text` say. Raises `InvalidParameters` with a sentence for each that is wrong."""
        uses = find_flags(text, self._is_known)
        said = Said(without(text, uses))
        take_each(uses, lambda use: self._take(use, said))
        return said

    def without(self, text: str, fields: Collection[str]) -> str:
        """`text` without the flags that say these fields of `Parameters`; one within alternatives stays."""
        names = {*fields, *(("size",) if SIZES & set(fields) else ())}
        uses = [use for use in find_flags(text, self._is_known) if use.flag is not None and use.flag.field in names]
        return without(text, [use for use in uses if text.count("{", 0, use.start) <= text.count("}", 0, use.start)])

    def split(self, text: str) -> tuple[str, str]:
        """The words of `text`, and its flags as they were typed; all are words where a flag lies in alternatives."""
        uses = find_flags(text, self._is_known)
        if any(text.count("{", 0, use.start) > text.count("}", 0, use.start) for use in uses):
            return text, ""
        return without(text, uses), " ".join(text[use.start : use.end] for use in uses)

    def seed_in(self, text: str) -> int | None:
        """The seed that a flag names, as far as it is plain before any words are drawn."""
        seeds = [use.value for use in find_flags(text, self._is_known) if use.flag and use.flag.field == "seed"]
        return int(seeds[-1]) if seeds and seeds[-1] and _WHOLE.fullmatch(seeds[-1]) and int(seeds[-1]) >= 0 else None

    def read_line(self, name: str, value: str, kind: type[Use] = Line) -> Said | None:
        """What a line of settings says, which is a flag without its dashes: `steps: 30`. None for an unknown name.

        With the `kind` `Use` it is spoken of as an option, with the dashes.

        Raises `InvalidParameters` with a sentence for a wrong value.
        """
        flag = BY_NAME.get(folded(name).replace(" ", "-"))
        if flag is None:
            return None
        said = Said("")
        self._take(kind(name, flag, value, 0, 0), said)
        return said

    def _is_known(self, kind: Kind, words: str) -> bool:
        if kind is Kind.SCHEDULER:
            return _scheduler(words) is not None
        return self._styles.find(words) is not None or words.casefold() in NO_STYLE

    def _take(self, use: Use, said: Said) -> None:
        if use.flag is None:
            said.remarks.append(_foreign(use))
            return
        if use.value is None:
            raise InvalidParameters(MISSING, flag=use.typed, example=f"{use.typed} {use.flag.example}")
        if use.flag.field == "negative_prompt":
            said.negatives.append(use.value)
        elif use.flag.kind is Kind.LORA:
            loras, remarks = read_loras(use.value, use.typed)
            said.loras += loras
            said.remarks += remarks
        else:
            self._set(use, self._fields(use, use.flag, use.value, said), said)

    def _set(self, use: Use, fields: Mapping[str, Any], said: Said) -> None:
        is_bare = use.flag is not None and use.flag.kind is Kind.SWITCH
        typed = use.typed if is_bare else f"{use.typed} {quoted(use.value).strip('“”')}"
        for name, value in fields.items():
            before = said.typed.get(name)
            if before is not None and said.fields[name] != value:
                if name in SIZES and before.split()[0] != use.typed:
                    raise InvalidParameters(TWO_SIZES, first=before, second=typed)
                said.remarks.append(Sentence.of(LAST_COUNTS, flag=use.typed))
            said.fields[name], said.typed[name] = value, typed

    def _fields(self, use: Use, flag: Flag, value: str, said: Said) -> dict[str, Any]:
        if flag.kind is Kind.RATIO:
            ratio = read_ratio(value)
            if ratio is None:
                raise _wrong(use, flag)
            return self._shape(*ratio, said)
        if flag.kind is Kind.STYLE:
            return {"style": None if value.casefold() in NO_STYLE else self._styles.get(value).name}
        read = _READERS[flag.kind](value)
        if read is WRONG_VALUE:
            raise _wrong(use, flag)
        if flag.field == "size":
            return {"height": read[0], "width": read[1]}
        return {flag.field: read}

    def _shape(self, typed: str, ratio: float, said: Said) -> dict[str, Any]:
        nearest = nearest_aspect_ratio(ratio)
        width, height = bucket(nearest, self._native_size)
        if not is_exactly(ratio, nearest):
            said.remarks.append(Sentence.of(NEAREST_SHAPE, ratio=typed, nearest=nearest, width=width, height=height))
        return {"width": width, "height": height}


#: What a reader gives for what it cannot read; None is a value.
WRONG_VALUE = object()


def _wrong(use: Use, flag: Flag) -> InvalidParameters:
    return InvalidParameters(
        WRONG[flag.kind], flag=use.typed, example=f"{use.typed} {flag.example}", value=quoted(use.value)
    )


def _foreign(use: Use) -> Sentence:
    foreign = FOREIGN.get(use.name)
    if foreign is None:
        near = ", ".join(nearest_flags(use.name))
        raise InvalidParameters(UNKNOWN if near else UNLIKE_ANY, flag=use.typed, nearest=near)
    if foreign.instead is None:
        return Sentence.of(FOREIGN_FLAG, flag=use.typed)
    return Sentence.of(FOREIGN_FLAG_INSTEAD, flag=use.typed, instead=foreign.instead)


def _whole(value: str) -> Any:
    return int(value) if _WHOLE.fullmatch(value) else WRONG_VALUE


def _seed(value: str) -> Any:
    # -1 is how others say “random”.
    return None if value.casefold() in ("random", "-1") else _whole(value)


def _number(value: str) -> Any:
    match = _NUMBER.fullmatch(value)
    if match is None:
        return WRONG_VALUE
    number = float(match[1].replace(",", "."))
    return number / 100 if match[2] else number


def _refiner(value: str) -> Any:
    if value.casefold() in _OFF:
        return None
    if value.casefold() in _ON:
        return ...
    number = _number(value)
    # To switch at the very end is never to switch.
    return None if number == 1 else number


def _switch(value: str) -> Any:
    return value.casefold() in _ON if value.casefold() in (*_ON, *_OFF) else WRONG_VALUE


def _size(value: str) -> Any:
    match = _SIZE.fullmatch(value)
    return WRONG_VALUE if match is None else (int(match[2]), int(match[1]))


def _pair(value: str) -> Any:
    match = _SIZE.fullmatch(value)
    return WRONG_VALUE if match is None else (int(match[1]), int(match[2]))


def _numbers(value: str) -> Any:
    numbers = [number.strip() for number in value.split(",")]
    return tuple(map(int, numbers)) if all(_WHOLE.fullmatch(number) for number in numbers) else WRONG_VALUE


def _text(value: str) -> Any:
    return value


def _scheduler(value: str) -> str | None:
    return find_scheduler(value) or find_scheduler(value.casefold().replace("pp", "++"))


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.WHOLE: _whole,
    Kind.SEED: _seed,
    Kind.NUMBER: _number,
    Kind.REFINER: _refiner,
    Kind.SIZE: _size,
    Kind.PAIR: _pair,
    Kind.NUMBERS: _numbers,
    Kind.SWITCH: _switch,
    Kind.WORD: _text,
    Kind.TEXT: _text,
    # The unknown one is refused by `Parameters`, with its nearest.
    Kind.SCHEDULER: lambda value: _scheduler(value) or value,
}
