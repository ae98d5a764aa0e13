"""Where the working files lie; the folder is not part of the repository."""

from __future__ import annotations

from pathlib import Path

WORK = Path(__file__).parent / "work"
DATA = WORK / "data"
MODELS = Path(__file__).parent.parent / "bot" / "models"


def bucket_folder(bucket: tuple[int, int]) -> Path:
    """The pictures of one aspect ratio."""
    return DATA / f"{bucket[0]}x{bucket[1]}"
