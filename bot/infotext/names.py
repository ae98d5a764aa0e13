"""What settings are called in an infotext: A1111's own words, and other programs' where A1111 has none."""

from __future__ import annotations

PROMPT = "Prompt"
NEGATIVE_PROMPT = "Negative prompt"
STEPS = "Steps"
SAMPLER = "Sampler"
SCHEDULE_TYPE = "Schedule type"
CFG_SCALE = "CFG scale"
SEED = "Seed"
SIZE = "Size"
MODEL = "Model"
MODEL_HASH = "Model hash"
VARIATION_SEED = "Variation seed"
VARIATION_STRENGTH = "Variation seed strength"
DENOISING_STRENGTH = "Denoising strength"
CLIP_SKIP = "Clip skip"
ETA = "Eta DDIM"
INIT_IMAGE_HASH = "Init image hash"
MASK_HASH = "Mask hash"
INPAINT_AREA = "Inpaint area"
MASKED_PADDING = "Masked area padding"
HIRES_UPSCALE = "Hires upscale"
HIRES_UPSCALER = "Hires upscaler"
LORA_HASHES = "Lora hashes"
REFINER = "Refiner"
REFINER_SWITCH = "Refiner switch at"
RNG = "RNG"
VERSION = "Version"
#: Fooocus' words.
STYLES = "Styles"
RAW_PROMPT = "Raw prompt"
RAW_NEGATIVE_PROMPT = "Raw negative prompt"
LORA_WEIGHTS = "Lora weights"
#: SD.Next's words.
CFG_RESCALE = "CFG rescale"
SPACING = "Sampler spacing"
TIMESTEPS = "Sampler timesteps"
#: Nobody else's: the two encoders' prompts, and what SDXL is told beside them. Sizes are width x height, as “Size” is.
PROMPT_2 = "Prompt 2"
NEGATIVE_PROMPT_2 = "Negative prompt 2"
ORIGINAL_SIZE = "Original size"
CROP_TOP_LEFT = "Crop top left"
TARGET_SIZE = "Target size"
NEGATIVE_ORIGINAL_SIZE = "Negative original size"
NEGATIVE_CROP_TOP_LEFT = "Negative crop top left"
NEGATIVE_TARGET_SIZE = "Negative target size"
AESTHETIC_SCORE = "Aesthetic score"
NEGATIVE_AESTHETIC_SCORE = "Negative aesthetic score"

#: The order in which people look for them; what is not here comes after.
ORDER = (
    PROMPT,
    PROMPT_2,
    NEGATIVE_PROMPT,
    NEGATIVE_PROMPT_2,
    RAW_PROMPT,
    RAW_NEGATIVE_PROMPT,
    STYLES,
    SIZE,
    STEPS,
    SAMPLER,
    SCHEDULE_TYPE,
    CFG_SCALE,
    CFG_RESCALE,
    SEED,
    VARIATION_SEED,
    VARIATION_STRENGTH,
    MODEL,
    REFINER,
    REFINER_SWITCH,
    DENOISING_STRENGTH,
    CLIP_SKIP,
    LORA_WEIGHTS,
)
