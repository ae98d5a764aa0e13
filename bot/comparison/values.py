"""The values of an axis, understood: what each changes of the parameters, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.comparison.axes import LORA_PREFIX, OFF, AxisKind, Kind
from bot.comparison.splitting import expand, is_number, number, split
from bot.errors import InvalidParameters, LoraUnusable
from bot.explanations import NESTED
from bot.layers import REFINER_FROM, bucket, clamp, find_spacing, random_seed, written_pair
from bot.loras import find_lora
from bot.model_info import ModelInfo
from bot.parameters import MAX_LORA_WEIGHT, MAX_SEED, UNKNOWN, UNLIKE_ANY, Lora, quoted
from bot.prompts import PromptReader
from bot.prompts.loras import read_lora
from bot.scheduler_names import find_scheduler, nearest_schedulers
from bot.sentences import Sentence

WRONG: Mapping[Kind, str] = {
    Kind.WHOLE: "{axis} takes whole numbers, as in {example}, not {value}.",
    Kind.NUMBER: "{axis} takes numbers, as in {example}, not {value}.",
    Kind.WEIGHT: "{axis} takes weights from -2 to 2, as in {example}, not {value}.",
    Kind.SEED: "{axis} takes whole numbers or random, as in {example}, not {value}.",
    Kind.REFINER: "{axis} takes off or where the refiner takes over, as in {example}, not {value}.",
    Kind.SIZE: "{axis} takes width x height in pixels, as in {example}, not {value}.",
    Kind.CORNER: "{axis} takes top x left in pixels, as in {example}, not {value}.",
    Kind.TIMESTEPS: "{axis} takes whole numbers with commas, and a bar between lists, as in {example}, not {value}.",
}
CLAMPED = "{axis} {value} → {limit}: that is as far as it goes here"
TWICE = "{axis} {value} is there twice: it is drawn once"
#: Whole numbers that may also be none at all.
SWITCHED = ("clip_skip", "padding_mask_crop")
NONE = ("off", "none", "no", "base", "base alone", "alone", "without")

_PAIR = re.compile(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", re.IGNORECASE)
_RANDOM = re.compile(r"random(?:\s*[x×*(]?\s*(\d{1,2})\s*\)?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Value:
    """One value: how it is written, and what it changes, or which words of the prompt give way to which.

    `remarks` say what was changed of it.
    """

    text: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    replaced: tuple[str, str] | None = None
    remarks: tuple[Sentence, ...] = ()


class ValueReader:
    """Reads values for one model, with the styles and LoRAs that are there."""

    def __init__(
        self, model: ModelInfo, prompts: PromptReader, loras: Path | None, upscalers: Sequence[str] = ()
    ) -> None:
        self._upscalers = upscalers
        self._model = model
        self._prompts = prompts
        self._loras = loras
        self._readers: Mapping[Kind, Callable[[AxisKind, str], Value]] = {
            Kind.SEED: self._seed,
            Kind.REFINER: self._refiner,
            Kind.NAME: self._name,
            Kind.UPSCALER: self._upscaler,
            Kind.STYLE: self._style,
            Kind.LORA: self._lora,
            Kind.WEIGHT: self._weight,
            Kind.RATIO: self._ratio,
            Kind.SIZE: self._pair,
            Kind.CORNER: self._pair,
            Kind.TIMESTEPS: self._timesteps,
            Kind.TEXT: self._text,
        }

    def read(self, axis: AxisKind, typed: str | tuple[str, ...]) -> tuple[list[Value], list[Sentence]]:
        """The values in order, each once and within its limits, and what was changed of them.

        Raises `InvalidParameters` or `LoraNotFound` with what would be right.
        """
        parts = split(typed, axis.kind) if isinstance(typed, str) else list(typed)
        values: dict[str, Value] = {}
        remarks: list[Sentence] = []
        for part in self._expanded(axis, parts):
            if axis.kind is Kind.REPLACED:
                value = Value(part, replaced=(parts[0], part))
            else:
                value = self._within(axis, self._readers.get(axis.kind, self._number)(axis, part))
            remarks += value.remarks
            if value.text in values and not value.remarks:
                remarks.append(Sentence.of(TWICE, axis=axis.name, value=value.text))
            values.setdefault(value.text, value)
        return list(values.values()), remarks

    def _expanded(self, axis: AxisKind, parts: list[str]) -> list[str]:
        if axis.kind is Kind.SEED:
            parts = [each for part in parts for each in _randoms(part)]
        if axis.kind in (Kind.WHOLE, Kind.NUMBER, Kind.WEIGHT, Kind.SEED, Kind.REFINER):
            return [value for part in parts for value in expand(part, axis)]
        return parts

    def _within(self, axis: AxisKind, value: Value) -> Value:
        """The value brought within what this model takes."""
        given = value.changes.get(axis.field)
        if axis.kind not in (Kind.WHOLE, Kind.NUMBER, Kind.REFINER, Kind.SIZE, Kind.CORNER) or given is None:
            return value
        changes, remarks = clamp({axis.field: given}, self._model)
        limit = changes[axis.field]
        if limit is None:
            return Value(OFF, changes, remarks=tuple(remarks))
        if axis.kind in (Kind.SIZE, Kind.CORNER):
            return Value(written_pair(axis.field, limit), changes, remarks=tuple(remarks))
        return _numbered(axis, limit, *remarks)

    def _number(self, axis: AxisKind, part: str) -> Value:
        if axis.field in SWITCHED and part.casefold() in NONE:
            return Value(OFF, {axis.field: None})
        given = number(part) if is_number(part) else None
        if given is None or (axis.kind is Kind.WHOLE and given != int(given)):
            raise _wrong(axis, part)
        return _numbered(axis, int(given) if axis.kind is Kind.WHOLE else given)

    def _seed(self, axis: AxisKind, part: str) -> Value:
        # The nearest seed would make another picture than the one that somebody means.
        if part.casefold() == "random":
            return _numbered(axis, random_seed())
        if not part.isdecimal() or int(part) > MAX_SEED:
            raise _wrong(axis, part)
        return _numbered(axis, int(part))

    def _refiner(self, axis: AxisKind, part: str) -> Value:
        if part.casefold() in NONE:
            return Value(OFF, {axis.field: None})
        if part.casefold() == "on":
            return _numbered(axis, REFINER_FROM)
        return self._number(axis, part)

    def _name(self, axis: AxisKind, part: str) -> Value:
        if axis.field == "timestep_spacing":
            spacing = find_spacing(part)
            if spacing is None:
                raise InvalidParameters(NESTED[axis.field], title=axis.name)
            return Value(spacing, {axis.field: spacing})
        known = find_scheduler(part)
        if known is None:
            near = ", ".join(nearest_schedulers(part))
            raise InvalidParameters(UNKNOWN if near else UNLIKE_ANY, title=axis.name, value=quoted(part), nearest=near)
        return Value(known, {axis.field: known})

    def _upscaler(self, axis: AxisKind, part: str) -> Value:
        if part.casefold() in NONE:
            return Value(OFF, {axis.field: None})
        name = next((each for each in self._upscalers if each.casefold() == part.casefold()), part)
        return Value(name, {axis.field: name})

    def _style(self, axis: AxisKind, part: str) -> Value:
        if part.casefold() in NONE:
            return Value(OFF, {"style": None})
        style = self._prompts.styles.get(part)
        return Value(style.name, {"style": style.name})

    def _lora(self, axis: AxisKind, part: str) -> Value:
        if part.casefold() in NONE:
            return Value(OFF, {axis.field: ()})
        lora, remarks = read_lora(part, part)
        self._check_lora(lora.name)
        return Value(f"{lora.name}:{lora.weight:g}", {axis.field: (lora,)}, remarks=tuple(remarks))

    def _weight(self, axis: AxisKind, part: str) -> Value:
        if not is_number(part):
            raise _wrong(axis, part)
        name = axis.name.removeprefix(LORA_PREFIX)
        weight = _limited(number(part), -MAX_LORA_WEIGHT, MAX_LORA_WEIGHT)
        self._check_lora(name)
        remarks = tuple(_clamped(axis, number(part), weight))
        return Value(f"{weight:g}", {axis.field: (Lora(name=name, weight=weight),)}, remarks=remarks)

    def _check_lora(self, name: str) -> None:
        if self._loras is None:
            return
        try:
            fits = find_lora(self._loras, name).fits(self._model)
        except LoraUnusable as error:
            raise InvalidParameters.of(error.sentences) from error
        if not fits:
            raise InvalidParameters("The LoRA {name} does not fit {model}.", name=quoted(name), model=self._model.name)

    def _ratio(self, axis: AxisKind, part: str) -> Value:
        width, height = bucket(part, self._model.native_size)
        return Value(part, {"width": width, "height": height})

    def _pair(self, axis: AxisKind, part: str) -> Value:
        if axis.kind is Kind.SIZE and part.casefold() in NONE:
            return Value(OFF, {axis.field: None})
        match = _PAIR.fullmatch(part)
        if match is None:
            raise _wrong(axis, part)
        first, second = int(match[1]), int(match[2])
        # Sizes are typed width first; the parameters have the height first, as diffusers.
        pair = (second, first) if axis.kind is Kind.SIZE else (first, second)
        return Value(f"{first}x{second}", {axis.field: pair})

    def _timesteps(self, axis: AxisKind, part: str) -> Value:
        numbers = [each.strip() for each in part.split(",")]
        if not all(each.isdecimal() for each in numbers):
            raise _wrong(axis, part)
        return Value(", ".join(numbers), {"timesteps": tuple(map(int, numbers))})

    def _text(self, axis: AxisKind, part: str) -> Value:
        if part.casefold() in NONE:
            return Value(OFF, {axis.field: "" if axis.field == "negative_prompt" else None})
        return Value(part, {axis.field: part})


def _numbered(axis: AxisKind, value: float, *remarks: Sentence) -> Value:
    return Value(str(value) if isinstance(value, int) else f"{value:g}", {axis.field: value}, remarks=remarks)


def _limited(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))


def _clamped(axis: AxisKind, value: float, limit: float) -> list[Sentence]:
    if limit == value:
        return []
    return [Sentence.of(CLAMPED, axis=axis.name, value=f"{value:g}", limit=f"{limit:g}")]


def _randoms(part: str) -> list[str]:
    match = _RANDOM.fullmatch(part)
    return [part] if match is None else ["random"] * int(match[1] or 1)


def _wrong(axis: AxisKind, part: str) -> InvalidParameters:
    return InvalidParameters(WRONG[axis.kind], axis=axis.name, example=axis.example, value=quoted(part))
