"""LoRAs in a folder: their names, what they say of themselves, and whether they belong to a model. No torch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.errors import LoraNotFound, LoraUnusable
from bot.model_info import ModelInfo, is_folder
from bot.nearest import nearest
from bot.parameters import quoted

SUFFIX = ".safetensors"
#: How wide the prompts are that SDXL's base reads: both text encoders side by side.
SDXL_CONTEXT_WIDTH = 2048
#: A header is JSON of so many bytes at most, as the safetensors library has it.
_MAX_HEADER = 100_000_000
_MOST_TRIGGERS = 5
#: The half of a LoRA that reads, in the three formats that there are.
_DOWN = (".lora_down.weight", ".lora_A.weight", ".lora.down.weight", ".lora_A.default.weight")
#: Kinds of adapters that are no LoRAs, by how their weights end.
_KINDS = {
    ".hada_w1_a": "LoHa",
    ".lokr_w1": "LoKr",
    ".lokr_w1_a": "LoKr",
    ".oft_blocks": "OFT",
    ".oft_diag": "OFT",
    ".on_input": "(IA)³",
}
#: What trainers and the modelspec standard call models that are no SDXL.
_OTHERS = re.compile(
    r"sd[-_ ]?v?[123]|stable-diffusion-v?[123]|stable-cascade|flux|hunyuan|wan|lumina|chroma|auraflow|pixart|qwen",
    re.IGNORECASE,
)
#: Layers that SDXL does not have: the one text encoder of its forerunners, and the blocks of transformers.
_OTHERS_LAYERS = re.compile(r"lora_te_|transformer\.|.*(?:double_blocks|single_blocks|joint_blocks|single_transformer)")


@dataclass(frozen=True, slots=True)
class LoraInfo:
    """One LoRA. `context_width` is how wide the prompts are that it reads; None where it does not read any.

    `is_foreign` tells that its layers, or else what it says of itself, are those of other models than SDXL.
    """

    name: str
    path: Path
    rank: int
    context_width: int | None = None
    base_model: str | None = None
    trigger_words: tuple[str, ...] = ()
    is_foreign: bool = False

    def fits(self, model: ModelInfo) -> bool:
        """Whether it was made for a base like this one, as far as the file tells: what reads prompts is certain."""
        return not self.is_foreign if self.context_width is None else self.context_width == context_width(model)

    def misfit(self, model: ModelInfo) -> LoraUnusable:
        """That it does not fit, as an error to raise."""
        if self.base_model:
            return LoraUnusable(
                "The LoRA {name} is for {other}, and does not fit {model}.",
                name=quoted(self.name),
                other=self.base_model,
                model=model.name,
            )
        return LoraUnusable("The LoRA {name} does not fit {model}.", name=quoted(self.name), model=model.name)


def list_loras(folder: Path) -> list[LoraInfo]:
    """All that can be used of the folder and those in it, by name; a file that is no LoRA is left out."""
    found = []
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        try:
            found.append(read_lora(path, lora_name(folder, path)))
        except LoraUnusable:
            continue
    return found


def find_lora(folder: Path, name: str) -> LoraInfo:
    """The LoRA of that name, however it is capitalised, with or without the file's ending.

    Raises `LoraNotFound` with the nearest names or where all are listed, `LoraUnusable` for a file that is broken.
    """
    # Looked up in what is there, never joined to a path: a name from outside may hold "..".
    paths = {lora_name(folder, path).casefold(): path for path in sorted(folder.rglob(f"*{SUFFIX}"))}
    wanted = name.removesuffix(SUFFIX).casefold()
    if (path := paths.get(wanted)) is not None:
        return read_lora(path, lora_name(folder, path))
    if not paths:
        raise LoraNotFound("There is no LoRA {name}: this bot has none.", name=quoted(name))
    near = nearest(wanted, [lora_name(folder, path) for path in paths.values()])
    if not near:
        raise LoraNotFound(
            "There is no LoRA {name}. The option lora of /imagine lists those that there are.", name=quoted(name)
        )
    raise LoraNotFound("There is no LoRA {name}. Nearest: {nearest}.", name=quoted(name), nearest=", ".join(near))


def lora_name(folder: Path, path: Path) -> str:
    """What a file in the folder is called: its path without the ending."""
    return path.relative_to(folder).with_suffix("").as_posix()


def read_lora(path: Path, name: str) -> LoraInfo:
    """What the file's header says. Raises `LoraUnusable`."""
    try:
        status = path.stat()
        return _read(path, name, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LoraUnusable("The file of the LoRA {name} is broken.", name=quoted(name)) from error


def context_width(model: ModelInfo) -> int:
    """How wide the prompts are that the model's base reads."""
    if not is_folder(model.base):
        return SDXL_CONTEXT_WIDTH
    try:
        config = json.loads((Path(model.base) / "unet" / "config.json").read_text(encoding="utf-8"))
        return int(config["cross_attention_dim"])
    except (OSError, ValueError, KeyError, TypeError):
        return SDXL_CONTEXT_WIDTH


@lru_cache(maxsize=4096)
def _read(path: Path, name: str, _modified: int, size: int) -> LoraInfo:
    """Once a file, and again when it has changed."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(_MAX_HEADER, size - 8):
            raise ValueError("the header does not fit into the file")
        header: dict[str, Any] = json.loads(file.read(length))
    metadata = header.pop("__metadata__", {})
    if any(tensor["data_offsets"][1] > size - 8 - length for tensor in header.values()):
        raise ValueError("the file is cut off")
    down = {key: tensor["shape"] for key, tensor in header.items() if key.endswith(_DOWN)}
    kind = next((kind for key in header for end, kind in _KINDS.items() if key.endswith(end)), None)
    if kind is not None:
        raise LoraUnusable(
            "The LoRA {name} is a {kind}, which cannot be used here. Convert it into a plain LoRA.",
            name=quoted(name),
            kind=kind,
        )
    if not down:
        raise ValueError("not a LoRA")
    widths = [shape[1] for key, shape in down.items() if _reads_prompts(key)]
    return LoraInfo(
        name=name,
        path=path,
        rank=max(int(shape[0]) for shape in down.values()),
        context_width=int(widths[0]) if widths else None,
        base_model=_first(metadata, "ss_base_model_version", "modelspec.architecture", "ss_sd_model_name"),
        trigger_words=_trigger_words(metadata),
        is_foreign=any(map(_OTHERS_LAYERS.match, down)) or _OTHERS.match(_family(metadata)) is not None,
    )


def _family(metadata: Mapping[str, str]) -> str:
    """For which models it says it is: the name of the file that it was trained on says nothing."""
    return _first(metadata, "ss_base_model_version", "modelspec.architecture") or ""


def _reads_prompts(key: str) -> bool:
    """Whether these weights read the prompt: keys and values of cross-attention in the U-Net."""
    return "attn2" in key and ("to_k" in key or "to_v" in key)


def _first(metadata: Mapping[str, str], *keys: str) -> str | None:
    return next((str(metadata[key]) for key in keys if metadata.get(key)), None)


def _trigger_words(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """What it is called in prompts: as its maker says, else what its training pictures were most often captioned."""
    if phrase := metadata.get("modelspec.trigger_phrase"):
        return tuple(word.strip() for word in phrase.split(",") if word.strip())[:_MOST_TRIGGERS]
    try:
        counts: dict[str, int] = {}
        for tags in json.loads(metadata.get("ss_tag_frequency", "{}")).values():
            for tag, count in tags.items():
                counts[tag.strip()] = counts.get(tag.strip(), 0) + int(count)
    except (ValueError, AttributeError, TypeError):
        return ()
    return tuple(sorted(counts, key=lambda tag: -counts[tag])[:_MOST_TRIGGERS])
