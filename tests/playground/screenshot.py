"""The picture in the README: `python -m tests.playground.screenshot docs/playground.png`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.playground.visitor import Visitor, running_browser, running_playground

WIDTH, HEIGHT = 880, 1164


def main(file: Path) -> None:
    """A member's picture, and another's in the making."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_playground(Path(folder)) as address,
        running_browser() as browser,
        browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}) as context,
    ):
        visitor = Visitor(context.new_page(), address)
        visitor.type_line("/imagine a big red circle on a blue background")
        visitor.until(lambda: "Again" in visitor.newest())
        visitor.become("bob")
        visitor.type_line("/imagine a big yellow star on a purple background", steps=100)
        visitor.until(lambda: "▰▰▰▰▰" in visitor.newest() and visitor.shows_preview())
        visitor.page.mouse.move(5, 5)  # away from the messages, which offer a reply under it
        visitor.page.screenshot(path=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
