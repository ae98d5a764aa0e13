"""What decides the pixels beside the parameters: the weights, the libraries, the device."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from bot.infotext import Origin
from bot.model_info import ModelInfo

_SUFFIX = ".safetensors"
#: A checkpoint has gigabytes. Another one of the same shape has other numbers everywhere, so samples tell them apart.
_SAMPLES, _SAMPLE_BYTES = 16, 64 * 1024
_DIGITS = 16


def origin_of(model: ModelInfo, device: torch.device, folder: Path, refiner_folder: Path | None) -> Origin:
    """Where pictures come from that this model makes on this device."""
    # torch's own word, for it names the build as well.
    libraries = {"torch": torch.__version__, **{name: version(name) for name in ("diffusers", "transformers")}}
    return Origin(
        model=model.name,
        refiner=model.refiner_name,
        weights=fingerprint(*(each for each in (folder, refiner_folder) if each is not None)),
        libraries=libraries,
        device=_kind(device),
    )


def fingerprint(*folders: Path) -> str:
    """A short hash over the weights in these folders: their names, sizes, and samples of what is in them."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob(f"*{_SUFFIX}")):
            size = path.stat().st_size
            digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
            with path.open("rb") as file:
                for sample in range(_SAMPLES):
                    file.seek(sample * max(0, size - _SAMPLE_BYTES) // (_SAMPLES - 1))
                    digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:_DIGITS]


def _kind(device: torch.device) -> str:
    """What calculates: even of one type, another kind rounds otherwise."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        return f"cpu ({platform.machine()}, {torch.backends.cpu.get_cpu_capability()})"
    return f"{device.type} ({platform.machine()})"
