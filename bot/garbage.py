"""The garbage collector out of the event loop's way: what is there at the start is not searched again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def settled() -> Iterator[None]:
    """Inside, all that exists now is left alone: libraries and what was built at the start, which stay anyhow.

    A full collection over them stops the loop for a tenth of a second or more, and finds nothing.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
