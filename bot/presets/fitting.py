"""What of a preset fits here and now: a LoRA may be gone, another model be loaded. The rest still works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import BotError, InvalidParameters, RequestRejected
from bot.layers import merge
from bot.model_info import ModelInfo
from bot.parameters import Lora, title
from bot.presets.layering import Laid
from bot.presets.partial import NEEDS_IMAGE
from bot.prompts.styles import Styles
from bot.sentences import Sentence

LEFT_OUT = "{title} ({source}) is left out: {reason}"
#: Whether that LoRA can be used here; raises why not.
CheckLora = Callable[[Lora], None]


def fitting(
    laid: Laid, said: Mapping[str, Any], model: ModelInfo, styles: Styles, check_lora: CheckLora
) -> tuple[Laid, list[Sentence]]:
    """As much as fits together with what the request itself has `said`, and why the rest is left out.

    What `said` has against itself is not looked at: whoever asks is told when it is read.
    """
    needless = [name for name in NEEDS_IMAGE if said.get("image") is None]
    laid = laid.without(*needless, *(name for name in said if name not in laid.locked and name != "prompt"))
    laid, remarks = _loras(laid, check_lora)
    style = laid.values.get("style")
    if style is not None:
        laid, remark = _dropped_if(laid, "style", lambda: styles.get(style))
        remarks += remark
    while (error := _refusal(model, laid.values, said)) is not None:
        culprit = next(
            (name for name in laid.values if _refusal(model, laid.without(name).values, said) is None),
            next((name for name in laid.values if name not in ("prompt", "style", "loras")), None),
        )
        if culprit is None or _refusal(model, {}, said) is not None:
            break
        remarks.append(_left_out(laid, culprit, error))
        laid = laid.without(culprit)
    return laid, remarks


def _loras(laid: Laid, check_lora: CheckLora) -> tuple[Laid, list[Sentence]]:
    kept, remarks = [], []
    for lora in laid.values.get("loras", ()):
        try:
            check_lora(lora)
        except BotError as error:
            remarks.append(_left_out(laid, "loras", error))
        else:
            kept.append(lora)
    if not remarks:
        return laid, []
    return laid.replaced("loras", tuple(kept)) if kept else laid.without("loras"), remarks


def _dropped_if(laid: Laid, name: str, check: Callable[[], object]) -> tuple[Laid, list[Sentence]]:
    try:
        check()
    except InvalidParameters as error:
        return laid.without(name), [_left_out(laid, name, error)]
    return laid, []


def _left_out(laid: Laid, name: str, error: BotError) -> Sentence:
    return Sentence.of(LEFT_OUT, title=title(name), source=laid.sources[name], reason=error.sentence)


def _refusal(model: ModelInfo, values: Mapping[str, Any], said: Mapping[str, Any]) -> RequestRejected | None:
    """Why these parameters do not go together, whatever words are drawn."""
    try:
        merge(model, values, said, {"prompt": "any", "style": None})
    except InvalidParameters as error:
        return error
    return None
