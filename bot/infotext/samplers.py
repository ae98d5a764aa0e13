"""What the programs call samplers and their schedules of noise levels, as data; A1111's words are the common ones."""

from __future__ import annotations

from collections.abc import Mapping

AUTOMATIC = "Automatic"

#: Names of ComfyUI, Fooocus, InvokeAI (old and new), NovelAI and SD.Next, folded.
_SAMPLERS: Mapping[str, str] = {
    "ddim": "DDIM",
    "ddim v3": "DDIM",
    "ddpm": "DDPM",
    "deis": "DEIS",
    "deis multistep": "DEIS",
    "dpm 2": "DPM2",
    "kdpm 2": "DPM2",
    "kdpm2": "DPM2",
    "dpm2": "DPM2",
    "dpm 2 ancestral": "DPM2 a",
    "dpm 2 a": "DPM2 a",
    "kdpm 2 a": "DPM2 a",
    "dpm2 a": "DPM2 a",
    "dpm adaptive": "DPM adaptive",
    "dpm fast": "DPM fast",
    "dpmpp 2": "DPM++ 2M",
    "dpmpp 2 a": "DPM++ 2S a",
    "dpmpp 2m": "DPM++ 2M",
    "dpm++ 2m": "DPM++ 2M",
    "dpm2++ 2m": "DPM++ 2M",
    "dpmpp 2m sde": "DPM++ 2M SDE",
    "dpmpp 2m sde gpu": "DPM++ 2M SDE",
    "dpm++ 2m sde": "DPM++ 2M SDE",
    "dpm++ 2m sde heun": "DPM++ 2M SDE Heun",
    "dpmpp 2m sde heun": "DPM++ 2M SDE Heun",
    "dpmpp 2s": "DPM++ 2S",
    "dpm++ 2s": "DPM++ 2S",
    "dpmpp 2s ancestral": "DPM++ 2S a",
    "dpm++ 2s a": "DPM++ 2S a",
    "dpmpp 3m": "DPM++ 3M",
    "dpm++ 3m": "DPM++ 3M",
    "dpmpp 3m sde": "DPM++ 3M SDE",
    "dpmpp 3m sde gpu": "DPM++ 3M SDE",
    "dpm++ 3m sde": "DPM++ 3M SDE",
    "dpmpp sde": "DPM++ SDE",
    "dpmpp sde gpu": "DPM++ SDE",
    "dpm++ sde": "DPM++ SDE",
    "dpm sde": "DPM++ SDE",
    "er sde": "ER SDE",
    "euler": "Euler",
    "euler a": "Euler a",
    "euler ancestral": "Euler a",
    "heun": "Heun",
    "heunpp2": "HeunPP2",
    "ipndm": "IPNDM",
    "lcm": "LCM",
    "lms": "LMS",
    "plms": "PLMS",
    "pndm": "PNDM",
    "tcd": "TCD",
    "uni pc": "UniPC",
    "unipc": "UniPC",
    "uni pc bh2": "UniPC",
}
_SCHEDULES: Mapping[str, str] = {
    "": AUTOMATIC,
    "automatic": AUTOMATIC,
    "default": AUTOMATIC,
    "native": AUTOMATIC,
    "uniform": "Uniform",
    "normal": "Normal",
    "simple": "Simple",
    "ddim": "DDIM",
    "ddim uniform": "DDIM",
    "karras": "Karras",
    "exponential": "Exponential",
    "polyexponential": "Polyexponential",
    "sgm uniform": "SGM Uniform",
    "kl optimal": "KL Optimal",
    "beta": "Beta",
    "turbo": "Turbo",
    "align your steps": "Align Your Steps",
    "ays": "Align Your Steps",
    "linear quadratic": "Linear Quadratic",
}
#: What “Automatic” means in A1111 and Forge for these; for all others it is the model's own spacing.
AUTOMATIC_SCHEDULES: Mapping[str, str] = {
    "DPM++ 2M": "Karras",
    "DPM++ SDE": "Karras",
    "DPM++ 2S a": "Karras",
    "DPM2": "Karras",
    "DPM2 a": "Karras",
    "DPM++ 2M SDE": "Exponential",
    "DPM++ 2M SDE Heun": "Exponential",
    "DPM++ 3M SDE": "Exponential",
}
#: Schedules that come down to the model's own spacing, but for a shift that is hard to see.
PLAIN_SCHEDULES = frozenset({AUTOMATIC, "Uniform", "Normal", "Simple", "DDIM"})
#: The one whose picture comes nearest, where a sampler is not to be had; the second is for where the first is not.
RELATIVES: Mapping[str, tuple[str, ...]] = {
    "DPM++ SDE": ("DPM++ 2M SDE",),
    "DPM++ 2M SDE Heun": ("DPM++ 2M SDE",),
    "DPM++ 3M SDE": ("DPM++ 2M SDE",),
    "ER SDE": ("DPM++ 2M SDE",),
    "DPM++ 3M": ("DPM++ 2M",),
    "DPM++ 2S": ("DPM++ 2M",),
    "DPM++ 2S a": ("Euler a",),
    "DPM2 a": ("Euler a",),
    "DPM adaptive": ("DPM++ 2M",),
    "DPM fast": ("DPM++ 2M",),
    "HeunPP2": ("Heun",),
    "DDPM": ("Euler a",),
    "LMS": ("Euler",),
    "IPNDM": ("DEIS", "Euler"),
    "PLMS": ("PNDM", "DDIM"),
    "PNDM": ("DDIM",),
}


def sampler_word(name: str) -> tuple[str, str | None]:
    """A1111's word for a sampler, and for the schedule where the name has it in it, as `dpmpp_2m_k` has.

    A name that nobody knows stays as it is.
    """
    folded = _folded(name).removeprefix("sample ")
    for tail, schedule in ((" k", "Karras"), *((f" {each}", word) for each, word in _SCHEDULES.items() if each)):
        head = folded.removesuffix(tail)
        if head != folded and head.removeprefix("k ") in _SAMPLERS:
            return _SAMPLERS[head.removeprefix("k ")], schedule
    return _SAMPLERS.get(folded.removeprefix("k "), name.strip()), None


def schedule_word(name: str) -> str:
    """A1111's word for a schedule; a name that nobody knows stays as it is."""
    return _SCHEDULES.get(_folded(name), name.strip())


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())
