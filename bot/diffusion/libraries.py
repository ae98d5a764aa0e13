"""diffusers and transformers, imported without their chatter; the rest of this package takes their names from here."""

from __future__ import annotations

import logging
import threading


class _Without(logging.Filter):
    """Drops the lines of one logger that contain these words."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def filter(self, record: logging.LogRecord) -> bool:
        return self._words not in str(record.msg)


# These have to stand before the libraries are imported: the notice comes while they are.
# No image goes through CLIP here, so which image processor it would be does not matter.
logging.getLogger("transformers.utils.import_utils").addFilter(_Without("requires torchvision"))
# The pipelines log the words of a prompt that are beyond the 77 tokens; prompts are private.
for _name in ("pipeline_stable_diffusion_xl", "pipeline_stable_diffusion_xl_img2img"):
    logging.getLogger(f"diffusers.pipelines.stable_diffusion_xl.{_name}").addFilter(_Without("truncated"))
# A LoRA for the U-Net alone is nothing to report.
logging.getLogger("diffusers.loaders.lora_base").addFilter(_Without("No LoRA keys associated"))

import diffusers  # noqa: E402
import transformers  # noqa: E402
from diffusers import (  # noqa: E402
    AutoencoderKL,
    SchedulerMixin,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.image_processor import VaeImageProcessor  # noqa: E402
from tqdm import tqdm  # noqa: E402
from transformers import CLIPTextModel, CLIPTextModelWithProjection  # noqa: E402

# tqdm's own lock is a semaphore of the system, which outlives an executor that is killed, and Python then says so.
tqdm.set_lock(threading.RLock())
for _library in (diffusers.utils.logging, transformers.utils.logging):
    _library.disable_progress_bar()
    # What remains are warnings and errors; they go where our own lines go.
    _library.disable_default_handler()
    _library.enable_propagation()

__all__ = [
    "AutoencoderKL",
    "CLIPTextModel",
    "CLIPTextModelWithProjection",
    "SchedulerMixin",
    "StableDiffusionXLImg2ImgPipeline",
    "StableDiffusionXLPipeline",
    "UNet2DConditionModel",
    "VaeImageProcessor",
    "diffusers",
]
