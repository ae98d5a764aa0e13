"""The architecture: SDXL in every part, a few hundred times smaller."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

_TEXT_WIDTH, _TEXT_WIDTH_2 = 96, 128
_MAX_TOKENS = 77
_UNET_WIDTHS = (32, 64, 128)
_TIME_ID_WIDTH = 32


def build_vae(scaling_factor: float = 1.0) -> AutoencoderKL:
    """Eight pixels to a latent, as in SDXL."""
    widths = (16, 32, 64, 64)
    vae = AutoencoderKL(
        block_out_channels=widths,
        down_block_types=("DownEncoderBlock2D",) * len(widths),
        up_block_types=("UpDecoderBlock2D",) * len(widths),
        layers_per_block=1,
        norm_num_groups=8,
        latent_channels=4,
        sample_size=128,
        scaling_factor=scaling_factor,
        force_upcast=False,
    )
    # With unit variance at the start the decoder sees only noise and learns the mean picture for ever.
    with torch.no_grad():
        vae.quant_conv.weight[4:] *= 0.1
        vae.quant_conv.bias[4:] = -6.0
    return vae


def build_text_encoders(tokenizer: CLIPTokenizer) -> tuple[CLIPTextModel, CLIPTextModelWithProjection]:
    """SDXL's pair: the first is padded with the end token, the second with token 0."""
    common = {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": _MAX_TOKENS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
    }
    first = CLIPTextModel(
        CLIPTextConfig(
            hidden_size=_TEXT_WIDTH,
            intermediate_size=256,
            projection_dim=_TEXT_WIDTH,
            hidden_act="quick_gelu",
            pad_token_id=tokenizer.eos_token_id,
            **common,
        )
    )
    second = CLIPTextModelWithProjection(
        CLIPTextConfig(
            hidden_size=_TEXT_WIDTH_2,
            intermediate_size=384,
            projection_dim=_TEXT_WIDTH_2,
            hidden_act="gelu",
            pad_token_id=0,
            **common,
        )
    )
    # The U-Net reads hidden_states[-2], which no final norm has scaled up: CLIP's 0.02 would hardly be heard.
    for encoder in (first, second):
        torch.nn.init.normal_(encoder.get_input_embeddings().weight, std=0.8)
    return first, second


def build_unet(*, refiner: bool = False) -> UNet2DConditionModel:
    """The refiner reads the second text encoder only and an aesthetic score instead of the target size."""
    time_ids = 5 if refiner else 6
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=_UNET_WIDTHS,
        layers_per_block=1,
        attention_head_dim=(1, 2, 4),  # the number of heads, despite its name
        transformer_layers_per_block=1,
        cross_attention_dim=_TEXT_WIDTH_2 + (0 if refiner else _TEXT_WIDTH),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_TIME_ID_WIDTH,
        projection_class_embeddings_input_dim=_TIME_ID_WIDTH * time_ids + _TEXT_WIDTH_2,
        norm_num_groups=16,
    )


def refiner_from(base: UNet2DConditionModel) -> UNet2DConditionModel:
    """A refiner with the base's weights; what reads the first text encoder or the sixth time id is cut off."""
    refiner = build_unet(refiner=True)
    weights = base.state_dict()
    for name, own in refiner.state_dict().items():
        if name.endswith(("attn2.to_k.weight", "attn2.to_v.weight")):
            weights[name] = weights[name][:, _TEXT_WIDTH:]
        elif name == "add_embedding.linear_1.weight":
            weights[name] = weights[name][:, : own.shape[1]]
    refiner.load_state_dict(weights)
    return refiner


def build_scheduler() -> EulerDiscreteScheduler:
    """SDXL's noise schedule; the networks predict v, which keeps the mean colour felt at high noise."""
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="leading",
        steps_offset=1,
    )
