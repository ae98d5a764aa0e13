"""Prompts of any length, with weights, as the embeddings that the U-Nets read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from bot.prompt_weights import parse_weights, plain_text
from bot.sentences import Sentence

#: Where a chunk would break, it breaks at a comma instead if one is among so many tokens before.
_BACK_TO_COMMA = 20
#: How much of the words beyond one window a remark repeats, in characters.
_MOST_SHOWN = 120
DROPPED = Sentence("{count} tokens; a plain encoder would have dropped “{dropped}”")


@dataclass(frozen=True, slots=True)
class PromptEmbeddings:
    """What a pipeline takes in place of prompts; the negative half is None without guidance."""

    prompt_embeds: torch.Tensor
    pooled_prompt_embeds: torch.Tensor
    negative_prompt_embeds: torch.Tensor | None = None
    negative_pooled_prompt_embeds: torch.Tensor | None = None

    def arguments(self) -> dict[str, Any]:
        """Under the names that the pipelines give them."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Prompts:
    """The texts for the first and the second encoder; a pair of None for the negative means that none was given."""

    prompt: str
    prompt_2: str
    negative_prompt: str | None = None
    negative_prompt_2: str | None = None


def encode_prompts(
    pipeline: Any, prompts: Prompts, device: torch.device, *, guided: bool, clip_skip: int | None = None
) -> PromptEmbeddings:
    """The embeddings of one prompt and its opposite, of equal length.

    Chunks of 75 tokens are encoded each for itself, as both encoders read no more at once, and put in a row. What is
    plain and short comes out as by the pipeline's own `encode_prompt`, with which `clip_skip` is for the prompt alone.
    """
    encoders = _encoders(pipeline, device)
    sides = [((prompts.prompt, prompts.prompt_2), clip_skip)]
    force_zeros = pipeline.config.force_zeros_for_empty_prompt and prompts.negative_prompt is None
    if guided and not force_zeros:
        negative = prompts.negative_prompt or ""
        sides.append(((negative, prompts.negative_prompt_2 or negative), None))
    # The refiner has the second encoder only.
    chunked = [
        [encoder.chunks(text) for encoder, text in zip(encoders, texts[-len(encoders) :], strict=True)]
        for texts, _ in sides
    ]
    length = max(len(chunks) for side in chunked for chunks in side)
    encoded = [
        _side_by_side([encoder.encode(chunks, length, skip) for encoder, chunks in zip(encoders, side, strict=True)])
        for side, (_, skip) in zip(chunked, sides, strict=True)
    ]
    embeds, pooled = encoded[0]
    if not guided:
        return PromptEmbeddings(embeds, pooled)
    negative_embeds, negative_pooled = (
        (torch.zeros_like(embeds), torch.zeros_like(pooled)) if force_zeros else encoded[1]
    )
    return PromptEmbeddings(embeds, pooled, negative_embeds, negative_pooled)


def dropped_by_a_plain_encoder(tokenizer: Any, prompt: str) -> Sentence | None:
    """How long the prompt is, and what of it lies beyond the one window of a plain encoder; None where all fits."""
    text = plain_text(prompt)
    places = tokenizer(text, add_special_tokens=False, verbose=False, return_offsets_mapping=True).offset_mapping
    held = tokenizer.model_max_length - 2
    if len(places) <= held:
        return None
    dropped = text[places[held][0] :].strip()
    dropped = dropped if len(dropped) <= _MOST_SHOWN else dropped[: _MOST_SHOWN - 1] + "…"
    return Sentence(DROPPED.template, {"count": len(places), "dropped": dropped})


def _side_by_side(encoded: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden states of all encoders, each position's next to each other, and the last encoder's pooled vector."""
    return torch.cat([hidden for hidden, _ in encoded], dim=-1), encoded[-1][1]


@dataclass(frozen=True, slots=True)
class _Token:
    id: int
    weight: float


_Chunk = Sequence[_Token]


def _encoders(pipeline: Any, device: torch.device) -> list[_Encoder]:
    pairs = ((pipeline.tokenizer, pipeline.text_encoder), (pipeline.tokenizer_2, pipeline.text_encoder_2))
    return [_Encoder(*pair, device) for pair in pairs if pair[1] is not None]


class _Encoder:
    """One of SDXL's two text encoders with its tokenizer."""

    def __init__(self, tokenizer: Any, model: Any, device: torch.device) -> None:
        self._tokenizer, self._model, self._device = tokenizer, model, device
        self._size: int = tokenizer.model_max_length - 2
        self._comma = self._ids(",")[-1]

    def chunks(self, prompt: str) -> list[_Chunk]:
        """The prompt's tokens in chunks of what one window holds; an empty one at least."""
        chunks: list[_Chunk] = []
        for section in parse_weights(prompt):
            tokens = [_Token(each, piece.weight) for piece in section for each in self._ids(piece.text)]
            while len(tokens) > self._size:
                end = self._break(tokens)
                chunks.append(tokens[:end])
                tokens = tokens[end:]
            chunks.append(tokens)
        return chunks or [[]]

    def encode(self, chunks: Sequence[_Chunk], length: int, clip_skip: int | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden states of all chunks in a row, empty ones added up to `length`, and the pooled vector.

        The pooled vector is that of the first chunk, unweighted, as in AUTOMATIC1111's web UI (sd_hijack_clip.py) and
        ComfyUI (sd1_clip.py): it was trained to sum up one window, and a mean of several would be none of what the
        U-Net has seen. With the embedded model such a mean moved a long prompt's picture by next to nothing.
        """
        padded = [*chunks, *[[]] * (length - len(chunks))]
        weighted = any(token.weight != 1 for chunk in padded for token in chunk)
        output = [self._run(chunk, clip_skip) for chunk in padded]
        hidden = torch.stack([states for states, _ in output])
        if weighted:
            weights = torch.tensor([self._weights(chunk) for chunk in padded], device=hidden.device)[..., None]
            empty = self._run([], clip_skip)[0].float()
            # ComfyUI's way, away from the empty prompt at the same place. A1111's (multiply, then restore the mean)
            # was made for encoders with a final norm; the layer that SDXL reads has none, and its mean is near zero.
            moved = (empty + (hidden.float() - empty) * weights).to(hidden.dtype)
            hidden = torch.where(weights == 1, hidden, moved)
        return hidden.flatten(0, 1)[None], output[0][1]

    def _run(self, chunk: _Chunk, clip_skip: int | None) -> tuple[torch.Tensor, torch.Tensor]:
        tokenizer = self._tokenizer
        ids = [tokenizer.bos_token_id, *(token.id for token in chunk), tokenizer.eos_token_id]
        ids += [tokenizer.pad_token_id] * (tokenizer.model_max_length - len(ids))
        # One after the other: a batch may round otherwise, and a short prompt is to be what it is in a pipeline.
        output = self._model(torch.tensor([ids], device=self._device), output_hidden_states=True)
        # SDXL reads the last layer but one; only the second encoder has a pooled vector that counts.
        return output.hidden_states[-((clip_skip or 0) + 2)][0], output[0]

    def _weights(self, chunk: _Chunk) -> list[float]:
        weights = [1.0, *(token.weight for token in chunk)]
        return weights + [1.0] * (self._tokenizer.model_max_length - len(weights))

    def _break(self, tokens: _Chunk) -> int:
        for end in range(self._size, self._size - _BACK_TO_COMMA, -1):
            if tokens[end - 1].id == self._comma:
                return end
        return self._size

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False, verbose=False).input_ids)
