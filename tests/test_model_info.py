"""What is known of a model before it is loaded, and what is said of a folder that is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ModelNotFound
from bot.layers import check_defaults
from bot.model_info import (
    EMBEDDED_BASE,
    EMBEDDED_REFINER,
    SDXL_BASE,
    SDXL_NATIVE_SIZE,
    SDXL_REFINER,
    TINY,
    ModelInfo,
    is_folder,
    read_model_info,
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A copy of the embedded base, to spoil; without its weights, which nothing here reads."""
    shutil.copytree(EMBEDDED_BASE, tmp_path / "base", ignore=shutil.ignore_patterns("*.safetensors"))
    return tmp_path / "base"


def change(path: Path, **changes: Any) -> None:
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({name: value for name, value in content.items() if value is not ...}))


def test_tiny_is_the_embedded_pair() -> None:
    info = read_model_info(TINY, TINY)
    assert (info.base, info.refiner) == (str(EMBEDDED_BASE), str(EMBEDDED_REFINER))
    assert (info.name, info.refiner_name) == ("tiny-sdxl-base", "tiny-sdxl-refiner")
    unet, vae = (json.loads((EMBEDDED_BASE / part / "config.json").read_text()) for part in ("unet", "vae"))
    assert info.native_size == unet["sample_size"] * 2 ** (len(vae["down_block_types"]) - 1)
    assert info.defaults == json.loads((EMBEDDED_BASE / "defaults.json").read_text())
    check_defaults(info)


def test_hub_ids_are_taken_as_they_are() -> None:
    info = read_model_info(SDXL_BASE, SDXL_REFINER)
    assert info == ModelInfo(SDXL_BASE, SDXL_REFINER, SDXL_NATIVE_SIZE)
    assert (info.name, info.refiner_name) == ("stable-diffusion-xl-base-1.0", "stable-diffusion-xl-refiner-1.0")


@pytest.mark.parametrize("refiner", [None, ""])
def test_no_refiner_is_the_base_alone(refiner: str | None) -> None:
    info = read_model_info(TINY, refiner)
    assert info.refiner is info.refiner_name is None


def test_a_folder_in_the_home_is_found(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(base.parent))
    assert read_model_info("~/base", None).base == str(base)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("owner/name", False),
        ("/owner/name", True),
        ("./name", True),
        ("../name", True),
        ("name", True),
        ("a/b/c", True),
    ],
)
def test_a_name_is_a_folder_unless_it_can_be_a_hub_id(name: str, folder: bool) -> None:
    assert is_folder(name) is folder


def test_the_number_of_layers_limits_clip_skip(base: Path) -> None:
    change(base / "text_encoder" / "config.json", num_hidden_layers=3)
    assert read_model_info(str(base), None).max_clip_skip == 2


def test_a_folder_that_is_not_there_is_said_with_what_would_do() -> None:
    with pytest.raises(ModelNotFound) as caught:
        read_model_info("./nowhere", None)
    assert str(caught.value) == "There is no model folder nowhere. Name a folder that exists, a hub id, or “tiny”."


def test_base_and_refiner_in_each_others_place_are_told_apart() -> None:
    with pytest.raises(ModelNotFound, match=r"is a refiner\. Name it in MODEL_REFINER, and a base in MODEL_BASE\.$"):
        read_model_info(str(EMBEDDED_REFINER), None)
    with pytest.raises(ModelNotFound, match=r"is a base\. Name it in MODEL_BASE, and a refiner in MODEL_REFINER\.$"):
        read_model_info(TINY, str(EMBEDDED_BASE))


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("model_index.json", None, "is not a diffusers model folder: model_index.json is missing."),
        ("unet/config.json", None, "is not a diffusers model folder: unet/config.json is missing."),
        ("vae/config.json", "{", "cannot be read: "),
        ("text_encoder_2/config.json", "[]", "does not hold what a model's config.json holds. Copy the model there"),
        ("unet/config.json", "{}", "is not a Stable Diffusion XL model: its config.json lacks 'sample_size'."),
        ("unet/config.json", '{"sample_size": "big"}', "A config.json in "),
        ("model_index.json", '{"_class_name": "FluxPipeline"}', "holds a FluxPipeline, and this bot draws with a "),
        ("model_index.json", "\xff", "cannot be read: "),
    ],
)
def test_a_spoilt_base_is_one_sentence(base: Path, file: str, text: str | None, sentence: str) -> None:
    (base / file).unlink()
    if text is not None:
        (base / file).write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelNotFound) as caught:
        read_model_info(str(base), None)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("defaults", "wrong"),
    [
        ({"num_inference_steps": 9000}, "steps must be a whole number from 1 to 150"),
        ({"upscale_strength": 2}, "strength must be above 0 and at most 1"),
    ],
)
def test_defaults_that_are_no_parameters_are_named(base: Path, defaults: dict[str, float], wrong: str) -> None:
    (base / "defaults.json").write_text(json.dumps(defaults))
    with pytest.raises(ModelNotFound, match=rf"^defaults\.json of .* is wrong: {wrong}"):
        check_defaults(read_model_info(str(base), None))
