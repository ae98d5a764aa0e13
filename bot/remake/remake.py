"""From what any picture says about itself to parameters that this bot takes, and what could not be taken over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.infotext import PictureInfo
from bot.infotext.names import MODEL
from bot.infotext.writing import PROGRAM
from bot.layers import clamp
from bot.model_info import ModelInfo
from bot.parameters import Parameters, title
from bot.remake.draft import NO_REFINER, TOO_FEW_LAYERS, Draft, is_same_model
from bot.remake.foreign import take_foreign
from bot.sentences import Sentence

EXACT = Sentence("Made here with the same model: on the same kind of device its pixels come out the same.")
NOT_ALL = Sentence("Not all of it can be taken over: the picture comes near, and its pixels differ.")


@dataclass(frozen=True, slots=True)
class Remake:
    """`changes` are partial parameters; `left_out` are the settings that they do without; `remarks` say all of it.

    `exactness` says whether the pixels can come out the same. `is_ours` is true where `changes` are complete.
    """

    changes: Mapping[str, Any]
    remarks: tuple[Sentence, ...]
    left_out: tuple[tuple[str, str], ...]
    exactness: Sentence
    is_ours: bool

    @property
    def reservations(self) -> tuple[Sentence, ...]:
        """All that whoever sees the new picture beside the old one should know."""
        return self.remarks if self.exactness == EXACT else (self.exactness, *self.remarks)


def remake(info: PictureInfo, model: ModelInfo, loras: Collection[str] = ()) -> Remake:
    """How `model`, with these LoRAs at hand, makes that picture again."""
    draft = Draft(model, loras)
    if info.parameters is not None:
        _take_ours(draft, info, info.parameters)
    else:
        take_foreign(draft, info)
    changes, remarks = clamp(draft.changes, model)
    return Remake(
        changes=changes,
        remarks=(*draft.remarks, *remarks),
        left_out=tuple(draft.left_out.items()),
        exactness=_exactness(info, model, exact=not draft.remarks and not remarks),
        is_ours=info.parameters is not None,
    )


def _exactness(info: PictureInfo, model: ModelInfo, *, exact: bool) -> Sentence:
    if info.parameters is None and info.program == PROGRAM:
        # A sheet of many, or a copy that has lost what only we read.
        return NOT_ALL
    if info.parameters is None:
        return Sentence.of(
            "Made by {program}, which draws other noise for a seed: the picture comes near, and its pixels differ.",
            program=info.program,
        )
    made_with = _model_of(info)
    if made_with and not is_same_model(made_with, model.name):
        return Sentence.of("Made with another model: the picture comes near, and its pixels differ.")
    if not exact:
        return NOT_ALL
    return EXACT


def _model_of(info: PictureInfo) -> str:
    return info.origin.model if info.origin is not None else info.settings.get(MODEL, "")


def _take_ours(draft: Draft, info: PictureInfo, parameters: Parameters) -> None:
    """All of them as they are, but for what this place has not."""
    draft.compare_model(_model_of(info))
    draft.changes = {name: getattr(parameters, name) for name in Parameters.model_fields}
    if parameters.denoising_end is not None and draft.model.refiner is None:
        draft.changes["denoising_end"] = None
        draft.remark(NO_REFINER)
    if parameters.clip_skip is not None and parameters.clip_skip > draft.model.max_clip_skip:
        draft.changes["clip_skip"] = None
        draft.left_out[title("clip_skip")] = str(parameters.clip_skip)
        draft.remark(TOO_FEW_LAYERS, name=title("clip_skip"), value=parameters.clip_skip)
    draft.changes["loras"] = draft.take_loras([(lora.name, lora.weight) for lora in parameters.loras])
