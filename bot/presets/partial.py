"""Partial parameters: what a preset may hold, brought into one shape, and valid together with anything that fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.errors import InvalidParameters
from bot.explanations import explain
from bot.layers import AYS, clamp, find_spacing
from bot.parameters import Parameters, quoted, title
from bot.sentences import Sentence

#: Where the typed words go in the prompt of a preset.
SLOT = "{prompt}"
#: Of one picture, and not of a look.
OF_PICTURES = ("image", "mask_image", "upscaler")
#: Of what was typed; of a draft its steps are kept.
SILENT = ("raw_prompt", "raw_negative_prompt", "draft")
FIELDS = tuple(name for name in Parameters.model_fields if name not in (*OF_PICTURES, *SILENT))
#: Fields for which None is a value: no refiner, no style. Of the others it is what nobody said.
NULLABLE = ("denoising_end", "style")
#: Of no use without an image, or a mask, to work on.
NEEDS_IMAGE = ("strength", "padding_mask_crop")
BY_TITLE = {title(name): name for name in FIELDS}
NO_PICTURES = "{title} belongs to one picture; a preset cannot hold it. Leave it out."
#: What makes partial parameters complete, so that they can be looked at; what they say themselves wins.
_COMPLETION: Mapping[str, Any] = {
    "prompt": "any",
    "seed": 0,
    "image": "0" * 64,
    "mask_image": "0" * 64,
    "denoising_end": None,
    "variation_seed": 0,
}


def checked(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Sentence]]:
    """The same in one shape, with numbers within their limits, and remarks on what was changed for that.

    What nobody said (`None`, `...`, empty texts) is left out; a prompt has its `{prompt}`. Idempotent. Raises
    `InvalidParameters` with a sentence for each field that is wrong.
    """
    said = {name: value for name, value in values.items() if not _is_unsaid(name, value)}
    wrong = [_not_held(name) for name in said if name not in FIELDS]
    # True would be taken for 1.
    plain = {name: str(value) if isinstance(value, bool) else value for name, value in said.items() if name in FIELDS}
    within, remarks = clamp(plain)
    spacing = find_spacing(within.get("timestep_spacing"))
    try:
        whole = Parameters(**{**_COMPLETION, **within, **({"timestep_spacing": None} if spacing == AYS else {})})
    except ValidationError as error:
        raise InvalidParameters.of([*wrong, *explain(error)]) from error
    if wrong:
        raise InvalidParameters.of(wrong)
    shaped = {name: getattr(whole, name) for name in FIELDS if name in within}
    if spacing is not None:
        shaped["timestep_spacing"] = spacing
    if "timesteps" in shaped:
        # They are the steps, and where they lie.
        shaped.pop("num_inference_steps", None)
        shaped.pop("timestep_spacing", None)
    if "prompt" in shaped:
        template = with_slot(shaped.pop("prompt"))
        shaped = shaped if template == SLOT else {"prompt": template, **shaped}
    return {name: value for name, value in shaped.items() if not _is_unsaid(name, value)}, remarks


def with_slot(template: str) -> str:
    """The template with a place for the typed words; they come first where it names none."""
    template = template.strip()
    return template if SLOT in template else f"{SLOT}, {template}".rstrip(", ")


def readable(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Sentence]]:
    """As much of them as is right, and why the rest is not: for what another version or another program wrote."""
    kept: dict[str, Any] = {}
    wrong: list[Sentence] = []
    for name, value in values.items():
        try:
            kept = checked({**kept, name: value})[0]
        except InvalidParameters as error:
            wrong += error.sentences
    return kept, wrong


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Partial parameters as plain data, by the names of `Parameters`."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.model_dump() if hasattr(value, "model_dump") else value


def _is_unsaid(name: str, value: Any) -> bool:
    if value is ... or name == "draft":
        return True
    if isinstance(value, str):
        return not value.strip()
    if name == "loras" and isinstance(value, tuple | list):
        return not value
    return value is None and name not in NULLABLE


def _not_held(name: str) -> Sentence:
    if name in OF_PICTURES:
        return Sentence.of(NO_PICTURES, title=title(name))
    return Sentence.of("{value} is not a parameter.", value=quoted(name))
