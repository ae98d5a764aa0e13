"""From a request and its axes to the cells of a sheet: every cell as `/imagine` would have it, with one seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from bot.area import smaller
from bot.comparison import MAX_AXES, MAX_CELLS, AskedAxis, Axis, Comparison
from bot.comparison.axes import OFF, AxisKind, Kind, find_axis, get_axis, label, suggest_axes
from bot.comparison.suggestions import suggest_values
from bot.comparison.values import Value, ValueReader
from bot.drafting import IS_DRAFT
from bot.effects import idle_settings
from bot.errors import InvalidParameters, RequestRejected
from bot.layers import clamp, fewer_steps, fitting_size, merge, random_seed
from bot.loras import list_loras
from bot.model_info import ModelInfo
from bot.parameters import NEEDS_IMAGE, NEEDS_MASK, SIZES, Lora, Parameters, quoted, title
from bot.prompts import OPTION_COUNTS, SIZE_COUNTS, PromptReader
from bot.prompts.loras import merge_loras
from bot.sentences import Sentence

ONE_EACH = Sentence("a sheet has one picture of each: the number of images does nothing here")
AXIS_COUNTS = "{axis}: the sheet's values count, not {flag} in the prompt"
TOO_FEW = "{axis} has one value, and a sheet compares at least two. Add one, as in {example}."
NO_VALUES = "Say which values of {axis} to compare, as in {example}."
TOO_MANY = "{values} values of {axis} are {count} pictures, and a sheet has at most {most}. Leave some out."
TOO_MANY_TWO = (
    "{across} values of {axis} times {down} of {second} are {count} pictures, and a sheet has at most {most}. "
    "Leave some out."
)
SAME_AXIS = "{first} and {second} change the same. Choose another axis."
NOT_IN_PROMPT = "{value} is not in the prompt. The first value of {axis} is what the others take the place of."

COUNTS = frozenset((OPTION_COUNTS, SIZE_COUNTS, AXIS_COUNTS))

#: What may follow from something else, and then differs from cell to cell without having been asked for.
FOLLOWING = frozenset(("strength", "timesteps"))

#: Usual widths and heights, of the side of the square that the model was trained on.
SIZE_SHARES = (0.75, 1, 1.25)

#: An axis, and its values in order.
Side = tuple[AxisKind, list[Value]]


class Comparer:
    """Reads what is to be compared. It looks into files, so it works in a thread, not on the loop."""

    def __init__(
        self, model: ModelInfo, prompts: PromptReader, loras: Path | None = None, upscalers: Sequence[str] = ()
    ) -> None:
        self._model = model
        self._prompts = prompts
        self._values = ValueReader(model, prompts, loras, upscalers)
        self._loras = loras
        self._upscalers = upscalers

    def compare(
        self, said: Mapping[str, Any], beneath: Mapping[str, Any], asked: Sequence[AskedAxis]
    ) -> tuple[Comparison, list[Sentence]]:
        """The sheet of a request, and remarks on what was changed of it. Raises `RequestRejected`."""
        sides, remarks = self._sides(asked)
        said, layers = dict(said), dict(beneath)
        _check_inputs(sides, {**layers, **said})
        if any(axis.field == "variation_strength" for axis, _ in sides):
            # One seed to turn to, unless somebody names another.
            layers.setdefault("variation_seed", random_seed())
        cells: list[Parameters] = []
        read: list[Sentence] = []
        # The second axis runs down: its value stays while the first runs through.
        for chosen in product(*(values for _, values in reversed(sides))):
            values = tuple(reversed(chosen))
            changes = _changed(said, sides, values)
            try:
                cell, sentences = self._cell(changes, layers, sides)
            except RequestRejected as error:
                self._check_without_axes(said, layers, sides, error)
                at = ", ".join(label(axis.name, value.text) for (axis, _), value in zip(sides, values, strict=True))
                raise InvalidParameters.of([Sentence.of("At {cell}:", cell=quoted(at)), *error.sentences]) from error
            cells.append(cell)
            # What the prompt says against an option, the first cell has said.
            read += sentences if len(cells) == 1 else [each for each in sentences if each.template not in COUNTS]
            said["seed"] = cells[0].seed
        axes = tuple(Axis(axis.name, tuple(value.text for value in values)) for axis, values in sides)
        return Comparison(axes, tuple(cells)), list(dict.fromkeys([*remarks, *read]))

    def again(self, comparison: Comparison) -> list[AskedAxis]:
        """The same axes, to be asked for anew; seeds are drawn anew."""
        return [
            AskedAxis(axis.name, ("random",) * len(axis.values) if get_axis(axis.name).field == "seed" else axis.values)
            for axis in comparison.axes
        ]

    def typed(self, comparison: Comparison) -> dict[str, Any]:
        """What was asked for beside the axes, to be asked for anew."""
        asked = self._prompts.typed(comparison.cells[0])
        of_axes = {field for axis in comparison.axes for field in get_axis(axis.name).fields}
        for name in FOLLOWING & comparison.varied - of_axes:
            asked.pop(name, None)
        return asked

    def suggest_axes(self, typed: str) -> list[AxisKind]:
        """Axes for what has been typed so far, with the LoRAs that there are."""
        return suggest_axes(typed, self._lora_names())

    def suggest_values(self, axis: str, typed: str) -> list[str]:
        """Values for what has been typed so far."""
        names = {
            Kind.STYLE: self._prompts.styles.names,
            Kind.LORA: self._lora_names(),
            Kind.UPSCALER: self._upscalers,
        }
        kind = find_axis(axis)
        return [] if kind is None else suggest_values(axis, typed, names, self._usual(kind) or kind.example)

    def _lora_names(self) -> list[str]:
        return [] if self._loras is None else [lora.name for lora in list_loras(self._loras) if lora.fits(self._model)]

    def _sides(self, asked: Sequence[AskedAxis]) -> tuple[list[Side], list[Sentence]]:
        sides: list[Side] = []
        remarks: list[Sentence] = []
        for each in asked[:MAX_AXES]:
            axis = get_axis(each.name)
            for other, _ in sides:
                if axis.fields & other.fields and axis.kind is not Kind.REPLACED:
                    raise InvalidParameters(SAME_AXIS, first=other.name, second=axis.name)
            usual = self._usual(axis)
            if not each.values and not usual:
                raise InvalidParameters(NO_VALUES, axis=axis.name, example=axis.example)
            values, changed = self._values.read(axis, each.values or usual)
            if len(values) < 2:
                raise InvalidParameters(TOO_FEW, axis=axis.name, example=axis.example)
            sides.append((axis, values))
            remarks += changed
        _check_count(sides)
        return sides, remarks

    def _usual(self, axis: AxisKind) -> str:
        """Values that show something, for who names none; empty where nothing can be guessed."""
        if axis.kind in (Kind.REPLACED, Kind.TEXT, Kind.LORA):
            return ""
        if axis.kind is Kind.STYLE:
            return ", ".join(["off", *self._prompts.styles.names[:3]])
        if axis.kind is Kind.UPSCALER and self._upscalers:
            return ", ".join([OFF, *self._upscalers])
        if axis.field in SIZES and axis.kind is Kind.WHOLE:
            return ", ".join(str(fitting_size(self._model.native_size * share)) for share in SIZE_SHARES)
        return axis.example

    def _check_without_axes(
        self, said: Mapping[str, Any], layers: Mapping[str, Any], sides: Sequence[Side], wrong: RequestRejected
    ) -> None:
        """Raises `wrong` as it is when the axes have no part in it."""
        try:
            self._cell(said, layers, sides)
        except RequestRejected as error:
            if str(error) == str(wrong):
                raise wrong from error

    def _cell(
        self, said: Mapping[str, Any], layers: Mapping[str, Any], sides: Sequence[Side]
    ) -> tuple[Parameters, list[Sentence]]:
        changes, read = self._prompts.read(said, layers)
        within, clamped = clamp(changes, self._model)
        parameters = merge(self._model, layers, within)
        # What is said of a draft is said of its buttons, which a sheet has not.
        remarks = [each for each in _about_axes(read, sides) if each.template != IS_DRAFT]
        remarks += [*clamped, *fewer_steps(parameters, layers, within), *idle_settings(parameters, within)]
        remarks += smaller(parameters, self._model, layers, within)
        if parameters.draft:
            parameters = parameters.model_copy(update={"draft": False})
        if parameters.num_images_per_prompt > 1:
            parameters = parameters.model_copy(update={"num_images_per_prompt": 1})
            remarks.append(ONE_EACH)
        return parameters, remarks


def _check_inputs(sides: Sequence[Side], whole: Mapping[str, Any]) -> None:
    """Raises `InvalidParameters` for an axis that needs a picture where there is none."""
    for axis, _ in sides:
        if axis.input is not None and not whole.get(axis.input):
            needs = NEEDS_IMAGE if axis.input == "image" else NEEDS_MASK
            raise InvalidParameters(needs, title=axis.name)


def _check_count(sides: Sequence[Side]) -> None:
    counts = [len(values) for _, values in sides]
    count = counts[0] * (counts[1] if len(counts) > 1 else 1)
    if count <= MAX_CELLS:
        return
    names = {"axis": sides[0][0].name, "count": count, "most": MAX_CELLS}
    if len(sides) == 1:
        raise InvalidParameters(TOO_MANY, values=counts[0], **names)
    raise InvalidParameters(TOO_MANY_TWO, across=counts[0], down=counts[1], second=sides[1][0].name, **names)


def _changed(said: Mapping[str, Any], sides: Sequence[Side], values: Sequence[Value]) -> dict[str, Any]:
    """What is said of one cell."""
    cell = dict(said)
    for (axis, others), value in zip(sides, values, strict=True):
        if value.replaced is not None:
            cell["prompt"] = _replaced(str(cell.get("prompt", "")), *value.replaced, axis)
        elif "loras" in value.changes:
            cell["loras"] = _loras(cell.get("loras") or (), others, value)
        else:
            cell |= value.changes
    return cell


def _replaced(prompt: str, old: str, new: str, axis: AxisKind) -> str:
    if old not in prompt:
        raise InvalidParameters(NOT_IN_PROMPT, value=quoted(old), axis=axis.name)
    return prompt.replace(old, new)


def _loras(said: Iterable[Any], others: Sequence[Value], value: Value) -> tuple[Lora, ...]:
    """Those that are said anyway, without what other cells have of this axis, and those of this cell."""
    of_axis = {lora.name.casefold() for each in others for lora in each.changes["loras"]}
    kept = [lora for lora in map(Lora.model_validate, said) if lora.name.casefold() not in of_axis]
    return merge_loras(kept, value.changes["loras"])


def _about_axes(remarks: Iterable[Sentence], sides: Sequence[Side]) -> Iterable[Sentence]:
    """What was said of an option that nobody gave, since it is an axis, in words that are true of it."""
    by_title = {title(name): axis for axis, _ in sides for name in axis.fields}
    sizes = next((axis for axis, _ in sides if axis.kind is Kind.RATIO), None)
    for remark in remarks:
        axis = None
        if remark.template == OPTION_COUNTS:
            axis = by_title.get(remark.values["title"])
        elif remark.template == SIZE_COUNTS:
            axis = sizes
        if axis is None:
            yield remark
        else:
            yield Sentence.of(AXIS_COUNTS, axis=axis.name, flag=remark.values["flag"])
