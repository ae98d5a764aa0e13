"""On a device that does not hold the whole model, its parts come and go: never are both U-Nets there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch

from bot.diffusion.assets import Assets
from bot.diffusion.libraries import UNet2DConditionModel
from bot.diffusion.sdxl import StableDiffusionXL
from tests.diffusion.engine import Engine

#: The only device here, by the name that tells the moves onto it from the moves back to “cpu”.
DEVICE = torch.device("cpu", 0)


class WatchedUNet(UNet2DConditionModel):  # type: ignore[misc]
    """A U-Net that notes which ones are on the device, whenever one comes."""

    there: ClassVar[set[int]] = set()
    seen: ClassVar[list[set[int]]] = []

    def to(self, *place: Any, **named: Any) -> Any:
        if torch.device(place[0] if place else named["device"]) == DEVICE:
            self.there.add(id(self))
            self.seen.append(set(self.there))
        else:
            self.there.discard(id(self))
        return super().to(*place, **named)


def test_the_base_has_left_the_device_before_the_refiner_comes_whatever_the_picture_begins_with(
    engine: Engine, tmp_path: Path
) -> None:
    # One of its own, for nobody else is to find it changed.
    sdxl = StableDiffusionXL.load(engine.model, "cpu", assets=Assets(tmp_path))
    own = Engine(engine.model, sdxl, tmp_path)
    image, mask = own.keep(engine.plain), own.half_mask()
    for pipeline in (sdxl.base, sdxl.refiner):
        pipeline.unet.__class__ = WatchedUNet
        pipeline.enable_model_cpu_offload(device=DEVICE)
    base, refiner = {id(sdxl.base.unet)}, {id(sdxl.refiner.unet)}
    for said in ({}, {"image": image, "strength": 1.0}, {"image": image, "mask_image": mask, "strength": 1.0}):
        WatchedUNet.seen.clear()
        own.draw(num_inference_steps=2, denoising_end=0.5, **said)
        assert WatchedUNet.seen == [base, refiner]
        assert WatchedUNet.there == set()
