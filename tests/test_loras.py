"""LoRAs as files: names, what their headers say, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import LoraNotFound, LoraUnusable
from bot.loras import SDXL_CONTEXT_WIDTH, context_width, find_lora, list_loras
from bot.model_info import SDXL_BASE, TINY, ModelInfo, read_model_info

SDXL = ModelInfo(SDXL_BASE, None)
KOHYA = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"


def write(path: Path, shapes: dict[str, list[int]], metadata: dict[str, str] | None = None) -> None:
    """A safetensors file by its published format: the header's length, the header, the numbers."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * shape[0] * shape[1]
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(end))


def test_the_list_tells_rank_origin_and_trigger_words_and_leaves_out_what_is_no_lora(tmp_path: Path) -> None:
    tags = {"10_x": {"ink": 9, "white": 3}, "5_y": {"white": 8, "black": 1}}
    shapes = {f"{KOHYA}.lora_down.weight": [16, 2048], f"{KOHYA}.lora_up.weight": [640, 16]}
    write(
        tmp_path / "styles" / "Ink.safetensors",
        shapes,
        {"ss_base_model_version": "sdxl_base_v1-0", "ss_tag_frequency": json.dumps(tags)},
    )
    write(tmp_path / "old.safetensors", {"unet.down.attn2.to_v.lora_A.weight": [4, 768]})
    write(tmp_path / "vae.safetensors", {"decoder.conv.weight": [4, 8]})
    (tmp_path / "notes.txt").write_text("no LoRA")
    old, ink = list_loras(tmp_path)
    assert (ink.name, ink.rank, ink.context_width) == ("styles/Ink", 16, 2048)
    assert ink.base_model == "sdxl_base_v1-0"
    assert ink.trigger_words == ("white", "ink", "black")
    assert ink.fits(SDXL)
    assert (old.name, old.rank, old.trigger_words) == ("old", 4, ())
    assert not old.fits(SDXL)


def test_what_its_maker_says_wins_over_what_was_counted(tmp_path: Path) -> None:
    metadata = {"modelspec.trigger_phrase": "in ink, black lines", "ss_tag_frequency": "not even JSON"}
    write(tmp_path / "ink.safetensors", {"unet.attn1.to_k.lora_A.weight": [4, 640]}, metadata)
    (ink,) = list_loras(tmp_path)
    assert ink.trigger_words == ("in ink", "black lines")
    # It reads no prompts, so nothing speaks against any model.
    assert ink.fits(SDXL)


@pytest.mark.parametrize(
    ("key", "metadata", "fits"),
    [
        ("lora_te_text_model_encoder_layers_0_mlp_fc1", {}, False),
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1", {}, True),
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1", {"ss_base_model_version": "sd_v1"}, False),
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1", {"ss_base_model_version": "sdxl_base_v1-0"}, True),
        ("lora_unet_double_blocks_0_img_attn_proj", {}, False),
        ("transformer.single_transformer_blocks.0.attn.to_q", {}, False),
        ("lora_unet_mid_block", {"modelspec.architecture": "stable-diffusion-v1/lora"}, False),
        ("lora_unet_mid_block", {"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"}, True),
        ("lora_unet_mid_block", {"ss_base_model_version": "flux1"}, False),
        ("lora_unet_mid_block", {"ss_sd_model_name": "sd_v1-5.safetensors"}, True),
    ],
)
def test_what_reads_no_prompts_is_known_by_its_layers_and_by_what_it_says(
    tmp_path: Path, key: str, metadata: dict[str, str], fits: bool
) -> None:
    write(tmp_path / "ink.safetensors", {f"{key}.lora_down.weight": [4, 768]}, metadata)
    assert find_lora(tmp_path, "ink").fits(SDXL) == fits


def test_weights_that_read_prompts_as_sdxl_does_count_more_than_what_is_said(tmp_path: Path) -> None:
    write(tmp_path / "ink.safetensors", {f"{KOHYA}.lora_down.weight": [4, 2048]}, {"ss_base_model_version": "sd_v1"})
    assert find_lora(tmp_path, "ink").fits(SDXL)


@pytest.mark.parametrize(("end", "kind"), [("hada_w1_a", "LoHa"), ("lokr_w1", "LoKr"), ("lokr_w1_a", "LoKr")])
def test_an_adapter_of_another_kind_is_named_and_not_offered(tmp_path: Path, end: str, kind: str) -> None:
    write(tmp_path / "ink.safetensors", {f"{KOHYA}.{end}": [640, 4]})
    with pytest.raises(LoraUnusable, match=f"^The LoRA “ink” is a {kind}, which cannot be used here"):
        find_lora(tmp_path, "ink")
    assert list_loras(tmp_path) == []


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "ink.safetensors"
    write(path, {"unet.attn1.to_k.lora_A.weight": [4, 640]})
    assert list_loras(tmp_path)[0].rank == 4
    write(path, {"unet.attn1.to_k.lora_A.weight": [8, 640]})
    assert list_loras(tmp_path)[0].rank == 8


@pytest.mark.parametrize("name", ["Ink", "ink", "INK.safetensors"])
def test_a_name_is_found_however_it_is_written(tmp_path: Path, name: str) -> None:
    write(tmp_path / "Ink.safetensors", {"unet.attn1.to_k.lora_A.weight": [4, 640]})
    assert find_lora(tmp_path, name).name == "Ink"


def test_an_unknown_name_gets_the_nearest_ones(tmp_path: Path) -> None:
    with pytest.raises(LoraNotFound, match=r"There is no LoRA “ink”: this bot has none."):
        find_lora(tmp_path / "missing", "ink")
    for name in ("ink", "inkwell", "oil"):
        write(tmp_path / f"{name}.safetensors", {"unet.attn1.to_k.lora_A.weight": [4, 640]})
    with pytest.raises(LoraNotFound, match=r"There is no LoRA “inks”. Nearest: ink."):
        find_lora(tmp_path, "inks")


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "secret.safetensors", {"unet.attn1.to_k.lora_A.weight": [4, 640]})
    write(tmp_path / "loras" / "ink.safetensors", {"unet.attn1.to_k.lora_A.weight": [4, 640]})
    with pytest.raises(LoraNotFound):
        find_lora(tmp_path / "loras", "../secret")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header",
        (2**62).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
        (20_000).to_bytes(8, "little") + b"[" * 20_000,
        (13).to_bytes(8, "little") + b'{"a": "text"}',
    ],
    ids=["empty", "short", "huge header", "a list", "no tensors", "deep", "text"],
)
def test_a_file_that_is_broken_is_said_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ink.safetensors").write_bytes(content)
    with pytest.raises(LoraUnusable, match=r"The file of the LoRA “ink” is broken."):
        find_lora(tmp_path, "ink")
    assert list_loras(tmp_path) == []


def test_the_width_that_a_model_reads_is_in_its_folder() -> None:
    assert context_width(SDXL) == SDXL_CONTEXT_WIDTH
    assert context_width(read_model_info(TINY, None)) < SDXL_CONTEXT_WIDTH
