"""Which files of a model are wanted, which are missing, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.diffusion.hub import HubAccess, find_model, remedy, wanted_files, weights_variant
from bot.errors import ModelNotFound
from bot.model_info import EMBEDDED_BASE

UNET = "unet/diffusion_pytorch_model.safetensors"
NAMES = [
    "model_index.json",
    "README.md",
    "sd_xl_base_1.0.safetensors",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/flax_model.msgpack",
    "text_encoder/model.fp16.safetensors",
    "text_encoder/model.onnx",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
    "unet/diffusion_pytorch_model-00002-of-00002.safetensors",
    "unet/diffusion_pytorch_model.bin",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "unet/diffusion_pytorch_model.safetensors.index.json",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
    "vae_1_0/diffusion_pytorch_model.safetensors",
]
COMMON = {
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/config.json",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
}


@pytest.mark.parametrize("half_precision", [True, False])
def test_one_set_of_weights_a_component_is_wanted(half_precision: bool) -> None:
    components = ["scheduler", "text_encoder", "tokenizer", "unet", "vae"]
    wanted = wanted_files(NAMES, components, half_precision=half_precision)
    assert len(wanted) == len(set(wanted))
    own = (
        {"text_encoder/model.fp16.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors"}
        if half_precision
        else {"text_encoder/model.safetensors", *(name for name in NAMES if "-of-" in name or ".index." in name)}
    )
    assert set(wanted) == COMMON | own
    assert set(wanted_files(NAMES, ["unet"], half_precision=True)) == {
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
    }


@pytest.mark.parametrize(
    ("files", "half_precision", "variant"),
    [
        (["m.safetensors", "m.fp16.safetensors"], True, "fp16"),
        (["m.safetensors", "m.fp16.safetensors"], False, None),
        (["m.fp16.safetensors"], False, "fp16"),
        (["m.safetensors"], True, None),
    ],
)
def test_the_variant_is_what_the_device_wants_where_there_is_a_choice(
    tmp_path: Path, files: list[str], half_precision: bool, variant: str | None
) -> None:
    (tmp_path / "unet").mkdir()
    for name in files:
        (tmp_path / "unet" / name).touch()
    assert weights_variant(tmp_path, "unet", half_precision=half_precision) == variant


def _model(folder: Path, *files: str) -> Path:
    index = {"unet": ["diffusers", "UNet2DConditionModel"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    for name in ("unet/config.json", *files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


PARTS = ("unet/m-00001-of-00002.safetensors", "unet/m-00002-of-00002.safetensors")
VOCABULARY = ("tokenizer/vocab.json", "tokenizer/merges.txt")


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ((*PARTS, *VOCABULARY), None),
        ((PARTS[0], *VOCABULARY), "unet/diffusion_pytorch_model.safetensors"),
        ((*PARTS, VOCABULARY[0]), "tokenizer/tokenizer.json"),
        ((*PARTS, "tokenizer/tokenizer.json"), None),
        (("unet/m.bin", *VOCABULARY), "unet/diffusion_pytorch_model.safetensors"),
    ],
)
def test_a_folder_counts_as_complete_when_every_part_is_there(
    tmp_path: Path, files: tuple[str, ...], missing: str | None
) -> None:
    folder = _model(tmp_path, *files)
    (folder / "unet" / "m.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": Path(PARTS[0]).name, "b": Path(PARTS[1]).name}})
    )
    if missing is None:
        assert find_model(str(folder), HubAccess(), lambda share, what: None) == folder
        return
    with pytest.raises(ModelNotFound) as caught:
        find_model(str(folder), HubAccess(), lambda share, what: None)
    assert str(caught.value) == f"The model {folder} is not complete: {missing} is missing. Copy the model there again."


def test_what_to_do_about_a_broken_folder_depends_on_whose_it_is(tmp_path: Path) -> None:
    assert remedy(str(EMBEDDED_BASE)) == "It belongs to imagine-bot: install that again."
    assert remedy(str(tmp_path)) == "Copy the model there again."
    cached = tmp_path / "models--me--base" / "snapshots" / ("1" * 40)
    assert remedy(str(cached)) == f"Remove {tmp_path / 'models--me--base'} and run: imagine-bot download"
