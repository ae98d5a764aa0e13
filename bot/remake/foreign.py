"""Settings of other programs, in A1111's words, as parameters of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.infotext import PictureInfo, names
from bot.infotext.writing import CLIP_SKIP_OFFSET
from bot.layers import size_like
from bot.parameters import CONTROL_CHARACTERS, MAX_PAIR, MAX_PROMPT_LENGTH, MAX_SEED, quoted, title
from bot.remake.command import as_typed
from bot.remake.draft import NO_REFINER, TOO_FEW_LAYERS, Draft
from bot.remake.schedulers import Take, take_scheduler

#: Said in the picture, and nothing that a picture could be asked for.
_NO_PARAMETERS = frozenset(
    {
        names.MODEL_HASH,
        names.LORA_HASHES,
        names.RNG,
        names.VERSION,
        names.REFINER,
        names.RAW_PROMPT,
        names.RAW_NEGATIVE_PROMPT,
        "App",
        "Backend",
        "Batch pos",
        "Batch size",
        "Created Date",
        "Generation mode",
        "Hashes",
        "Operations",
        "Parser",
        "Pipeline",
        "Refiner hash",
        "User",
        "VAE hash",
        "metadata_scheme",
        "signed_hash",
    }
)
#: Inputs of ComfyUI's nodes that are none either.
_NO_INPUTS = (".batch_size", ".filename_prefix")
#: What is off in the picture is off here, too.
_OFF = "false"
#: Whose values come from another picture, which this one does not carry.
_OF_IMAGE = (
    names.DENOISING_STRENGTH,
    names.INIT_IMAGE_HASH,
    names.MASK_HASH,
    names.INPAINT_AREA,
    names.MASKED_PADDING,
    "Init image",
)
_HIRES = "Hires "
_LORA_TAG = re.compile(r"<(?:lora|lyco):([^:<>]{1,200})(?::([^<>]{0,60}))?>", re.IGNORECASE)
_OTHER_TAG = re.compile(r"<(hypernet|ti|lobe):[^<>]{1,200}>", re.IGNORECASE)
_LOOSE_COMMAS = re.compile(r"(?:[ \t]{0,20},){2,}[ \t]{0,20}")
_SIZE = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*")
#: Pictures of a third to three times as many pixels as the model was trained on come out well enough.
_AREA_FACTOR = 3
#: A remark names so many; all are in `left_out`.
_MOST_NAMED = 20
_NUMBERS: Mapping[str, tuple[str, type[int | float]]] = {
    names.STEPS: ("num_inference_steps", int),
    names.CFG_SCALE: ("guidance_scale", float),
    names.CFG_RESCALE: ("guidance_rescale", float),
    names.VARIATION_STRENGTH: ("variation_strength", float),
    names.ETA: ("eta", float),
    names.AESTHETIC_SCORE: ("aesthetic_score", float),
    names.NEGATIVE_AESTHETIC_SCORE: ("negative_aesthetic_score", float),
}
_PAIRS: Mapping[str, tuple[str, bool]] = {
    names.ORIGINAL_SIZE: ("original_size", True),
    names.TARGET_SIZE: ("target_size", True),
    names.CROP_TOP_LEFT: ("crops_coords_top_left", False),
    names.NEGATIVE_ORIGINAL_SIZE: ("negative_original_size", True),
    names.NEGATIVE_TARGET_SIZE: ("negative_target_size", True),
    names.NEGATIVE_CROP_TOP_LEFT: ("negative_crops_coords_top_left", False),
}
#: 64-bit seeds have twenty.
_MAX_DIGITS = 40


def take_foreign(draft: Draft, info: PictureInfo) -> None:
    settings = {name: value for name, value in info.settings.items() if value}
    taken: set[str] = set()

    def take(name: str) -> str:
        taken.add(name)
        return settings.get(name, "")

    draft.compare_model(take(names.MODEL))
    _prompts(draft, take)
    take_scheduler(draft, info.program, take)
    _size(draft, take)
    _seed(draft, take, names.SEED, "seed")
    _seed(draft, take, names.VARIATION_SEED, "variation_seed")
    for name, (field_name, kind) in _NUMBERS.items():
        if (value := _number(take(name), kind)) is not None:
            draft.changes[field_name] = value
    if "variation_seed" not in draft.changes:
        draft.changes.pop("variation_strength", None)
    for name, (field_name, is_size) in _PAIRS.items():
        if pair := _pair(take(name), least=1 if is_size else 0):
            draft.changes[field_name] = pair[::-1] if is_size else pair
        else:
            taken.discard(name)
    _clip_skip(draft, take)
    _refiner(draft, take)
    _image(draft, settings, take)
    _hires(draft, settings, take)
    ours = taken | _NO_PARAMETERS
    rest = {
        name: value
        for name, value in settings.items()
        if name not in ours and not name.endswith(_NO_INPUTS) and value != _OFF
    }
    draft.left_out |= rest
    if rest:
        draft.remark("Not taken over: {names}.", names=", ".join(quoted(name) for name in list(rest)[:_MOST_NAMED]))


def _pair(text: str, least: int) -> tuple[int, int] | None:
    match = _SIZE.fullmatch(text)
    sides = (int(match[1]), int(match[2])) if match else (-1, -1)
    return sides if least <= min(sides) and max(sides) <= MAX_PAIR else None


def _prompts(draft: Draft, take: Take) -> None:
    loras: list[tuple[str, float]] = []
    for name, field_name in {
        names.PROMPT: "prompt",
        names.NEGATIVE_PROMPT: "negative_prompt",
        names.PROMPT_2: "prompt_2",
        names.NEGATIVE_PROMPT_2: "negative_prompt_2",
    }.items():
        text = take(name)
        loras += [(tag[1].strip(), _lora_weight(tag[2])) for tag in _LORA_TAG.finditer(text)]
        for tag in _OTHER_TAG.finditer(text):
            draft.left_out[tag[0]] = tag[0]
            draft.remark("{tag} is nothing that this bot knows, and is left out.", tag=quoted(tag[0]))
        text = _without_tags(text)
        if len(text) > MAX_PROMPT_LENGTH:
            draft.remark(
                "{name} has {length} characters; the first {most} are taken.",
                name=name,
                length=f"{len(text):,}",
                most=f"{MAX_PROMPT_LENGTH:,}",
            )
            text = text[:MAX_PROMPT_LENGTH]
        if CONTROL_CHARACTERS.sub(" ", text).strip():
            draft.changes[field_name] = text
    _keep_words(draft)
    if "prompt" not in draft.changes:
        draft.remark("The picture names no prompt: say what it should show.")
    listed = [entry.rpartition(":") for entry in take(names.LORA_WEIGHTS).split(", ") if ":" in entry]
    loras += [(name.strip(), _lora_weight(weight)) for name, _, weight in listed]
    if loras:
        draft.changes["loras"] = draft.take_loras(loras)
    if style := take(names.STYLES):
        # The words of a style stand in the prompt already; only its name cannot be taken over.
        draft.left_out[names.STYLES] = style


def _keep_words(draft: Draft) -> None:
    """What a prompt would be read as here, and was not there: it is marked as read, and how it would be typed."""
    for name, raw in (("prompt", "raw_prompt"), ("negative_prompt", "raw_negative_prompt")):
        text = draft.changes.get(name, "")
        typed = as_typed(text)[:MAX_PROMPT_LENGTH]
        if typed != text:
            draft.changes[raw] = typed
    if "raw_negative_prompt" in draft.changes and "prompt" in draft.changes:
        draft.changes.setdefault("raw_prompt", draft.changes["prompt"])


def _without_tags(text: str) -> str:
    """The words alone, and no comma more than before."""
    words = _OTHER_TAG.sub("", _LORA_TAG.sub("", text))
    return text if words == text else _LOOSE_COMMAS.sub(", ", words).strip(", \n")


def _lora_weight(text: str | None) -> float:
    """A weight as A1111 writes it: `0.8`, `0.8:0.6` for U-Net and text encoder, or by names."""
    first = (text or "").split(":")[0]
    weight = _number(first, float)
    return 1.0 if weight is None else float(weight)


def _size(draft: Draft, take: Take) -> None:
    match = _SIZE.fullmatch(take(names.SIZE))
    if match is None or "0" in (match[1], match[2]):
        return
    width, height = int(match[1]), int(match[2])
    factor = draft.model.native_size**2 / (width * height)
    if not 1 / _AREA_FACTOR <= factor <= _AREA_FACTOR:
        draft.changes["width"], draft.changes["height"] = size_like(width, height, draft.model.native_size)
        draft.remark(
            "Size {size} → {ours}: that is what {model} draws well.",
            size=f"{width}×{height}",
            ours=f"{draft.changes['width']}×{draft.changes['height']}",
            model=draft.model.name,
        )
    else:
        draft.changes["width"], draft.changes["height"] = width, height


def _seed(draft: Draft, take: Take, name: str, field_name: str) -> None:
    seed = _number(take(name), int)
    if seed is None or seed < 0:
        return
    if seed > MAX_SEED:
        within = int(seed) % (MAX_SEED + 1)
        draft.remark(
            "{title} {value} → {seed}: seeds end at {most} here.",
            title=title(field_name),
            value=seed,
            seed=within,
            most=MAX_SEED,
        )
        seed = within
    draft.changes[field_name] = seed


def _clip_skip(draft: Draft, take: Take) -> None:
    skip = _number(take(names.CLIP_SKIP), int)
    # Their 1 is the last layer, which SDXL does not use, and their 2 is what it uses anyway.
    if skip is None or skip <= CLIP_SKIP_OFFSET:
        return
    ours = int(skip) - CLIP_SKIP_OFFSET
    if ours > draft.model.max_clip_skip:
        draft.left_out[names.CLIP_SKIP] = str(skip)
        draft.remark(TOO_FEW_LAYERS, name=names.CLIP_SKIP, value=skip)
    else:
        draft.changes["clip_skip"] = ours


def _refiner(draft: Draft, take: Take) -> None:
    switch, steps = _number(take(names.REFINER_SWITCH), float), draft.changes.get("num_inference_steps", 2)
    draft.changes["denoising_end"] = None
    if switch is None or not 0 < switch < 1:
        for name in ("aesthetic_score", "negative_aesthetic_score"):
            draft.changes.pop(name, None)
    elif draft.model.refiner is None:
        draft.remark(NO_REFINER)
    elif steps >= 2:
        draft.changes["denoising_end"] = switch


def _image(draft: Draft, settings: Mapping[str, str], take: Take) -> None:
    """Its strength belongs to the enlarging pass where there was one; otherwise to a picture that is not here."""
    enlarged = any(name.startswith(_HIRES) for name in settings)
    for name in _OF_IMAGE:
        if (value := take(name)) and not enlarged:
            draft.left_out[name] = value
    if any(name in draft.left_out for name in _OF_IMAGE):
        draft.remark("It was made out of another picture, which it does not carry. Add that one as image to come near.")


def _hires(draft: Draft, settings: Mapping[str, str], take: Take) -> None:
    hires = {name: take(name) for name in settings if name.startswith(_HIRES)}
    if hires:
        draft.left_out |= hires
        if strength := settings.get(names.DENOISING_STRENGTH):
            draft.left_out[names.DENOISING_STRENGTH] = strength
        draft.remark("It was enlarged in a second pass. This makes the first; Upscale does the second.")


def _number(text: str, kind: type[int | float]) -> float | None:
    """The number that the text is, of that kind and finite; None for anything else."""
    if len(text) > _MAX_DIGITS:
        return None
    try:
        number = float(text)
        whole = int(text) if text.strip().lstrip("-").isdecimal() else int(number)
    except (ValueError, OverflowError):
        return None
    return whole if kind is int else number
