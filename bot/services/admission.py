"""What is asked for becomes complete parameters, or is refused before it waits in line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.area import smaller
from bot.comparison import AskedAxis, Comparison
from bot.comparison.comparer import Comparer
from bot.diffusion.assets import LATENT, Assets
from bot.drafting import draft_settings
from bot.effects import idle_settings
from bot.errors import GenerationFailed, InvalidParameters, RequestRejected
from bot.layers import clamp, fewer_steps, merge, model_defaults
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.parameters import Lora, Parameters, title
from bot.presets.fitting import fitting
from bot.presets.layering import STEPS, Laid
from bot.presets.provenance import provenance, write
from bot.presets.templates import fill
from bot.prompts import PromptReader
from bot.sentences import Sentence

NO_PRESETS = Laid()
LOCKED = "{title} {value}: {source} fixes that"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that can be carried out, and what its author should know of how it was read."""

    parameters: Parameters
    comparison: Comparison | None
    remarks: Sequence[Sentence]

    @property
    def images(self) -> int:
        """How many pictures are to be made."""
        return self.parameters.num_images_per_prompt if self.comparison is None else len(self.comparison.cells)


class Admission:
    """Reads requests for one model. It looks into files, so it works in a thread, not on the loop."""

    def __init__(self, model: ModelInfo, prompts: PromptReader, assets: Assets) -> None:
        upscalers = [LATENT] if assets.upscaler is None else [LATENT, assets.upscaler.stem]
        self.comparer = Comparer(model, prompts, assets.loras, upscalers)
        self._model = model
        self._prompts = prompts
        self._assets = assets

    def read(
        self,
        changes: Mapping[str, Any],
        beneath: Mapping[str, Any],
        axes: Sequence[AskedAxis] = (),
        memory: Memory | None = None,
        presets: Laid = NO_PRESETS,
    ) -> Admitted:
        """The request complete, with numbers within their limits. Raises `RequestRejected` with what to change.

        `presets` lie beneath everything but the model's defaults, as far as they fit; what they lock stays.
        """
        layers = model_defaults(self._model) | {name: value for name, value in beneath.items() if value is not ...}
        if presets.values:
            return self._read_with(presets, changes, beneath, memory)
        if axes:
            comparison, remarks = self.comparer.compare(changes, layers, axes)
            for cell in comparison.cells:
                check(cell, self._model, self._assets, memory)
            return Admitted(comparison.cells[0], comparison, remarks)
        said, read = self._prompts.read(changes, layers)
        within, clamped = clamp(said, self._model)
        parameters = merge(self._model, layers, within)
        clamped += smaller(parameters, self._model, layers, within)
        check(parameters, self._model, self._assets, memory)
        return Admitted(parameters, None, [*read, *clamped, *_about(parameters, layers, within)])

    def _read_with(
        self, presets: Laid, changes: Mapping[str, Any], beneath: Mapping[str, Any], memory: Memory | None
    ) -> Admitted:
        asked = self._asked(changes)
        free = {name: value for name, value in asked.items() if name not in presets.locked}
        usable = partial(check_lora, model=self._model, assets=self._assets)
        presets, left_out = fitting(presets, free, self._model, self._prompts.styles, usable)
        values = dict(presets.values)
        defaults = model_defaults(self._model)
        if values.keys() & STEPS:
            defaults = {name: value for name, value in defaults.items() if name not in STEPS}
        template, typed = values.pop("prompt", None), changes.get("prompt")
        if template is not None and isinstance(typed, str):
            source = presets.sources["prompt"]
            changes = {**changes, "prompt": fill(template, typed, self._prompts.flags, source)}
        layers = defaults | values | {name: value for name, value in beneath.items() if value is not ...}
        said, read = self._prompts.read(changes, layers)
        said, locked = _with_locks(presets, said, asked)
        within, clamped = clamp(said, self._model)
        parameters = merge(self._model, layers, within)
        clamped += smaller(parameters, self._model, layers, within)
        check(parameters, self._model, self._assets, memory)
        where = provenance(presets, asked.keys())
        changed = [*left_out, *locked, *read, *clamped, *_about(parameters, layers, within)]
        return Admitted(parameters, None, [*([] if where is None else [where]), *changed])

    def _asked(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """What the request itself says, with its options and with the flags in its prompt."""
        said = {name: value for name, value in changes.items() if value is not ...}
        try:
            flags = self._prompts.flags.read(str(said.get("prompt", ""))).changes
        except RequestRejected:
            # Whoever asks is told when the prompt is read.
            flags = {}
        if flags.pop("draft", False):
            flags |= draft_settings(self._model)
        return {name: value for name, value in {**flags, **said}.items() if name in Parameters.model_fields}


def _with_locks(
    presets: Laid, said: Mapping[str, Any], asked: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Sentence]]:
    """What was said, but for what a preset locks; a remark on each that somebody wanted otherwise."""
    kept, remarks = dict(said), []
    for name in sorted(presets.locked):
        value = presets.values[name]
        if name in STEPS:
            kept = {each: said_ for each, said_ in kept.items() if each not in (*STEPS, "draft")}
        kept[name] = value
        if name in asked and asked[name] != value:
            remarks.append(Sentence.of(LOCKED, title=title(name), value=write(value), source=presets.sources[name]))
    return kept, remarks


def check_lora(lora: Lora, model: ModelInfo, assets: Assets) -> None:
    """Raises `LoraNotFound` or `LoraUnusable` for a LoRA that cannot be used with that model."""
    info = assets.lora(lora.name)
    if not info.fits(model):
        raise info.misfit(model)


def _about(parameters: Parameters, layers: Mapping[str, Any], said: Mapping[str, Any]) -> list[Sentence]:
    """What else the author should know of what came out of it all."""
    return [*fewer_steps(parameters, layers, said), *idle_settings(parameters, said)]


def check(parameters: Parameters, model: ModelInfo, assets: Assets, memory: Memory | None = None) -> None:
    """Whether all that a job names is there and fits. Raises `RequestRejected` with the nearest that would do."""
    try:
        for lora in parameters.loras:
            check_lora(lora, model, assets)
        if parameters.upscaler not in (None, LATENT):
            assets.upscaler_model(str(parameters.upscaler))
        for input_id in (parameters.image, parameters.mask_image):
            if input_id is not None:
                assets.check_picture(input_id)
        if memory is not None:
            memory.check(parameters)
    except GenerationFailed as error:
        # Asked before the work, it is the author who can mend it.
        raise InvalidParameters.of(error.sentences) from error
