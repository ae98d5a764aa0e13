"""A picture of the real pipelines, made again from nothing but its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.diffusion.origin import fingerprint
from bot.diffusion.sdxl import StableDiffusionXL
from bot.infotext import read_picture
from bot.inputs import InputFolder
from bot.layers import merge
from bot.model_info import EMBEDDED_BASE, TINY, read_model_info
from bot.remake import compare_pixels
from bot.services.remake import RemakeService

MODEL = read_model_info(TINY, TINY)
#: What takes least; the pixels are compared, not looked at.
QUICK = {"prompt": "a red circle", "width": 72, "height": 64, "num_inference_steps": 2}


@pytest.fixture(scope="module")
def sdxl() -> StableDiffusionXL:
    return StableDiffusionXL.load(MODEL, "cpu")


async def test_the_picture_made_again_from_its_file_has_the_same_pixels(
    sdxl: StableDiffusionXL, tmp_path: Path
) -> None:
    _, second = sdxl(merge(MODEL, QUICK, {"seed": 41, "num_images_per_prompt": 2}))
    service = RemakeService(MODEL, InputFolder(tmp_path), list)
    read = await service.read(second)
    assert read.remake.remarks == ()
    assert read.command == "/imagine prompt:a red circle --size 72x64 --steps 2 --seed 42"
    (again,) = sdxl(merge(MODEL, read.remake.changes))
    assert str(compare_pixels(second, again)) == "Pixels match the original exactly."
    (other,) = sdxl(merge(MODEL, read.remake.changes, {"seed": 43}))
    assert str(compare_pixels(second, other)).startswith("Pixels differ from the original by up to ")


def test_a_picture_knows_where_it_was_made(sdxl: StableDiffusionXL) -> None:
    (png,) = sdxl(merge(MODEL, QUICK, {"seed": 1}))
    origin = read_picture(png).origin
    assert origin is not None
    assert origin == sdxl.origin
    assert origin.model == MODEL.name
    assert {"torch", "diffusers", "transformers"} == origin.libraries.keys()
    assert origin.device is not None
    assert origin.device.startswith("cpu (")


def test_the_fingerprint_follows_the_numbers_in_the_weights(tmp_path: Path) -> None:
    original = EMBEDDED_BASE / "vae" / "diffusion_pytorch_model.safetensors"
    copy = tmp_path / "vae" / original.name
    copy.parent.mkdir()
    copy.write_bytes(original.read_bytes())
    before = fingerprint(tmp_path)
    assert before == fingerprint(tmp_path)
    changed = bytearray(copy.read_bytes())
    changed[-1] ^= 1
    copy.write_bytes(changed)
    assert fingerprint(tmp_path) != before
