"""Somebody who starts the playground and uses it in a browser: the real process, the real page."""

from __future__ import annotations

import base64
import contextlib
import io
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.patience import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PREVIEW = "How far the picture is"


@contextlib.contextmanager
def running_playground(folder: Path) -> Iterator[str]:
    """`imagine-bot playground` in a process of its own; its address. At the end Ctrl-C, which must be a clean end."""
    with (folder / "stderr").open("w+") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "playground", "--no-open", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=folder,
        )
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert "http://" in first, (folder / "stderr").read_text()
            yield first.split()[-1]
        finally:
            process.send_signal(signal.SIGINT)
            _, complaints = process.communicate(timeout=PATIENCE)[0], (folder / "stderr").read_text()
    assert (process.returncode, complaints) == (0, "")


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window; playwright gives it a fresh profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """One tab on the playground, and what went wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.troubles: list[str] = []
        page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(address)
        self.settle()

    def settle(self) -> None:
        """Until the page shows what it has been told, and takes the next action."""
        self.until(lambda: self.page.evaluate("Boolean(window.simcordPreview?.ready)"))

    def until(self, condition: Callable[[], object]) -> None:
        """Look at the page until it is so. The page's own policy forbids playwright to look from inside."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"the page still shows:\n{self.messages()}"
            self.page.wait_for_timeout(30)

    def become(self, name: str) -> None:
        """Choose somebody under “Viewing as”."""
        self.page.select_option("#viewer-picker", label=name)
        chosen = "document.querySelector('#viewer-picker').selectedOptions[0]?.text"
        self.until(lambda: self.page.evaluate(chosen) == name)
        self.settle()

    def type_line(self, line: str, **options: object) -> None:
        """Type a line, with further options chosen from the list, and press Enter."""
        cards = self.page.locator("[data-message-id]").count()
        self.page.keyboard.type(line)
        for name, value in options.items():
            self.page.locator(".command-ghost").click()
            self.page.locator(".command-popup [role=option]").get_by_text(name, exact=True).click()
            self.page.keyboard.type(str(value))
        self.page.keyboard.press("Enter")
        self.until(lambda: self.page.locator("[data-message-id]").count() > cards)
        self.settle()

    def messages(self) -> str:
        """All that the channel shows."""
        return self.page.locator("#channel-message-list").inner_text()

    def newest(self) -> str:
        """What the last message shows."""
        return self.page.locator("[data-message-id]").last.inner_text()

    def shows_preview(self) -> bool:
        """Whether the last message has a picture in the making."""
        return self.page.locator("[data-message-id]").last.locator(f"img[alt='{PREVIEW}'][src]").count() > 0

    def picture(self) -> Image.Image:
        """The picture of the last message, as the browser has it."""
        data = (
            self.page.locator("[data-message-id]")
            .last.locator("img.gallery-image")
            .evaluate(
                """async (image) => {
                await image.decode();
                const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
                return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
            }"""
            )
        )
        return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
