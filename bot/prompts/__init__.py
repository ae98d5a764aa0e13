"""The language of prompts: alternatives, wildcards, flags, LoRAs and styles become words and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.ays import ays_timesteps
from bot.drafting import about_draft, drafted
from bot.errors import InvalidParameters, RequestRejected
from bot.explanations import NESTED
from bot.layers import AYS, REFINER_FROM, clamp, find_spacing, random_seed
from bot.model_info import ModelInfo
from bot.parameters import MAX_PROMPT_LENGTH, SIZES, Lora, Parameters, quoted, title
from bot.prompts.alternatives import parse
from bot.prompts.drawing import draw
from bot.prompts.flags import FlagReader, Said
from bot.prompts.loras import merge_loras, take_tags
from bot.prompts.styles import NO_STYLE, Styles
from bot.prompts.wildcards import Wildcards
from bot.sentences import Sentence

TOO_LONG = "{title} has {length} characters with all its words drawn; at most {most} are read. Shorten it."
OPTION_COUNTS = "{title} {value}: the option counts, not {flag} in the prompt"
SIZE_COUNTS = "size: the option counts, not {flag} in the prompt"


class PromptReader:
    """Reads what members type into prompts. It looks into files, so it works in a thread, not on the loop."""

    def __init__(self, model: ModelInfo, styles: Styles, wildcards: Path | None = None) -> None:
        self.styles = styles
        self.flags = FlagReader(model.native_size, styles)
        self._model = model
        self._wildcards = wildcards

    def wildcards(self) -> Wildcards:
        """The wildcards as they are now."""
        return Wildcards(self._wildcards)

    def read(
        self, changes: Mapping[str, Any], beneath: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[Sentence]]:
        """`changes` with the prompt as the model reads it and all that it says beside, and remarks on that.

        What `changes` say by themselves wins over the prompt, and the prompt wins over what lies `beneath`. What was
        typed is kept as `raw_prompt` where it differs. A `raw_prompt` that comes with them says that the prompt has
        been read before, and then it is taken as it is. Raises `InvalidParameters` with what to change.
        """
        said = {name: value for name, value in changes.items() if value is not ...}
        whole = {**(beneath or {}), **said}
        typed, negative = _typed(whole.get("prompt")), _typed(whole.get("negative_prompt") or "")
        if typed is None or negative is None or _is_read(said, whole):
            return said, []
        seeds = (said.get("seed"), self.flags.seed_in(typed), whole.get("seed"))
        seed = next((each for each in seeds if each is not None), None)
        drawing_seed = seed if isinstance(seed, int) else random_seed()
        wildcards = self.wildcards()
        drawn_negative = draw(negative, drawing_seed, wildcards, "negative_prompt")
        spoken = self._spoken(typed, drawing_seed, wildcards)
        remarks = spoken.remarks + _settle(spoken, said, whole)
        if "draft" in spoken.fields and "num_inference_steps" in spoken.fields:
            remarks.append(about_draft(self._model))
        if seed is None and _is_drawn(typed, negative) and spoken.fields.get("seed") is None:
            spoken.fields["seed"] = drawing_seed
        result = {**said, **spoken.fields}
        if spoken.loras:
            result["loras"] = merge_loras(spoken.loras, _loras(whole))
        prompt, negatives = spoken.text, [drawn_negative, *spoken.negatives]
        style = result.get("style", whole.get("style"))
        if style is not None:
            style = None if str(style).casefold() in NO_STYLE else self.styles.get(str(style))
            result["style"] = None if style is None else style.name
        if style is not None and prompt:
            prompt, negatives = style.apply(prompt), [*negatives, style.negative]
        negative_prompt = ", ".join(text for text in negatives if text)
        for name, text in (("prompt", prompt), ("negative_prompt", negative_prompt)):
            if len(text) > MAX_PROMPT_LENGTH:
                raise InvalidParameters(
                    TOO_LONG, title=title(name), length=f"{len(text):,}", most=f"{MAX_PROMPT_LENGTH:,}"
                )
        is_plain = prompt == typed and negative_prompt == negative and not spoken.typed and style is None
        result |= {
            "prompt": prompt,
            "raw_prompt": None if is_plain else typed,
            "raw_negative_prompt": None if negative_prompt == negative else negative,
        }
        if negative_prompt or "negative_prompt" in said:
            result["negative_prompt"] = negative_prompt
        return result, remarks

    def typed(self, parameters: Parameters) -> dict[str, Any]:
        """What was asked for, to ask for it anew or to edit it: the prompts as typed, and what they do not say.

        To make the very same picture again, take the parameters as they are.
        """
        asked = {**parameters.model_dump(), "raw_prompt": None, "raw_negative_prompt": None}
        if parameters.raw_prompt is None:
            return asked
        asked["prompt"] = parameters.raw_prompt
        if parameters.raw_negative_prompt is not None:
            asked["negative_prompt"] = parameters.raw_negative_prompt
        try:
            spoken = self._spoken(parameters.raw_prompt, parameters.seed, self.wildcards())
        except RequestRejected:
            # The owner's files have changed since; whoever asks anew is told.
            return asked
        for name, value in clamp(spoken.fields, self._model)[0].items():
            if asked[name] == value or (value is ... and asked[name] is not None):
                del asked[name]
        steps = ays_timesteps(parameters.num_inference_steps)
        if find_spacing(spoken.fields.get("timestep_spacing")) == AYS and parameters.timesteps == steps:
            del asked["timestep_spacing"], asked["timesteps"]
        asked["loras"] = tuple(lora for lora in parameters.loras if lora not in spoken.loras)
        return asked

    def rid_of_flags(self, changes: Mapping[str, Any], parameters: Parameters) -> dict[str, Any]:
        """`changes` made of `parameters`, and what was typed without the flags that count no more."""
        typed = changes.get("raw_prompt")
        if not isinstance(typed, str):
            return dict(changes)
        known = parameters.model_dump()
        typed = self.flags.without(typed, [name for name, value in changes.items() if value != known.get(name)])
        is_plain = typed == changes["prompt"] and changes.get("style") is None
        return {**changes, "raw_prompt": None if is_plain else typed}

    def _spoken(self, typed: str, seed: int, wildcards: Wildcards) -> Said:
        said = self.flags.read(draw(typed, seed, wildcards))
        if said.fields.pop("draft", False):
            said.fields = drafted(said.fields, self._model)
            said.typed["num_inference_steps"] = said.typed["draft"]
        said.typed.pop("draft", None)
        said.text, loras, remarks = take_tags(said.text)
        said.loras += loras
        said.remarks += remarks
        return said


def _typed(text: Any) -> str | None:
    """The text as it is kept; None for what cannot be read, which `Parameters` refuse in a sentence."""
    if not isinstance(text, str) or len(text) > MAX_PROMPT_LENGTH:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _is_read(said: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return (said if "prompt" in said else whole).get("raw_prompt") is not None


def _is_drawn(*texts: str) -> bool:
    return any(not isinstance(part, str) for text in texts for part in parse(text))


def _settle(spoken: Said, said: Mapping[str, Any], whole: Mapping[str, Any]) -> list[Sentence]:
    """Take from `spoken` what an option says too; a remark where they differ."""
    remarks: dict[str, Sentence] = {}
    options = {name for name, value in said.items() if name != "seed" or value is not None}
    if said.get("timesteps") is not None:
        options.add("num_inference_steps")
    if options.intersection(SIZES) and all(name in spoken.fields for name in SIZES):
        options |= SIZES
    if "num_inference_steps" in options and said.get("num_inference_steps") != spoken.fields.get("num_inference_steps"):
        # It has other steps than a draft.
        spoken.fields.pop("draft", None)
    for name in list(spoken.fields):
        if spoken.fields[name] is ...:
            spoken.fields[name] = whole.get(name) or REFINER_FROM
        if name not in options:
            continue
        value, flag = spoken.fields.pop(name), spoken.typed.get(name)
        if flag is None:
            # It goes without saying, as the spacing of a draft.
            continue
        if name in SIZES and value != said.get(name):
            remarks[flag] = Sentence.of(SIZE_COUNTS, flag=flag)
        elif name not in SIZES and value != said.get(name):
            option = name if name in said else "timesteps"
            shown = "off" if said[option] is None else said[option]
            shown = quoted(shown).strip("“”")
            remarks[flag] = Sentence.of(OPTION_COUNTS, title=title(option), value=shown, flag=flag)
    return list(remarks.values())


def _loras(whole: Mapping[str, Any]) -> list[Lora]:
    try:
        return [Lora.model_validate(lora) for lora in whole.get("loras") or ()]
    except ValidationError:
        raise InvalidParameters(NESTED["loras"], title=title("loras")) from None
