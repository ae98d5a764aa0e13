"""SimCord's page with our style and script added."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from simcord.preview._server import PreviewServer

PAGE = Path(__file__).parent / "page"
HEAD = """<link rel="icon" href="/playground.svg">
    <link rel="stylesheet" href="/playground.css">
    <script type="module" src="/playground.js"></script>
  </head>"""
REVOKED_LATER = "setTimeout(() => URL.revokeObjectURL(url), 10000);"
#: What is said otherwise than in SimCord's own files, by path.
CHANGES = {
    "/": (
        ("</head>", HEAD),
        ("<title>SimCord Preview</title>", "<title>imagine-bot playground</title>"),
        ("<strong>SimCord</strong><small>Preview</small>", "<strong>imagine-bot</strong><small>on SimCord</small>"),
        ("</header>", '  <span id="playground-status" role="status" aria-live="polite"></span>\n      </header>'),
    ),
    # How often the page looks for news, in milliseconds: often enough to watch a picture form.
    "/session.js": (("interval = 500", "interval = 200"),),
    # A picture that another one replaces while it is fetched is shown all the same until that one is there.
    "/assets.js": (
        (
            "if (admittedEpoch !== epoch || !manifests[id] || manifests[id].available === false) {",
            "if (admittedEpoch !== epoch) {",
        ),
        ("URL.revokeObjectURL(url);\n      urls.delete(key);", f"{REVOKED_LATER}\n      urls.delete(key);"),
    ),
}


class PlaygroundServer(PreviewServer):
    """Serves SimCord's page under our name."""

    _STATIC_FILES: ClassVar[dict[str, str]] = PreviewServer._STATIC_FILES | {  # noqa: SLF001
        "/playground.css": str(PAGE / "playground.css"),
        "/playground.js": str(PAGE / "playground.js"),
        "/playground.svg": str(PAGE / "playground.svg"),
    }
    _STATIC_CONTENT_TYPES: ClassVar[dict[str, str]] = PreviewServer._STATIC_CONTENT_TYPES | {  # noqa: SLF001
        str(PAGE / "playground.css"): "text/css",
        str(PAGE / "playground.svg"): "image/svg+xml",
    }

    async def _static(self, request: Any) -> Any:
        response = await super()._static(request)
        for theirs, ours in CHANGES.get(request.path, ()):
            response.text = response.text.replace(theirs, ours, 1)
        if request.path == "/":
            # Only pages of this very address can read it, and all that it opens is this toy.
            key = f'<meta name="playground-key" content="{self.preview.capability}">'
            response.text = response.text.replace("<title>", f"{key}\n    <title>", 1)
        return response
