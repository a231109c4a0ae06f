"""The built site in a real browser: it asks no other host, nothing is missing, a phone can show it."""

import pytest
from browser_tools import SITE, served

PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.glob("book/**/*.html")) or ["none"]


@pytest.mark.parametrize("name", PAGES)
def test_page(visit, address, name):
    page, trouble = visit(address, name, viewport={"width": 390, "height": 844})
    assert page.locator(".bd-article h1").count() == 1
    assert page.locator("mjx-merror").count() == 0
    assert page.locator(".math").count() == page.locator(".math:has(mjx-assistive-mml)").count()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'", timeout=5000)
    assert trouble == []


def test_search_finds_a_word(visit, address):
    page, trouble = visit(address, "search.html?q=perceptron")
    page.wait_for_selector("#search-results li a")
    assert "perceptron" in page.locator("#search-results").inner_text().lower()
    assert trouble == []


def test_trouble_is_seen(visit, tmp_path):
    """The check is checked: a page with a foreign image, a missing file and a broken script."""
    (tmp_path / "bad.html").write_text(
        "<h1>Bad</h1><img src='http://localhost:9/x.png'><img src='missing.png'><script>nothing()</script>"
    )
    with served(tmp_path) as address:
        _, trouble = visit(address, "bad.html")
    assert any(entry.startswith("asks another host") for entry in trouble)
    assert any(entry.startswith("404") for entry in trouble)
    assert any(entry.startswith("script error") for entry in trouble)
