"""Prompts of several images in one call of the U-Net, the shorter ones padded, and the padding kept from its eyes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch.nn import functional as F

from bot.diffusion.prompt_encoding import PromptEmbeddings


@dataclass(frozen=True, slots=True)
class PromptBatch:
    """One row an image. `mask` (images x tokens) is 1 where a row is a prompt's own; None where all of them are."""

    prompt: PromptEmbeddings
    mask: torch.Tensor | None

    @classmethod
    def of(cls, prompts: Sequence[PromptEmbeddings]) -> Self:
        """The prompts of these images, all with guidance or all without."""
        lengths = [each.prompt_embeds.shape[1] for each in prompts]
        longest = max(lengths)

        def rows(name: str) -> Any:
            each = [getattr(prompt, name) for prompt in prompts]
            if each[0] is None:
                return None
            if each[0].dim() == 3:
                each = [F.pad(row, (0, 0, 0, longest - row.shape[1])) for row in each]
            return torch.cat(each)

        whole = PromptEmbeddings(**{name: rows(name) for name in PromptEmbeddings.__slots__})
        if min(lengths) == longest:
            return cls(whole, None)
        places = torch.arange(longest, device=whole.prompt_embeds.device)
        return cls(whole, torch.stack([(places < length).long() for length in lengths]))

    @contextmanager
    def unpadded(self, unet: torch.nn.Module) -> Iterator[None]:
        """The U-Net looks at no padding: else a short prompt would mean less beside a long one than alone."""
        if self.mask is None:
            yield
            return
        # The pipelines have no argument for it; with guidance they call with both halves at once.
        guided = self.prompt.negative_prompt_embeds is not None
        mask = torch.cat([self.mask, self.mask]) if guided else self.mask

        def look(_module: torch.nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
            return inputs, options | {"encoder_attention_mask": mask}

        hook = unet.register_forward_pre_hook(look, with_kwargs=True)
        try:
            yield
        finally:
            hook.remove()
