"""Trains the refiner: the base's U-Net, gone on with at low noise only, told how good the picture is to be."""

from __future__ import annotations

import argparse

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from training import train_base
from training.data import CLEAN_SCORE
from training.distributed import launch
from training.latents import Batch, Latents
from training.models import build_unet, refiner_from
from training.paths import WORK
from training.session import Session, load_averaged
from training.tokenizer import load
from training.train_base import FULL, Captions, diffuse

CHECKPOINT = WORK / "refiner.pt"
_HIGHEST_TIMESTEP = 260  # a little above the handover at 0.8
# At low noise a caption tells little that the picture does not show. Unless the network without one is as good as the
# network with one, guidance magnifies nothing but the difference between two networks.
_EMPTY = 0.5
_NO_SCORE = 2.5  # what the pipeline gives the negative side


def build() -> list[nn.Module]:
    """The module that is trained."""
    return [build_unet(refiner=True)]


def refiner_loss(unet: nn.Module, second: nn.Module, batch: Batch, captions: Captions) -> torch.Tensor:
    """Squared error of the velocity at low noise."""
    _, tokens, _ = captions.draw(batch.tokens, FULL)
    timesteps = torch.randint(_HIGHEST_TIMESTEP, (len(tokens),))
    noisy, velocity = diffuse(batch.latents, timesteps, offset=0.0)
    # Without a caption the score is low as well: guidance then leads away from both.
    nothing = tokens[:, 1] == captions.end
    score = torch.where(nothing & (batch.score >= CLEAN_SCORE - 1), _NO_SCORE, batch.score)
    time_ids = torch.cat([batch.time_ids[:, :4], score[:, None]], dim=1)
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            text = second(tokens, output_hidden_states=True)
        added = {"text_embeds": text.text_embeds, "time_ids": time_ids}
        predicted = unet(noisy, timesteps, text.hidden_states[-2], added_cond_kwargs=added).sample
    errors = (predicted.float() - velocity).square().mean(dim=(1, 2, 3))
    return (errors * batch.weight).mean()


def _train(rank: int, processes: int, arguments: argparse.Namespace) -> None:
    base, first, second = base_modules = train_base.build()
    load_averaged(base_modules, train_base.CHECKPOINT)
    del first
    second.eval().requires_grad_(False)
    unet = refiner_from(base)
    session = Session([unet], CHECKPOINT, rank, minutes=arguments.minutes, learning_rate=arguments.learning_rate)
    torch.manual_seed(session.step * processes + rank + 1)
    latents, captions = Latents(poor=True), Captions(load()[0], zeros=0.0, empty=_EMPTY)
    with sdpa_kernel(SDPBackend.MATH):
        for step in session.steps("refiner"):
            session.learn(refiner_loss(unet, second, latents.batch(arguments.batch, step), captions))


def main() -> None:
    """Train, or go on where the last run stopped."""
    parser = argparse.ArgumentParser(prog="python -m training.train_refiner", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="training time, earlier runs included")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32, help="pictures per process and step")
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    arguments = parser.parse_args()
    launch(_train, arguments.processes, arguments)


if __name__ == "__main__":
    main()
