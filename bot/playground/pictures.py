"""The pictures that the page shows, decoded here: SimCord needs their size and kind before a browser gets them."""

from __future__ import annotations

import asyncio
import hashlib

from simcord.preview._media import MediaError, MediaInfo, MediaWorker, _inspect_raster

#: How many decoded pictures are kept at hand; each is asked for soon or never.
KNOWN = 16
RASTER = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")


class PictureDecoder(MediaWorker):
    """SimCord starts a process for each picture, to be safe from strangers' files; here they are the bot's own."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, MediaInfo] = {}

    async def learn(self, blob: bytes) -> None:
        """Decode a picture before anybody asks for it; what is none is left alone."""
        try:
            await self.validate(hashlib.sha256(blob).hexdigest(), blob)
        except MediaError:
            return

    def knows(self, key: str | None) -> bool:
        """Whether the picture with that digest is decoded."""
        return key in self._known

    async def validate(self, key: str, blob: bytes, *, media_time: float | None = None) -> MediaInfo:
        """What that picture is. It answers at once for one that is known."""
        if media_time is None and key in self._known:
            return self._known[key]
        info = await super().validate(key, blob, media_time=media_time)
        if media_time is None:
            self._known[key] = info
            while len(self._known) > KNOWN:
                del self._known[next(iter(self._known))]
        return info

    async def _decode(self, key: str, blob: bytes, media_time: float | None) -> MediaInfo:
        if blob.startswith(RASTER):
            return await asyncio.to_thread(_inspect_raster, blob, media_time)
        return await super()._decode(key, blob, media_time)

    def release(self, key: str) -> None:
        """What is being decoded goes on: SimCord would cancel it, and with it whoever waits for it."""
        self._cache.pop(key, None)
