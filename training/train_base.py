"""Trains the base U-Net together with both text encoders."""

from __future__ import annotations

import argparse

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTokenizer

from training.distributed import launch
from training.latents import Batch, Latents
from training.models import build_scheduler, build_text_encoders, build_unet
from training.paths import WORK
from training.session import Session
from training.tokenizer import load, padded_for_second

CHECKPOINT = WORK / "base.pt"
SHORT, FULL = 40, 77
_FULL_FROM = 0.95
_ZEROS, _EMPTY = 0.08, 0.04
_OFFSET_NOISE = 0.07


class Captions:
    """Token ids for both encoders, of which some are dropped so that guidance has something to lean on."""

    def __init__(self, tokenizer: CLIPTokenizer, zeros: float, empty: float) -> None:
        self.end, self._zeros, self._empty = tokenizer.eos_token_id, zeros, empty
        self._nothing = torch.full((FULL,), self.end)
        self._nothing[0] = tokenizer.bos_token_id

    def draw(self, tokens: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Ids for the first and the second encoder, and a 0 for every sample whose embeddings are to be zeros."""
        chance = torch.rand(len(tokens))
        empty = chance < self._empty
        tokens = torch.where(empty[:, None], self._nothing, tokens)[:, :length]
        keep = ((chance < self._empty) | (chance >= self._empty + self._zeros)).float()
        return tokens, padded_for_second(tokens, self.end), keep


def diffuse(latents: torch.Tensor, timesteps: torch.Tensor, offset: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Noised latents and the velocity that is to be predicted."""
    alphas = build_scheduler().alphas_cumprod[timesteps][:, None, None, None]
    noise = torch.randn_like(latents) + offset * torch.randn(*latents.shape[:2], 1, 1)
    return (
        alphas.sqrt() * latents + (1 - alphas).sqrt() * noise,
        alphas.sqrt() * noise - (1 - alphas).sqrt() * latents,
    )


def base_loss(
    unet: nn.Module, first: nn.Module, second: nn.Module, batch: Batch, captions: Captions, length: int
) -> torch.Tensor:
    """Squared error of the velocity, weighted by sample."""
    tokens, tokens_2, keep = captions.draw(batch.tokens, length)
    # The structure of a picture is decided at high noise, so that end is trained more often.
    timesteps = (1000 * torch.rand(len(tokens)) ** 0.7).long()
    noisy, velocity = diffuse(batch.latents, timesteps, _OFFSET_NOISE)
    with torch.autocast("cpu", torch.bfloat16):
        one = first(tokens, output_hidden_states=True)
        two = second(tokens_2, output_hidden_states=True)
        hidden = torch.cat([one.hidden_states[-2], two.hidden_states[-2]], dim=-1) * keep[:, None, None]
        added = {"text_embeds": two.text_embeds * keep[:, None], "time_ids": batch.time_ids}
        predicted = unet(noisy, timesteps, hidden, added_cond_kwargs=added).sample
    errors = (predicted.float() - velocity).square().mean(dim=(1, 2, 3))
    return (errors * batch.weight).mean()


def build() -> list[nn.Module]:
    """The modules that are trained, in the checkpoint's order."""
    return [build_unet(), *build_text_encoders(load()[0])]


def _train(rank: int, processes: int, arguments: argparse.Namespace) -> None:
    torch.manual_seed(0)
    modules = build()
    session = Session(modules, CHECKPOINT, rank, minutes=arguments.minutes, learning_rate=arguments.learning_rate)
    torch.manual_seed(session.step * processes + rank + 1)
    latents, captions = Latents(), Captions(load()[0], _ZEROS, _EMPTY)
    # The fused attention's backward pass is slow on CPUs for so few positions.
    with sdpa_kernel(SDPBackend.MATH):
        for step in session.steps("base"):
            length = FULL if session.share > _FULL_FROM else SHORT
            session.learn(base_loss(*modules, latents.batch(arguments.batch, step), captions, length))


def main() -> None:
    """Train, or go on where the last run stopped."""
    parser = argparse.ArgumentParser(prog="python -m training.train_base", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="training time, earlier runs included")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32, help="pictures per process and step")
    parser.add_argument("--learning-rate", type=float, default=1.2e-3)
    arguments = parser.parse_args()
    launch(_train, arguments.processes, arguments)


if __name__ == "__main__":
    main()
