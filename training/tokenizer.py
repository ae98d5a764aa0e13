"""Learns CLIP's kind of byte-pair encoding from the captions, and encodes them once."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from tqdm import tqdm
from transformers import CLIPTokenizer

from training.paths import WORK, bucket_folder
from training.world import BUCKETS

FOLDER = WORK / "tokenizer"
_MERGES = 260
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_START, _END = "<|startoftext|>", "<|endoftext|>"


def _byte_alphabet() -> list[str]:
    """The 256 byte symbols in OpenAI's order, in which '!' is token 0."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return [chr(byte) for byte in shown] + [chr(256 + k) for k in range(len(hidden))]


def learn(captions: Iterable[str]) -> None:
    """Learn the merges and write the vocabulary."""
    bpe = Tokenizer(models.BPE(unk_token=_END, end_of_word_suffix="</w>", continuing_subword_prefix=""))
    bpe.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=512 + _MERGES,
        show_progress=False,
        min_frequency=2,
        end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    bpe.train_from_iterator(captions, trainer)
    merges = [tuple(pair) for pair in json.loads(bpe.to_str())["model"]["merges"]]
    letters = _byte_alphabet()
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges), _START, _END]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "learned.json").write_text(json.dumps({"vocabulary": vocabulary, "merges": merges}))


def load(folder: Path = FOLDER) -> tuple[CLIPTokenizer, CLIPTokenizer]:
    """SDXL's pair: the first pads with the end token, the second with '!'."""
    learned = json.loads((folder / "learned.json").read_text())
    merges = [tuple(pair) for pair in learned["merges"]]

    def build(**padding: str) -> CLIPTokenizer:
        return CLIPTokenizer(vocab=learned["vocabulary"], merges=merges, model_max_length=77, **padding)

    return build(), build(pad_token="!")


def padded_for_second(ids: torch.Tensor, end: int) -> torch.Tensor:
    """The second tokenizer's ids from the first's: everything after the end token is 0."""
    after = (ids == end).long().cumsum(-1) > 1
    return ids.masked_fill(after, 0)


def main() -> None:
    """Learn the vocabulary and store the ids of all captions."""
    argparse.ArgumentParser(prog="python -m training.tokenizer", description=__doc__).parse_args()
    captions = {bucket: json.loads((bucket_folder(bucket) / "captions.json").read_text()) for bucket in BUCKETS}
    # Learned once: a base that has been trained knows these tokens and no others.
    if not (FOLDER / "learned.json").exists():
        learn(text for texts in captions.values() for each in texts for text in each)
    tokenizer, _ = load()
    longest = 0
    for bucket, texts in tqdm(captions.items(), unit="bucket"):
        flat = [text for each in texts for text in each]
        ids = tokenizer(flat, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        longest = max(longest, int((ids != tokenizer.eos_token_id).sum(-1).max()) + 1)
        torch.save(ids.view(len(texts), -1, 77).short(), bucket_folder(bucket) / "tokens.pt")
    print(f"{len(tokenizer)} tokens; the longest caption has {longest}")


if __name__ == "__main__":
    main()
