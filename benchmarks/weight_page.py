"""What the sign-in page weighs, as Chromium loads it from `unlatch serve`: all that comes over the
wire, at the first visit and at the second.
"""

import gzip
import subprocess
import sys
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright
from weight_start import AsTyped, starting

_FINDER = Path(__file__).parent.parent / "scripts/browser.py"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@dataclass(frozen=True)
class Loaded:
    """One answer that came over the wire.

    Attributes:
        headers: Bytes.
        sent: Bytes of its body as they were sent, compressed or not.
        plain: Bytes of its body.
        gzipped: Bytes of its body if it were compressed, which pages are not.
    """

    path: str
    headers: int
    sent: int
    plain: int
    gzipped: int


@dataclass(frozen=True)
class Visits:
    """By one browser."""

    first: list[Loaded]
    second: list[Loaded]


def visits(home: Path) -> Visits:
    """Both."""
    found = subprocess.run(
        [sys.executable, str(_FINDER), "--no-install"], capture_output=True, text=True
    )
    if found.returncode != 0:
        raise SystemExit(found.stderr.strip())
    with starting(AsTyped(home)) as started, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.stdout.strip() or None, args=_FLAGS
        )
        page = browser.new_page()
        site = f"http://localhost:{started.port}"
        both = Visits(_visit(page, site), _visit(page, site))
        browser.close()
        return both


def _visit(page: Page, site: str) -> list[Loaded]:
    wire = _Wire(page)
    page.goto(f"{site}/auth/sign-in", wait_until="networkidle")
    icon = page.locator("link[rel=icon]").get_attribute("href")
    # What a browser that has a window does by itself.
    page.evaluate("icon => fetch(icon).then(answer => answer.arrayBuffer())", icon)
    page.wait_for_load_state("networkidle")
    return wire.loaded()


class _Wire:
    """What the browser says of the network (Chrome DevTools Protocol, domain Network)."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._answers: dict[str, dict[str, Any]] = {}
        self._bytes: dict[str, int] = {}
        self._cdp.on("Network.responseReceived", self._received)
        self._cdp.on("Network.loadingFinished", self._finished)
        self._cdp.send("Network.enable")

    def loaded(self) -> list[Loaded]:
        """What did not come out of the browser's own cache."""
        return [self._loaded(request) for request, size in self._bytes.items() if size > 0]

    def _received(self, event: dict[str, Any]) -> None:
        self._answers[event["requestId"]] = event["response"]

    def _finished(self, event: dict[str, Any]) -> None:
        self._bytes[event["requestId"]] = int(event["encodedDataLength"])

    def _loaded(self, request: str) -> Loaded:
        answer = self._answers[request]
        headers = int(answer["encodedDataLength"])
        body = self._cdp.send("Network.getResponseBody", {"requestId": request})
        plain = b64decode(body["body"]) if body["base64Encoded"] else body["body"].encode()
        return Loaded(
            path=urlsplit(answer["url"]).path,
            headers=headers,
            sent=self._bytes[request] - headers,
            plain=len(plain),
            gzipped=len(gzip.compress(plain, 9)),
        )
