"""What a job names is looked up before it waits in line, and what is not there is said with the nearest that is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.comparison import AskedAxis
from bot.diffusion.assets import Assets
from bot.errors import LoraNotFound, PicturesGone, RequestRejected
from bot.memory import Memory
from bot.prompts import PromptReader
from bot.prompts.styles import Styles
from bot.services.admission import Admission
from tests.factories import ENSEMBLE

GB = 10**9
READS_PROMPTS = "unet.down_blocks.0.attn2.to_k.lora_A.weight"


def write_lora(folder: Path, name: str, width: int = 2048, base: str = "") -> None:
    """A LoRA for models that read prompts so wide."""
    header: dict[str, Any] = {READS_PROMPTS: {"dtype": "F16", "shape": [4, width], "data_offsets": [0, 8 * width]}}
    text = json.dumps(header | ({"__metadata__": {"ss_base_model_version": base}} if base else {})).encode()
    (folder / f"{name}.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(8 * width))


@pytest.fixture
def admission(tmp_path: Path) -> Admission:
    write_lora(tmp_path, "ink")
    write_lora(tmp_path, "paper")
    write_lora(tmp_path, "old", 768, "sd_v1.5")
    write_lora(tmp_path, "nameless", 768)
    (tmp_path / "torn.safetensors").write_bytes(b"no header")
    assets = Assets(tmp_path, tmp_path, tmp_path / "RealESRGAN_x2.safetensors")
    return Admission(ENSEMBLE, PromptReader(ENSEMBLE, Styles(())), assets)


def test_what_is_there_and_fits_is_taken(admission: Admission, tmp_path: Path) -> None:
    (tmp_path / f"{'a' * 64}.png").touch()
    asked = {"prompt": "a fox --lora INK:0.5", "image": "a" * 64, "upscaler": "RealESRGAN_x2"}
    admitted = admission.read(asked, {})
    assert [(lora.name, lora.weight) for lora in admitted.parameters.loras] == [("INK", 0.5)]
    assert admitted.parameters.upscaler == "RealESRGAN_x2"
    assert admission.read({**asked, "upscaler": "latent"}, {}).parameters.upscaler == "latent"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"prompt": "a fox --lora inc"}, "There is no LoRA “inc”. Nearest: ink."),
        ({"prompt": "a fox <lora:papier:1>"}, "There is no LoRA “papier”. Nearest: paper."),
        (
            {"prompt": "a fox --lora old"},
            "The LoRA “old” is for sd_v1.5, and does not fit stable-diffusion-xl-base-1.0.",
        ),
        ({"prompt": "a fox --lora nameless"}, "The LoRA “nameless” does not fit stable-diffusion-xl-base-1.0."),
        ({"prompt": "a fox --lora torn"}, "The file of the LoRA “torn” is broken."),
        (
            {"prompt": "a fox", "image": "f" * 64},
            "The picture that this job works on is not kept any more.",
        ),
    ],
)
def test_what_is_not_there_or_does_not_fit_is_refused_in_a_sentence(
    admission: Admission, asked: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RequestRejected) as caught:
        admission.read(asked, {})
    assert str(caught.value) == sentence


def test_an_upscaler_that_is_not_set_up_is_refused_with_the_one_that_is(admission: Admission, tmp_path: Path) -> None:
    (tmp_path / f"{'a' * 64}.png").touch()
    with pytest.raises(RequestRejected, match=r"^There is no upscaler “x4”\. Use latent or RealESRGAN_x2\.$"):
        admission.read({"prompt": "a fox", "image": "a" * 64, "upscaler": "x4"}, {})


def test_where_there_are_no_loras_it_is_said_so() -> None:
    bare = Admission(ENSEMBLE, PromptReader(ENSEMBLE, Styles(())), Assets(Path("nowhere"), Path("nowhere")))
    with pytest.raises(LoraNotFound, match=r"^There is no LoRA “ink”: this bot has none\.$"):
        bare.read({"prompt": "a fox --lora ink"}, {})
    with pytest.raises(PicturesGone):
        bare.read({"prompt": "a fox", "image": "f" * 64}, {})


def test_numbers_are_brought_within_the_limits_of_the_model_in_use(admission: Admission, tmp_path: Path) -> None:
    shallow = replace(ENSEMBLE, max_clip_skip=2)
    admitted = Admission(shallow, PromptReader(shallow, Styles(())), Assets(tmp_path, tmp_path)).read(
        {"prompt": "a fox", "clip_skip": 9}, {}
    )
    assert admitted.parameters.clip_skip == 2
    assert list(map(str, admitted.remarks)) == ["clip_skip 9 → 2: that is as far as it goes here"]
    (tmp_path / f"{'a' * 64}.png").touch()
    admitted = admission.read({"prompt": "a fox --strength 0", "image": "a" * 64}, {})
    assert admitted.parameters.strength == 0.01
    assert list(map(str, admitted.remarks)) == ["strength 0 → 0.01: that is as far as it goes here"]
    assert admission.read({"prompt": "a fox", "strength": 0.001, "image": "a" * 64}, {}).remarks == []


def test_every_cell_of_a_sheet_is_looked_at(admission: Admission) -> None:
    with pytest.raises(LoraNotFound):
        admission.read({"prompt": "a fox --lora nobody"}, {}, [AskedAxis("steps", "10, 20")])


def test_a_size_that_the_device_cannot_hold_is_refused_before_it_waits(admission: Admission) -> None:
    """As SDXL in sixteen bits needs it: 320 channels at 36 tensors, 256 at 4."""
    small = Memory(latent=320 * 36 * 2, pixel=256 * 4 * 2, scale=8, tile=512**2, free=GB)
    asked = {"prompt": "a fox", "width": 2048, "height": 2048}
    with pytest.raises(RequestRejected) as caught:
        admission.read(asked, {}, memory=small)
    assert str(caught.value) == "2048 × 2048 needs about 3.0 GB of memory, and 1.0 GB are free. Ask for a smaller size."
    # Without guidance there is half as much to hold; while the model loads, nobody knows yet.
    assert admission.read({**asked, "width": 1024, "height": 1024}, {}, memory=small).parameters.width == 1024
    assert admission.read(asked, {}).parameters.width == 2048


def test_align_your_steps_is_a_spacing_that_becomes_timesteps(admission: Admission) -> None:
    admitted = admission.read({"prompt": "a fox --spacing ays --steps 10 --refiner off"}, {})
    assert admitted.parameters.timesteps == (999, 845, 730, 587, 443, 310, 193, 116, 53, 13)
    assert admitted.parameters.timestep_spacing is None
    trailing = admission.read({"prompt": "a fox", "timestep_spacing": "Trailing"}, {})
    assert trailing.parameters.timestep_spacing == "trailing"
    with pytest.raises(RequestRejected, match="takes no timesteps of its own"):
        admission.read({"prompt": "a fox --spacing AYS --scheduler UniPC"}, {})


def test_asked_again_align_your_steps_stays_and_gives_way_to_another_number_of_steps(admission: Admission) -> None:
    prompts = PromptReader(ENSEMBLE, Styles(()))
    typed = admission.read({"prompt": "a fox --spacing AYS --steps 10"}, {}).parameters
    again = admission.read(prompts.typed(typed), {})
    assert (again.parameters.timesteps, again.remarks) == (typed.timesteps, [])
    by_option = admission.read({"prompt": "a fox", "timestep_spacing": "AYS", "num_inference_steps": 10}, {}).parameters
    assert admission.read(prompts.typed(by_option), {}).parameters.timesteps == by_option.timesteps
    edited = admission.read({"num_inference_steps": 20}, prompts.typed(by_option)).parameters
    assert (edited.num_inference_steps, edited.timesteps) == (20, None)


@pytest.mark.parametrize("scheduler", ["LCM", "TCD"])
def test_distilled_schedulers_take_no_more_steps_than_they_were_trained_with_and_it_is_said(
    admission: Admission, scheduler: str
) -> None:
    asked = {"prompt": "a fox", "scheduler": scheduler.lower(), "num_inference_steps": 80}
    admitted = admission.read(asked, {})
    assert admitted.parameters.num_inference_steps == 50
    assert [str(remark) for remark in admitted.remarks] == [f"steps 80 → 50: {scheduler} takes no more"]
    # It is one of both that is said last, as when an older request is edited.
    edited = admission.read({"prompt": "a fox", "scheduler": scheduler}, {"num_inference_steps": 60})
    assert [str(remark) for remark in edited.remarks] == [f"steps 60 → 50: {scheduler} takes no more"]
    assert admission.read({**asked, "num_inference_steps": 8}, {}).remarks == []
    assert admission.read({**asked, "scheduler": "Euler"}, {}).parameters.num_inference_steps == 80
    sheet = admission.read({"prompt": "a fox", "scheduler": scheduler}, {}, [AskedAxis("steps", "8, 80")])
    assert [cell.num_inference_steps for cell in sheet.comparison.cells] == [8, 50]
    assert [str(remark) for remark in sheet.remarks] == [f"steps 80 → 50: {scheduler} takes no more"]
