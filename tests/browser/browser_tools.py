"""What the browser tests share: the built site, a server for it, and a record of what goes wrong on a page."""

from functools import lru_cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from static_host import served  # noqa: F401  (from tools/)

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
# Every page that Sphinx writes: of the book, and beside it (search, index, 404).
PAGES = sorted(path.relative_to(SITE).as_posix() for path in [*SITE.glob("book/**/*.html"), *SITE.glob("*.html")]
               if path != SITE / "index.html") or ["none"]


def go(page, url):
    """Open an address and wait until the page is read, its scripts have run and it asks for nothing more.

    In this order: a busy machine may ask for nothing for a while in the middle of reading a page.
    """
    page.goto(url)
    page.wait_for_load_state("networkidle")


@lru_cache
def as_written(name):
    """A page as the site holds it, which is what a reader without scripts gets."""
    if not (SITE / name).exists():
        pytest.skip("the site is not built: run `make book` first")
    return BeautifulSoup((SITE / name).read_text("utf-8"), "html.parser")


def record_trouble(page, address):
    """A list that grows with what goes wrong on the page."""
    trouble = []

    def on_request(request):
        if not request.url.startswith((address, "data:", "blob:")):
            trouble.append(f"asks another host: {request.url}")

    def on_response(response):
        if response.status >= 400:
            trouble.append(f"{response.status}: {response.url}")

    def on_failure(request):
        if request.failure != "net::ERR_ABORTED":  # that is what leaving a page does to what is on its way
            trouble.append(f"failed: {request.url}")

    page.on("request", on_request)
    page.on("response", on_response)
    page.on("requestfailed", on_failure)
    page.on("pageerror", lambda error: trouble.append(f"script error: {error}"))
    return trouble
