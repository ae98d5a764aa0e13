"""Loading from a folder: what is loaded, and one sentence for each way to be broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from bot.diffusion import devices
from bot.diffusion.sdxl import StableDiffusionXL
from bot.errors import ModelNotFound, StartupFailed
from bot.model_info import EMBEDDED_BASE, EMBEDDED_REFINER, ModelInfo


def spoil_json(folder: Path, name: str, **changes: object) -> None:
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _without_weights(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()


def _only_pickles(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").rename(folder / "vae" / "diffusion_pytorch_model.bin")


def _short(folder: Path) -> None:
    weights = folder / "text_encoder" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def _holey(folder: Path) -> None:
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    del tensors[next(iter(tensors))]
    save_file(tensors, weights, metadata={"format": "pt"})


def _of_another_shape(folder: Path) -> None:
    spoil_json(folder, "text_encoder/config.json", intermediate_size=24)


def _without_words(folder: Path) -> None:
    (folder / "tokenizer" / "tokenizer.json").write_text("{}")


def _no_index(folder: Path) -> None:
    (folder / "model_index.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_without_weights, "vae/diffusion_pytorch_model.safetensors is missing. Copy"),
        (_only_pickles, "vae/diffusion_pytorch_model.safetensors is missing. Copy"),
        (_short, "The text_encoder of the model "),
        (_holey, "cannot be loaded: 1 of its tensors are missing or of another shape. Copy"),
        (_of_another_shape, "The text_encoder of the model "),
        (_without_words, "The tokenizer or scheduler of the model "),
        (_no_index, "model_index.json cannot be read: "),
    ],
)
def test_a_broken_folder_is_one_sentence(tmp_path: Path, spoil: Callable[[Path], None], sentence: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(EMBEDDED_BASE, folder)
    spoil(folder)
    with pytest.raises(ModelNotFound) as caught:
        StableDiffusionXL.load(ModelInfo(str(folder), None), "cpu")
    said = str(caught.value)
    assert sentence in said
    assert str(folder) in said
    assert "\n" not in said
    assert said.endswith("Copy the model there again.")


def test_a_refiner_of_another_base_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(EMBEDDED_REFINER, folder)
    config = json.loads((folder / "unet" / "config.json").read_text())
    shutil.rmtree(folder / "unet")
    from bot.diffusion.libraries import UNet2DConditionModel

    width = config["cross_attention_dim"] * 2
    UNet2DConditionModel.from_config(config, cross_attention_dim=width).save_pretrained(folder / "unet")
    with pytest.raises(ModelNotFound, match=f"other does not belong to the base tiny-sdxl-base: .* width {width}, not"):
        StableDiffusionXL.load(ModelInfo(str(EMBEDDED_BASE), str(folder)), "cpu")


def test_a_processor_computes_in_full_precision(sdxl: StableDiffusionXL) -> None:
    assert devices.choose_dtype(torch.device("cpu")) is torch.float32
    modules = (sdxl.base.unet, sdxl.refiner.unet, sdxl.base.vae, sdxl.base.text_encoder, sdxl.base.text_encoder_2)
    assert {module.dtype for module in modules} == {torch.float32}
    assert devices.describe(torch.device("cpu")) == "cpu, float32"


def test_a_device_that_is_not_there_is_said_with_those_that_are() -> None:
    if torch.xpu.is_available():
        pytest.skip("this machine has every device that could be missing")
    with pytest.raises(
        StartupFailed, match=r"^DEVICE is xpu, but no xpu device was found here\. Set DEVICE to auto or .*cpu"
    ):
        devices.choose_device("xpu")


@pytest.mark.parametrize(
    ("error", "out_of_memory", "failure"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True, False),
        (MemoryError(), True, False),
        (RuntimeError("CUDA error: out of memory"), True, False),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True, False),
        (torch.AcceleratorError("CUDA error: unspecified launch failure"), False, True),
        (RuntimeError("CUDA error: device-side assert triggered"), False, True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), False, True),
        (RuntimeError("shape '[1]' is invalid"), False, False),
        (ValueError("out of memory"), False, False),
    ],
)
def test_errors_of_a_device_are_told_apart(error: Exception, out_of_memory: bool, failure: bool) -> None:
    assert devices.is_out_of_memory(error) is out_of_memory
    assert devices.is_device_failure(error) is failure
