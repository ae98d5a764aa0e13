"""Several jobs in one call of the model; where that fails, in smaller and smaller ones, until the culprit is alone."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PIL import Image

from bot.diffusion.sdxl import Commission, StableDiffusionXL
from bot.errors import ExecutorDied, GenerationCancelled

log = logging.getLogger(__name__)


def draw_batch(sdxl: StableDiffusionXL, commissions: Sequence[Commission]) -> list[list[Image.Image] | Exception]:
    """What each of these compatible jobs comes to: its pictures, or whatever ended it and it alone.

    Memory that does not hold all of them together holds half of them, or one. Raises `ExecutorDied` only.
    """
    try:
        return [*sdxl.draw_together(commissions)]
    except ExecutorDied:
        raise
    except GenerationCancelled as error:
        # Of the last one that was left.
        return [error for _ in commissions]
    except Exception as error:  # noqa: BLE001 - what ends one job is no reason to end the others
        if len(commissions) == 1:
            return [error]
        log.warning(
            "%d jobs could not be drawn together (%s): trying half of them", len(commissions), type(error).__name__
        )
    middle = (len(commissions) + 1) // 2
    return draw_batch(sdxl, commissions[:middle]) + draw_batch(sdxl, commissions[middle:])
