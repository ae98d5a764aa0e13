"""Models that enlarge: the real one where spandrel can be imported, a sentence where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from bot.diffusion.assets import Assets
from bot.diffusion.enlarging import enlarge, in_tiles
from bot.errors import GenerationFailed

try:
    import spandrel
except (ImportError, RuntimeError, OSError):
    spandrel = None
CPU = torch.device("cpu")
needs_spandrel = pytest.mark.skipif(
    spandrel is None, reason="spandrel needs a torchvision that suits torch's build, and there is none here"
)


def test_an_upscaler_is_known_by_its_files_name_and_another_name_gets_a_sentence() -> None:
    file = Path("/models/RealESRGAN_x2.safetensors")
    assets = Assets(upscaler=file)
    assert assets.upscaler_model("RealESRGAN_x2") == assets.upscaler_model("RealESRGAN_x2.safetensors") == file
    with pytest.raises(GenerationFailed, match=r"There is no upscaler “x9”\. Use latent or RealESRGAN_x2\."):
        assets.upscaler_model("x9")


@pytest.mark.parametrize("size", [(32, 24), (192, 500), (193, 192)])
def test_tiles_make_the_whole_picture_and_none_of_them_is_large(size: tuple[int, int]) -> None:
    seen: list[int] = []

    def enlarger(part: torch.Tensor) -> torch.Tensor:
        seen.extend(part.shape[-2:])
        return F.interpolate(part, scale_factor=2)

    picture = torch.rand(1, 3, *size)
    torch.testing.assert_close(in_tiles(enlarger, picture), F.interpolate(picture, scale_factor=2))
    assert max(seen) <= 192


def test_tiles_that_differ_go_over_into_each_other() -> None:
    levels = iter((0.0, 1.0))
    picture = in_tiles(lambda part: torch.full_like(part, next(levels)), torch.zeros(1, 3, 64, 300))
    row = picture[0, 0, 32]
    assert (float(row[0]), float(row[-1])) == (0, 1)
    assert float(row.diff().abs().max()) < 0.2


@pytest.mark.skipif(spandrel is not None, reason="spandrel can be imported here")
def test_without_spandrel_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        GenerationFailed, match=r"^x2 needs spandrel and a working torchvision\. Use the upscaler latent"
    ):
        enlarge(Image.new("RGB", (32, 32)), tmp_path / "x2.safetensors", CPU)


@needs_spandrel
def test_a_broken_model_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x2.safetensors").write_bytes(b"no model")
    with pytest.raises(GenerationFailed, match=r"The upscaler x2 cannot be loaded\."):
        enlarge(Image.new("RGB", (32, 32)), tmp_path / "x2.safetensors", CPU)


@needs_spandrel
def test_a_model_enlarges_by_its_own_factor(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    from spandrel.architectures.ESRGAN import RRDBNet

    save_file(RRDBNet(num_filters=8, num_blocks=1, scale=2).state_dict(), tmp_path / "x2.safetensors")
    assert enlarge(Image.new("RGB", (32, 24), "red"), tmp_path / "x2.safetensors", CPU).size == (64, 48)
