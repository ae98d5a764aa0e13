"""The options of `imagine-bot generate`: one for each parameter of a picture, grouped as its help shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.parameters import ASPECT_RATIOS, MAX_GUIDANCE_SCALE, MAX_IMAGES, MAX_PROMPT_LENGTH, MAX_SEED, MAX_STEPS, title
from bot.prompts.flag_table import Kind
from bot.prompts.flag_text import BY_NAME, folded
from bot.scheduler_names import SCHEDULERS
from bot.settings import Device

MODEL, FINE, REFINER = "The model", "Finer control", "The refiner"
PICTURE = "A picture to begin with"
SIZES = "What SDXL is told of the picture's size"
#: As flags in a prompt have them.
SIZE, CORNER = "WxH", "TOP,LEFT"

Prompt = Annotated[str, typer.Argument(help=f"What the picture should show, up to {MAX_PROMPT_LENGTH:,} characters.")]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="The PNG file. Of several pictures: out-1.png, out-2.png …")
]
Force = Annotated[bool, typer.Option("-f", "--force", help="Overwrite a file that is there already.")]
NegativePrompt = Annotated[str | None, typer.Option(help="What it should not show.")]
AspectRatio = Annotated[str | None, typer.Option(help=f"Instead of a size: {', '.join(ASPECT_RATIOS)}.")]
Size = Annotated[str | None, typer.Option(metavar=SIZE, help="Width and height in pixels, as in 1216x832.")]
Width = Annotated[int | None, typer.Option(help="In pixels, a multiple of 8.")]
Height = Annotated[int | None, typer.Option(help="In pixels, a multiple of 8.")]
Steps = Annotated[int | None, typer.Option("--steps", help=f"Denoising steps of both models, up to {MAX_STEPS}.")]
Guidance = Annotated[
    float | None,
    typer.Option(
        "--guidance", help=f"How closely the prompt is followed, up to {MAX_GUIDANCE_SCALE:g}; works above 1."
    ),
]
Seed = Annotated[
    int | None, typer.Option(help=f"The same seed makes the same picture: 0 to {MAX_SEED}. Default: random.")
]
Images = Annotated[int | None, typer.Option("--images", help=f"How many, up to {MAX_IMAGES}; each has the next seed.")]

Style = Annotated[str | None, typer.Option(help="Words around the prompt by name, such as ink.")]
Loras = Annotated[
    list[str] | None,
    typer.Option("--lora", help="A file in LORA_DIR by name, and how much of it, as in ink:0.8. Several times."),
]
Draft = Annotated[bool, typer.Option("--draft", help="A quick look: few steps.")]

ImageFile = Annotated[
    Path | None, typer.Option("--image", help="Changed instead of noise alone.", rich_help_panel=PICTURE)
]
MaskFile = Annotated[
    Path | None,
    typer.Option("--mask", help="White where it is painted anew; the rest stays.", rich_help_panel=PICTURE),
]
Strength = Annotated[
    float | None, typer.Option(help="How much of it is changed: above 0, up to 1.", rich_help_panel=PICTURE)
]
MaskPadding = Annotated[
    int | None,
    typer.Option(
        "--mask-padding", help="Draw the mask's part alone, with so many pixels around.", rich_help_panel=PICTURE
    ),
]
Upscaler = Annotated[
    str | None,
    typer.Option(help="Enlarge it to the size: latent, or UPSCALER_MODEL's name.", rich_help_panel=PICTURE),
]

Model = Annotated[
    str | None,
    typer.Option(
        help="The base: tiny, a folder, or a hub id. Default: MODEL_BASE, else SDXL with a GPU, else tiny.",
        rich_help_panel=MODEL,
    ),
]
Refiner = Annotated[
    str | None,
    typer.Option(
        help="The refiner: tiny, a folder, or a hub id. Default: what belongs to the base.", rich_help_panel=MODEL
    ),
]
NoRefiner = Annotated[bool, typer.Option("--no-refiner", help="The base alone.", rich_help_panel=MODEL)]
DeviceName = Annotated[Device | None, typer.Option(help="Where it runs. Default: DEVICE.", rich_help_panel=MODEL)]

Scheduler = Annotated[str | None, typer.Option(help=f"One of {', '.join(SCHEDULERS)}.", rich_help_panel=FINE)]
Spacing = Annotated[
    str | None,
    typer.Option("--spacing", help="How steps are spread: leading, trailing, linspace or AYS.", rich_help_panel=FINE),
]
Timesteps = Annotated[
    str | None, typer.Option(help="The steps themselves, as in 999,750,500,250.", rich_help_panel=FINE)
]
Variation = Annotated[
    float | None, typer.Option("--variation", help="How far from the seed's picture, 0 to 1.", rich_help_panel=FINE)
]
VariationSeed = Annotated[int | None, typer.Option(help="Which way it varies. Default: random.", rich_help_panel=FINE)]
GuidanceRescale = Annotated[
    float | None, typer.Option(help="Against overexposure by high guidance, 0 to 1.", rich_help_panel=FINE)
]
ClipSkip = Annotated[int | None, typer.Option(help="Text encoder layers to leave out, 1 to 4.", rich_help_panel=FINE)]
Eta = Annotated[float | None, typer.Option(help="Noise added in each step of DDIM, 0 to 1.", rich_help_panel=FINE)]
Prompt2 = Annotated[
    str | None, typer.Option("--prompt-2", help="For the second text encoder, instead.", rich_help_panel=FINE)
]
NegativePrompt2 = Annotated[
    str | None, typer.Option("--negative-prompt-2", help="The same of the negative prompt.", rich_help_panel=FINE)
]

RefinerFrom = Annotated[
    float | None,
    typer.Option(
        "--refiner-from", help="The share of the denoising after which it takes over.", rich_help_panel=REFINER
    ),
]
AestheticScore = Annotated[
    float | None, typer.Option(help="The beauty that it aims at, 0 to 10.", rich_help_panel=REFINER)
]
NegativeAestheticScore = Annotated[
    float | None, typer.Option(help="The beauty that it keeps away from, 0 to 10.", rich_help_panel=REFINER)
]

OriginalSize = Annotated[
    str | None, typer.Option(metavar=SIZE, help="Width and height before it was scaled.", rich_help_panel=SIZES)
]
Crop = Annotated[
    str | None, typer.Option(metavar=CORNER, help="Top and left of where it was cropped.", rich_help_panel=SIZES)
]
TargetSize = Annotated[
    str | None, typer.Option(metavar=SIZE, help="Width and height of what is made.", rich_help_panel=SIZES)
]
NegativeOriginalSize = Annotated[
    str | None, typer.Option(metavar=SIZE, help="To keep away from, as a size before scaling.", rich_help_panel=SIZES)
]
NegativeCrop = Annotated[
    str | None, typer.Option(metavar=CORNER, help="To keep away from, as a crop's corner.", rich_help_panel=SIZES)
]
NegativeTargetSize = Annotated[
    str | None, typer.Option(metavar=SIZE, help="To keep away from, as a size to be made.", rich_help_panel=SIZES)
]


def named(name: str) -> str:
    """The option that a name means: those of flags in prompts are good here, too, as cfg for guidance."""
    flag = BY_NAME.get(folded(name))
    # Which refiner it is, here; where it takes over is another option.
    if flag is None or (flag.kind is Kind.REFINER and folded(name) == "refiner"):
        return name
    return "aspect-ratio" if flag.kind is Kind.RATIO else title(flag.field).replace("_", "-")
