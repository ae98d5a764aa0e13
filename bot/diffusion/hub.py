"""A model's folder: given, in the cache, or downloaded from the hub. Needs no torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bot.errors import ModelNotFound
from bot.model_info import MODELS, REVISIONS, is_folder
from bot.settings import Settings

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

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings allow."""
        token = settings.hf_token.get_secret_value() if settings.hf_token is not None else None
        return cls(token, settings.hf_hub_offline)


def wants_half(device: str) -> bool:
    """Which weights to download for what DEVICE says.

    Not for what is found here and now: Docker downloads without the GPU that the bot will have, and a CPU, should it
    come to that, computes with the smaller ones as well.
    """
    return device != "cpu"


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
        # First, since this gives up at once where there is no connection; a download tries again for half a minute.
        info = HfApi(token=hub.token).model_info(model, revision=REVISIONS.get(model), files_metadata=True)
        index = Path(hf_hub_download(model, "model_index.json", revision=REVISIONS.get(model), token=hub.token))
        # The commit that the branch stood at just now, for all other files, also where it moves on meanwhile.
        where: dict[str, Any] = {"revision": index.parent.name, "token": hub.token}
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
        components = _components(index.parent, without)
        names = wanted_files(list(sizes), components, half_precision=half_precision)
        _check_before_download(model, components, names, is_refiner=bool(without))
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
        raise ModelNotFound(f"{model} cannot be used here: it has no {missing}.")
    return folder


def _check_before_download(
    model: str, components: Collection[str], names: Collection[str], *, is_refiner: bool
) -> None:
    """Refuse what could not be loaded anyway before gigabytes of it are fetched."""
    kind = "refiner" if is_refiner else "base"
    for component in ("unet",) if is_refiner else _WEIGHTS:
        if component not in components:
            raise ModelNotFound(f"{model} is not a Stable Diffusion XL {kind}: it has no {component}.")
        if not any(name.startswith(f"{component}/") and name.endswith(".safetensors") for name in names):
            raise ModelNotFound(
                f"{model} cannot be used here: its {component} is not stored as safetensors, the only kind loaded."
            )


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
    """What to do when files of `model`, a folder, are missing or broken."""
    folder = Path(model)
    if folder.is_relative_to(MODELS):
        return "It belongs to imagine-bot: install that again."
    if folder.parent.name == "snapshots":
        # The hub's library takes what is in its cache for whole, so a broken file has to go before it comes anew.
        return f"Remove {folder.parents[1]} and run: imagine-bot download"
    return "Copy the model there again."


def _missing_file(folder: Path, without: Collection[str]) -> str | None:
    """The first file that loading would miss."""
    if not (folder / "model_index.json").is_file():
        return "model_index.json"
    for component in _components(folder, without):
        own = folder / component
        config = _CONFIGS.get(component)
        if config and not (own / config).is_file():
            return f"{component}/{config}"
        if component in _WEIGHTS and not _has_weights(own):
            return f"{component}/{_WEIGHTS[component]}.safetensors"
        if component.startswith("tokenizer") and not _has_tokenizer(own):
            return f"{component}/tokenizer.json"
    return None


def _has_weights(folder: Path) -> bool:
    """Whether there is a file with all weights, or every part that an index of parts names."""
    if any("-of-" not in path.name for path in folder.glob("*.safetensors")):
        return True
    for index in folder.glob("*.safetensors.index*.json"):
        try:
            parts = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        if all((folder / part).is_file() for part in parts):
            return True
    return False


def _has_tokenizer(folder: Path) -> bool:
    return any(
        all((folder / name).is_file() for name in names) for names in (["tokenizer.json"], ["vocab.json", "merges.txt"])
    )


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


def cache_folder() -> Path:
    """Where what is downloaded lies."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


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
    except errors.RemoteEntryNotFoundError as error:
        raise ModelNotFound(f"{model} is not a diffusers model: it has no model_index.json.") from error
    except ModelNotFound:
        raise
    except Exception as error:
        if isinstance(error, errors.HfHubHTTPError) and error.response.status_code == HTTPStatus.UNAUTHORIZED:
            raise ModelNotFound(
                "The hub does not accept this token. Set HF_TOKEN to one from https://huggingface.co/settings/tokens, "
                "or to none."
            ) from error
        # The library's own words for a lost connection are long, and say less than what it came from.
        cause = error.__cause__ if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ else error
        reason = " ".join(str(cause).split())[:200].rstrip(".")
        raise ModelNotFound(
            f"{model} could not be downloaded: {type(cause).__name__}: {reason}. "
            "Check the connection and the free disk space, then run: imagine-bot download"
        ) from error
