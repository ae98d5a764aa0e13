"""A model's folder: given, in the cache, or downloaded from the hub. Needs no torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import ModelNotFound
from bot.model_info import MODELS, REVISIONS, is_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

OnProgress = Callable[[float, str], None]

#: What the refiner takes from the base instead of having its own.
SHARED = ("text_encoder_2", "tokenizer_2", "vae")
_WEIGHTS = {
    "text_encoder": "model",
    "text_encoder_2": "model",
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
}
_CONFIGS = {"scheduler": "scheduler_config.json", **dict.fromkeys(_WEIGHTS, "config.json")}


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How the hub may be used; without a token the one of `hf auth login` or HF_TOKEN is."""

    token: str | None = field(default=None, repr=False)
    offline: bool = False


def find_model(
    model: str,
    hub: HubAccess,
    on_progress: OnProgress,
    *,
    half_precision: bool = False,
    without: Collection[str] = (),
) -> Path:
    """The complete folder of `model`, a folder or a hub id, downloaded if need be.

    `half_precision` says which weights to download where there is a choice. Components in `without` may be missing.
    Raises `ModelNotFound` with a sentence that says what to do.
    """
    if is_folder(model):
        folder = Path(model)
        if missing := _missing_file(folder, without):
            raise ModelNotFound(f"The model {folder} is not complete: {missing} is missing. {remedy(model)}")
        return folder
    cached = _cached_folder(model)
    if cached is not None and not _missing_file(cached, without):
        return cached
    if hub.offline or _is_offline():
        raise ModelNotFound(
            f"{model} is not downloaded, and the hub is switched off (HF_HUB_OFFLINE). Go online and run: "
            "imagine-bot download"
        )
    return _download(model, hub, on_progress, half_precision=half_precision, without=without)


def _download(
    model: str, hub: HubAccess, on_progress: OnProgress, *, half_precision: bool, without: Collection[str]
) -> Path:
    from huggingface_hub import HfApi, hf_hub_download

    with _hub_errors_in_words(model):
        info = HfApi(token=hub.token).model_info(model, revision=REVISIONS.get(model), files_metadata=True)
        # One commit for all files, also where the branch moves on meanwhile.
        where: dict[str, Any] = {"revision": REVISIONS.get(model) or info.sha, "token": hub.token}
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
        index = Path(hf_hub_download(model, "model_index.json", **where))
        names = wanted_files(list(sizes), _components(index.parent, without), half_precision=half_precision)
        total = sum(sizes[name] for name in names) or 1
        done = 0
        for name in names:
            before = done

            def on_bytes(count: int, name: str = name) -> None:
                nonlocal done
                done += count
                on_progress(min(done / total, 1.0), f"downloading {name} ({total / 1e9:.1f} GB in all)")

            on_bytes(0)
            hf_hub_download(model, name, tqdm_class=_bar(on_bytes), **where)
            done = before + sizes[name]
    folder = index.parent
    if missing := _missing_file(folder, without):
        raise ModelNotFound(f"{model} cannot be used here: it has no {missing} (only safetensors are loaded).")
    return folder


def wanted_files(names: Sequence[str], components: Collection[str], *, half_precision: bool) -> list[str]:
    """Of all files of a repository, those to load: configurations, tokenizers and one set of weights a component."""
    wanted = [name for name in names if name in ("model_index.json", "defaults.json", "preview.json")]
    for component in components:
        own = [name for name in names if name.startswith(f"{component}/") and name.count("/") == 1]
        wanted += [name for name in own if name.endswith((".json", ".txt")) and ".safetensors" not in name]
        if stem := _WEIGHTS.get(component):
            weights = [name for name in own if name.startswith(f"{component}/{stem}") and ".safetensors" in name]
            half = [name for name in weights if ".fp16" in name]
            full = [name for name in weights if name not in half]
            wanted += (half or full) if half_precision else (full or half)
    return wanted


def weights_variant(folder: Path, component: str, *, half_precision: bool) -> str | None:
    """ "fp16" where those weights are meant: for half precision if there are any, else only if there are no others."""
    own = [path.name for path in (folder / component).glob("*.safetensors")]
    half = [name for name in own if ".fp16" in name]
    return "fp16" if half and (half_precision or len(half) == len(own)) else None


def remedy(model: str) -> str:
    """What to do when files of `model` are missing or broken."""
    if Path(model).is_relative_to(MODELS):
        return "It belongs to imagine-bot: install that again."
    return "Download the model again: imagine-bot download"


def _missing_file(folder: Path, without: Collection[str]) -> str | None:
    """The first file that loading would miss."""
    if not (folder / "model_index.json").is_file():
        return "model_index.json"
    for component in _components(folder, without):
        config = _CONFIGS.get(component)
        if config and not (folder / component / config).is_file():
            return f"{component}/{config}"
        if component in _WEIGHTS and not any((folder / component).glob("*.safetensors")):
            return f"{component}/{_WEIGHTS[component]}.safetensors"
        if component.startswith("tokenizer") and not any((folder / component).glob("*.json")):
            return f"{component}/tokenizer.json"
    return None


def _components(folder: Path, without: Collection[str]) -> list[str]:
    """The components that a model's index names, but for those in `without`."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        named = {name: value for name, value in index.items() if isinstance(value, list) and value[0] is not None}
    except (OSError, ValueError, AttributeError, IndexError) as error:
        raise ModelNotFound(f"{folder / 'model_index.json'} cannot be read: {error}. {remedy(str(folder))}") from error
    return [name for name in named if name not in without]


def _cached_folder(model: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        index = try_to_load_from_cache(model, "model_index.json", revision=REVISIONS.get(model))
    except HFValidationError as error:
        raise ModelNotFound(f"“{model}” is neither a folder nor a hub id (owner/name).") from error
    return Path(index).parent if isinstance(index, str) else None


def _is_offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _bar(on_bytes: Callable[[int], None]) -> type[Any]:
    """A progress bar for the hub's library that draws nothing and only counts."""
    from tqdm import tqdm

    class Counter(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            on_bytes(int(n or 0))
            return None

    return Counter


@contextmanager
def _hub_errors_in_words(model: str) -> Iterator[None]:
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise ModelNotFound(
            f"{model} is gated: accept its terms on https://huggingface.co/{model}, and set HF_TOKEN to a token of "
            "the account that did."
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise ModelNotFound(
            f"The hub has no model {model}, or it is private. Check the name, and set HF_TOKEN if it is private."
        ) from error
    except errors.EntryNotFoundError as error:
        raise ModelNotFound(f"{model} is not a diffusers model: it has no model_index.json.") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelNotFound(
            f"{model} could not be downloaded: {type(error).__name__}: {reason}. "
            "Check the connection and the free disk space, then run: imagine-bot download"
        ) from error
