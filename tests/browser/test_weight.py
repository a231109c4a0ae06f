"""What a page loads: how much, and that nothing of it holds up the reader. `make lighthouse` measures the effect."""

import pytest
from browser_tools import PAGES, SITE, as_written, go

LANDING = "book/intro.html"
KB = 1000
# The first page is what a visitor on a slow line waits for.
LIMIT, LANDING_LIMIT, SCRIPTS_LIMIT, STYLE_LIMIT = 1500 * KB, 500 * KB, 120 * KB, 60 * KB


@pytest.fixture
def transfers(browser, address):
    """A function that opens a page with an empty cache and returns what went over the wire: address → bytes."""
    pages = []

    def measure(name):
        page = browser.new_page()
        pages.append(page)
        session = page.context.new_cdp_session(page)
        urls, sizes = {}, {}

        def on_response(event):
            urls[event["requestId"]] = event["response"]["url"]

        def on_end(event):
            if event["requestId"] in urls:
                sizes[urls[event["requestId"]]] = event["encodedDataLength"]

        session.on("Network.responseReceived", on_response)
        session.on("Network.loadingFinished", on_end)
        session.send("Network.enable")
        go(page, f"{address}/{name}")
        # With the figures that wait until they are near.
        page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach(image => { image.loading = 'eager'; })")
        page.wait_for_function("[...document.images].every(image => image.complete)")
        page.wait_for_load_state("networkidle")
        return sizes

    yield measure
    for page in pages:
        page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(transfers, name):
    sizes = transfers(name)
    listed = "\n".join(f"{size:>9,} {url}" for url, size in sorted(sizes.items(), key=lambda item: -item[1]))
    assert sum(sizes.values()) < (LANDING_LIMIT if name == LANDING else LIMIT), listed
    scripts = {url: size for url, size in sizes.items() if url.partition("?")[0].endswith(".js")}
    scripts = {url: size for url, size in scripts.items() if "searchindex" not in url}
    assert 0 < sum(scripts.values()) < SCRIPTS_LIMIT, listed
    (style,) = [size for url, size in sizes.items() if ".css" in url]
    assert style < STYLE_LIMIT, listed
    assert not [url for url in sizes if "fontawesome" in url.lower() or "mathjax" in url.lower()]


@pytest.mark.parametrize("name", PAGES)
def test_nothing_holds_up_a_page(name):
    page = as_written(name)
    assert [script["src"] for script in page.select("script[src]:not([defer], [async], [type=module])")] == []
    assert len(page.select("link[rel=stylesheet]")) == 1
    assert page.select("head meta[name=viewport]")
    for image in page.select(".bd-article img"):
        assert image.get("width") and image.get("height"), image["src"]
    figures = page.select(".bd-article .cell_output img")
    assert all(image.get("loading") == "lazy" for image in figures[1:])


@pytest.mark.parametrize("name", [page for page in PAGES if page.startswith("book/")])
def test_formulas_are_there_without_a_script(name):
    page = as_written(name)
    assert all(formula.find("math") and formula.select_one(".katex-html") for formula in page.select(".math"))
    assert page.select(".katex-error") == []


def test_the_style_sheet_keeps_what_pages_use(address):
    """The one sheet holds rules of each of its parts, the icons, and none for what no page has."""
    text = (SITE / "_static" / "book.css").read_text("utf-8")
    for selector in (".bd-article", ".highlight .k", ".katex", "div.cell", "button.copybtn", ".callout-pitfall"):
        assert selector in text
    assert "data:font/woff;base64," in text
    for selector in (".sd-card", ".fa-user", ".card-group"):
        assert selector not in text
