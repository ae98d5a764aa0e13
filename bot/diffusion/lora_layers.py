"""LoRAs in the base for one job: put in beside the weights, which stay as they are, and taken out again."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from bot.diffusion.assets import Assets
from bot.loras import LoraInfo
from bot.model_info import ModelInfo
from bot.parameters import Lora

log = logging.getLogger(__name__)


@contextmanager
def applied_loras(base: Any, model: ModelInfo, loras: Sequence[Lora], assets: Assets) -> Iterator[None]:
    """The base with these LoRAs, each with its weight. Raises `LoraNotFound` or `LoraUnusable`, the base as before."""
    # All are looked at before any is loaded: the last one may be the wrong one.
    infos = [assets.lora(lora.name) for lora in loras]
    for info in infos:
        if not info.fits(model):
            raise info.misfit(model)
    if not loras:
        yield
        return
    try:
        # Tensors made in inference mode could not be put into modules that live on.
        with torch.inference_mode(mode=False), warnings.catch_warnings():
            # peft finds it strange to meet another LoRA.
            warnings.filterwarnings("ignore", "Already found a `peft_config`")
            adapters = [f"lora_{place}" for place in range(len(infos))]
            for adapter, info in zip(adapters, infos, strict=True):
                _load(base, adapter, info, model)
            base.set_adapters(adapters, [lora.weight for lora in loras])
        yield
    finally:
        base.unload_lora_weights()


def _load(base: Any, adapter: str, info: LoraInfo, model: ModelInfo) -> None:
    try:
        base.load_lora_weights(str(info.path.parent), weight_name=info.path.name, adapter_name=adapter)
    except Exception as error:
        log.warning("the LoRA %s cannot be loaded: %s", info.name, error)
        raise info.misfit(model) from error
    if not any(adapter in names for names in base.get_list_adapters().values()):
        raise info.misfit(model)
