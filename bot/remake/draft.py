"""A remake while it is put together, and what ours and others' pictures have in common there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from bot.model_info import ModelInfo
from bot.parameters import MAX_LORAS, Lora, quoted
from bot.prompts.loras import within_limits
from bot.sentences import Sentence

NO_REFINER = "It was made with a refiner, and none is loaded here: the base draws it alone."
#: Stability's base as a single file, as most programs know it, by its name at the hub.
_ALIASES = {
    "sd_xl_base_1.0": "stable-diffusion-xl-base-1.0",
    "sd_xl_base_1.0_0.9vae": "stable-diffusion-xl-base-1.0",
    "sdxl_base_1.0": "stable-diffusion-xl-base-1.0",
    "stable-diffusion-xl-base-1-0": "stable-diffusion-xl-base-1.0",
}
TOO_FEW_LAYERS = "{name} {value} is more than this model has layers for."


def is_same_model(one: str, other: str) -> bool:
    """Whether both names mean one model, as far as names go."""
    first, second = (_ALIASES.get(name.strip().casefold(), name.strip().casefold()) for name in (one, other))
    return first == second


@dataclass(slots=True)
class Draft:
    """Partial parameters for `model`, where `loras` are at hand; what is said about them, and what they leave out."""

    model: ModelInfo
    loras: Collection[str]
    changes: dict[str, Any] = field(default_factory=dict)
    remarks: list[Sentence] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def remark(self, template: str, /, **values: Any) -> None:
        """Say something about it, once."""
        sentence = Sentence(template, values)
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def compare_model(self, made_with: str) -> None:
        """Say so when another model made it."""
        if made_with and not is_same_model(made_with, self.model.name):
            self.remark("Made with {model}; here {ours} draws it.", model=quoted(made_with), ours=self.model.name)

    def take_loras(self, wanted: list[tuple[str, float]]) -> tuple[Lora, ...]:
        """Those of them that are at hand; the others are left out."""
        at_hand = {name.casefold(): name for name in self.loras}
        found: dict[str, Lora] = {}
        for name, weight in wanted:
            folded = name.casefold().replace("\\", "/")
            known = at_hand.get(folded) or at_hand.get(folded.rsplit("/", 1)[-1])
            if known is None:
                self.left_out[f"LoRA {name}"] = f"{weight:g}"
                self.remark("There is no LoRA {name} here, and it is left out.", name=quoted(name))
            elif known in found:
                continue
            elif len(found) == MAX_LORAS:
                self.left_out[f"LoRA {name}"] = f"{weight:g}"
                self.remark("Of its LoRAs the first {most} are taken.", most=MAX_LORAS)
            else:
                found[known], remarks = within_limits(known, weight)
                self.remarks += remarks
        return tuple(found.values())
