"""SimCord's page with our style and script added, and its pictures decoded at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

from simcord.preview._media import MediaInfo, MediaWorker, _inspect_raster
from simcord.preview._server import PreviewServer

PAGE = Path(__file__).parent / "page"
TITLE = "imagine-bot playground"
HEAD = """<link rel="stylesheet" href="/playground.css">
    <script type="module" src="/playground.js"></script>
  </head>"""
RASTER = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")


class PlaygroundServer(PreviewServer):
    """Serves SimCord's page under our name."""

    _STATIC_FILES: ClassVar[dict[str, str]] = PreviewServer._STATIC_FILES | {  # noqa: SLF001
        "/playground.css": str(PAGE / "playground.css"),
        "/playground.js": str(PAGE / "playground.js"),
    }
    _STATIC_CONTENT_TYPES: ClassVar[dict[str, str]] = PreviewServer._STATIC_CONTENT_TYPES | {  # noqa: SLF001
        str(PAGE / "playground.css"): "text/css",
    }

    async def _index(self, request: Any) -> Any:
        response = await super()._index(request)
        response.text = (
            response.text.replace("</head>", HEAD)
            .replace("<title>SimCord Preview</title>", f"<title>{TITLE}</title>")
            .replace(
                "<strong>SimCord</strong><small>Preview</small>",
                "<strong>imagine-bot</strong><small>on SimCord</small>",
            )
        )
        return response


class PictureDecoder(MediaWorker):
    """SimCord starts a process for each picture, to be safe from strangers' files; here they are the bot's own."""

    async def _decode(self, key: str, blob: bytes, media_time: float | None) -> MediaInfo:
        if blob.startswith(RASTER):
            return await asyncio.to_thread(_inspect_raster, blob, media_time)
        return await super()._decode(key, blob, media_time)
