"""The built site in a real browser: it asks no other host, nothing is missing, a phone can show it."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.glob("book/**/*.html")) or ["none"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    """The site, served on this machine as a static host would."""
    if not (SITE / "index.html").exists():
        pytest.skip("the site is not built: run `make book` first")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser(address):
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"no browser found: install one of {', '.join(BROWSERS)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


def visit(browser, address, page_name, **options):
    """Open a page and wait until it is quiet; returns the page and what went wrong on the way."""
    page = browser.new_page(**options)
    trouble = []

    def on_request(request):
        if not request.url.startswith((address, "data:", "blob:")):
            trouble.append(f"asks another host: {request.url}")

    def on_response(response):
        if response.status >= 400:
            trouble.append(f"{response.status}: {response.url}")

    page.on("request", on_request)
    page.on("response", on_response)
    page.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}"))
    page.on("pageerror", lambda error: trouble.append(f"script error: {error}"))
    page.goto(f"{address}/{page_name}", wait_until="networkidle")
    page.wait_for_function("!window.MathJax || (MathJax.startup && MathJax.startup.promise.then(() => true))")
    page.wait_for_load_state("networkidle")
    return page, trouble


@pytest.mark.parametrize("name", PAGES)
def test_page(browser, address, name):
    page, trouble = visit(browser, address, name, viewport={"width": 390, "height": 844})
    assert page.locator(".bd-article h1").count() == 1
    assert page.locator("mjx-merror").count() == 0
    assert page.locator(".math").count() == page.locator(".math:has(mjx-assistive-mml)").count()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'", timeout=5000)
    assert trouble == []
    page.close()


def test_search_finds_a_word(browser, address):
    page, trouble = visit(browser, address, "search.html?q=perceptron")
    page.wait_for_selector("#search-results li a")
    assert "perceptron" in page.locator("#search-results").inner_text().lower()
    assert trouble == []
    page.close()


def test_trouble_is_seen(browser, address, tmp_path):
    """The check is checked: a page with a foreign image, a missing file and a broken script."""
    (tmp_path / "bad.html").write_text(
        "<h1>Bad</h1><img src='http://localhost:9/x.png'><img src='missing.png'><script>nothing()</script>"
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page, trouble = visit(browser, f"http://127.0.0.1:{server.server_port}", "bad.html")
    server.shutdown()
    server.server_close()
    page.close()
    assert any(entry.startswith("asks another host") for entry in trouble)
    assert any(entry.startswith("404") for entry in trouble)
    assert any(entry.startswith("script error") for entry in trouble)
