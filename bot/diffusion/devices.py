"""Which device computes, in which precision, and what its errors mean."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable

import torch

from bot.errors import StartupFailed

#: Room for activations and the device's own context beside the weights, in bytes (SDXL at 1024 x 1024 with guidance).
HEADROOM = 4 * 2**30


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; for "auto" the first that is there. Raises `StartupFailed` for one that is not."""
    available = [each for each in ("cuda", "mps", "xpu") if _is_available(each)] + ["cpu"]
    if name == "auto":
        return torch.device(available[0])
    if name not in available:
        raise StartupFailed(
            f"DEVICE is {name}, but no {name} device was found here. Set DEVICE to {' or '.join(['auto', *available])}."
        )
    return torch.device(name)


def choose_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device computes in it, float16 on other accelerators, float32 on the CPU."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return {"xpu": torch.bfloat16, "mps": torch.float16}.get(device.type, torch.float32)


def own_memory(device: torch.device) -> int | None:
    """The bytes of memory that the device has in all; None where it has the machine's, or does not say."""
    return int(torch.cuda.mem_get_info(device)[1]) if device.type == "cuda" else None


def describe(device: torch.device) -> str:
    """The device as its owner knows it, with its memory, and the precision that it works in."""
    precision = str(choose_dtype(device)).removeprefix("torch.")
    if device.type != "cuda":
        return f"{device.type}, {precision}"
    free, total = torch.cuda.mem_get_info()
    return f"{torch.cuda.get_device_name()}, {free / 1e9:.0f} of {total / 1e9:.0f} GB free, {precision}"


def fits(modules: Iterable[torch.nn.Module], device: torch.device) -> bool:
    """Whether all modules at once, and the work, fit into the device's free memory."""
    if device.type != "cuda":
        return True
    weights = {id(tensor): tensor.nbytes for module in modules for tensor in module.parameters()}
    free, _total = torch.cuda.mem_get_info()
    return sum(weights.values()) + HEADROOM <= free


def free_memory(device: torch.device) -> None:
    """Give back what finished or broken off work has left behind."""
    gc.collect()
    if device.type != "cpu":
        torch.accelerator.memory.empty_cache()


def leave_a_core_free(device: torch.device) -> None:
    """On a CPU with more than two cores, keep one for the process that talks to Discord.

    With fewer, or where OMP_NUM_THREADS says less already, torch's own choice stands.
    """
    cores = os.cpu_count() or 1
    if device.type == "cpu" and cores > 2:
        torch.set_num_threads(min(torch.get_num_threads(), cores - 1))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` means that the device, or the machine, has no memory left for this."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def is_device_failure(error: BaseException) -> bool:
    """Whether the device is unusable for this process from now on, as after most CUDA errors."""
    if is_out_of_memory(error):
        return False
    return isinstance(error, torch.AcceleratorError) or (
        isinstance(error, RuntimeError) and str(error).startswith(("CUDA error", "cuDNN error", "CUBLAS"))
    )


def _is_available(name: str) -> bool:
    if name == "mps":
        return torch.backends.mps.is_available()
    return bool(getattr(torch, name).is_available())
