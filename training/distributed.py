"""Several single-thread processes that share one model by averaging gradients.

Two OpenMP threads spin at every barrier when anything else wants the cores; separate processes only wait once a step.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn


def launch(worker: Callable[..., None], processes: int, *arguments: object) -> None:
    """Run `worker(rank, processes, *arguments)` in every process and wait for all."""
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_enter, args=(worker, processes, f"{folder}/store", arguments), nprocs=processes)


def _enter(rank: int, worker: Callable[..., None], processes: int, store: str, arguments: tuple[object, ...]) -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group("gloo", store=dist.FileStore(store, processes), rank=rank, world_size=processes)
    try:
        worker(rank, processes, *arguments)
    finally:
        dist.destroy_process_group()


def average_gradients(parameters: Iterable[nn.Parameter], number: float) -> float:
    """Average all gradients in place, and one number (the share of time spent) along with them."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([*(g.reshape(-1) for g in gradients), torch.tensor([number])])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()
    return float(flat[-1])
