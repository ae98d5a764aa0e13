"""What is asked for becomes complete parameters, or is refused before it waits in line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.area import smaller
from bot.comparison import AskedAxis, Comparison
from bot.comparison.comparer import Comparer
from bot.diffusion.assets import LATENT, Assets
from bot.effects import idle_settings
from bot.errors import GenerationFailed, InvalidParameters
from bot.layers import clamp, fewer_steps, merge, model_defaults
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.prompts import PromptReader
from bot.sentences import Sentence


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
    ) -> Admitted:
        """The request complete, with numbers within their limits. Raises `RequestRejected` with what to change."""
        layers = model_defaults(self._model) | {name: value for name, value in beneath.items() if value is not ...}
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


def _about(parameters: Parameters, layers: Mapping[str, Any], said: Mapping[str, Any]) -> list[Sentence]:
    """What else the author should know of what came out of it all."""
    return [*fewer_steps(parameters, layers, said), *idle_settings(parameters, said)]


def check(parameters: Parameters, model: ModelInfo, assets: Assets, memory: Memory | None = None) -> None:
    """Whether all that a job names is there and fits. Raises `RequestRejected` with the nearest that would do."""
    try:
        for lora in parameters.loras:
            info = assets.lora(lora.name)
            if not info.fits(model):
                raise info.misfit(model)
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
