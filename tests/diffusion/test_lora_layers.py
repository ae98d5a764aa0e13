"""LoRAs in the engine: they move the picture their way, and leave nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from bot.diffusion.assets import Assets
from bot.diffusion.sdxl import StableDiffusionXL
from bot.errors import GenerationFailed, LoraUnusable
from tests.diffusion.engine import LORAS, Engine, border, colourfulness, difference

INK = {"name": "ink", "weight": 1.0}


def weights(sdxl: StableDiffusionXL) -> dict[str, torch.Tensor]:
    return {
        f"{part}.{name}": tensor.clone()
        for part in ("unet", "text_encoder", "text_encoder_2")
        for name, tensor in getattr(sdxl.base, part).state_dict().items()
    }


@pytest.mark.parametrize("denoising_end", [None, 0.8], ids=["base alone", "base and refiner"])
def test_ink_draws_in_black_and_white_and_the_next_job_in_colour_to_the_last_bit(
    engine: Engine, denoising_end: float | None
) -> None:
    before, plain = weights(engine.sdxl), engine.draw(denoising_end=denoising_end)
    inked = engine.draw(loras=[INK], denoising_end=denoising_end)
    assert colourfulness(inked) < colourfulness(plain) / 2
    assert border(inked).min() > 150
    after = weights(engine.sdxl)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert (engine.draw(denoising_end=denoising_end) == plain).all()


def test_the_weight_says_how_much_and_zero_is_nothing(engine: Engine) -> None:
    moved = [
        difference(engine.plain, engine.draw(loras=[INK | {"weight": weight}], denoising_end=None))
        for weight in (0.0, 0.4, 1.0)
    ]
    assert moved[0] == 0
    assert 0 < moved[1] < moved[2]


def test_several_are_added_up(engine: Engine) -> None:
    half = INK | {"weight": 0.5}
    whole = engine.draw(loras=[INK], denoising_end=None)
    assert difference(engine.draw(loras=[half, half], denoising_end=None), whole) < 1


def test_it_works_on_a_picture_as_well(engine: Engine) -> None:
    image = engine.keep(engine.plain)
    inked = engine.draw(image=image, strength=1, loras=[INK], denoising_end=None)
    assert colourfulness(inked) < colourfulness(engine.plain) / 2


def test_where_the_refiner_draws_alone_a_lora_is_refused_in_a_sentence(engine: Engine) -> None:
    with pytest.raises(GenerationFailed, match=r"lora is for the base, and strength 0.1 leaves all steps"):
        engine.draw(image=engine.keep(engine.plain), strength=0.1, loras=[INK], denoising_end=0.8)


def test_an_unknown_name_is_answered_with_the_nearest(engine: Engine) -> None:
    with pytest.raises(GenerationFailed, match=r"There is no LoRA “inc”. Nearest: ink."):
        engine.draw(loras=[{"name": "inc"}])


def broken(path: Path) -> None:
    path.write_bytes((LORAS / "ink.safetensors").read_bytes()[:5000])


def for_another_model(path: Path) -> None:
    tensors = {name: each.contiguous() for name, each in load_file(LORAS / "ink.safetensors").items()}
    wide = {name: torch.zeros(len(each), 768) for name, each in tensors.items() if "attn2.to_k.lora_A" in name}
    save_file(tensors | wide, path, metadata={"ss_base_model_version": "sd_v1.5"})


def of_other_layers(path: Path) -> None:
    tensors = {"unet.nowhere.lora_A.weight": torch.zeros(4, 8), "unet.nowhere.lora_B.weight": torch.zeros(8, 4)}
    save_file(tensors, path)


def of_another_shape(path: Path) -> None:
    tensors = load_file(LORAS / "ink.safetensors")
    save_file({name: each[..., ::2].contiguous() for name, each in tensors.items() if "attn1" in name}, path)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (broken, "The file of the LoRA “other” is broken."),
        (for_another_model, "The LoRA “other” is for sd_v1.5, and does not fit tiny-sdxl-base."),
        (of_other_layers, "The LoRA “other” does not fit tiny-sdxl-base."),
        (of_another_shape, "The LoRA “other” does not fit tiny-sdxl-base."),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence_and_nothing_of_it_stays(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any, sentence: str
) -> None:
    make(tmp_path / "other.safetensors")
    (tmp_path / "ink.safetensors").symlink_to(LORAS / "ink.safetensors")
    monkeypatch.setattr(engine.sdxl, "_assets", Assets(engine.inputs, tmp_path))
    with pytest.raises(LoraUnusable) as caught:
        engine.draw(loras=[INK, {"name": "other"}], denoising_end=None)
    assert str(caught.value) == sentence
    assert (engine.draw(denoising_end=None) == engine.plain).all()
