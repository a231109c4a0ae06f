"""The built site in a real browser: it asks no other host, nothing is missing, its controls work."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from browser_tools import PAGES, SITE, as_written, served

CHAPTER = "book/foundations/perceptron.html"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


# 404.html asks for its parts where the site is published: below.
@pytest.mark.parametrize("name", [name for name in PAGES if name != "404.html"])
def test_page(visit, address, name):
    page, trouble = visit(address, name, viewport=PHONE)
    assert page.locator("main h1").count() == 1
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'", timeout=5000)
    # The figures that wait until they are near.
    page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach(image => { image.loading = 'eager'; })")
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert trouble == []


# What a reader presses -----------------------------------------------------------------------------


def test_search_finds_a_word(visit, address):
    page, trouble = visit(address, "search.html?q=perceptron")
    page.wait_for_selector("#search-results li a")
    assert "perceptron" in page.locator("#search-results").inner_text().lower()
    assert trouble == []


@pytest.mark.parametrize("opener", ["Control+k", ".search-button-field"])
def test_the_search_opens_and_leads_to_results(visit, address, opener):
    page, trouble = visit(address, CHAPTER, viewport=DESKTOP)
    if opener.startswith("."):
        page.locator(opener).click()
    else:
        page.keyboard.press(opener)
    field = page.locator("#pst-search-dialog input")
    assert field.is_visible()
    field.fill("momentum")
    field.press("Enter")
    page.wait_for_url("**/search.html?q=momentum")
    page.wait_for_selector("#search-results li a")
    assert trouble == []


def test_the_theme_button_goes_through_the_modes(visit, address):
    page, _ = visit(address, CHAPTER, viewport=DESKTOP, color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light, seen = page.evaluate(background), set()
    for _ in range(3):
        page.locator(".theme-switch-button").click()
        mode, theme = page.evaluate("[document.documentElement.dataset.mode, document.documentElement.dataset.theme]")
        page.wait_for_function(f"({background} == '{light}') == {str(theme == 'light').lower()}", timeout=3000)
        assert page.locator(".theme-switch-button i:visible").get_attribute("data-mode") == mode
        seen.add((mode, theme))
    assert seen == {("auto", "light"), ("light", "light"), ("dark", "dark")}
    # The next page begins in the mode that was chosen.
    page.evaluate("localStorage.setItem('mode', 'dark'); localStorage.setItem('theme', 'dark')")
    page.reload(wait_until="commit")
    page.wait_for_function("document.documentElement.dataset.theme == 'dark'", timeout=3000)


def test_the_contents_open_on_a_phone(visit, address):
    page, _ = visit(address, CHAPTER, viewport=PHONE)
    link = page.get_by_role("link", name="Notation")
    assert not link.first.is_visible()
    page.locator(".primary-toggle").click()
    assert link.first.is_visible()
    page.keyboard.press("Escape")
    link.first.wait_for(state="hidden", timeout=3000)
    page.locator(".secondary-toggle").click()
    page.locator("dialog[open] a", has_text="Quiz").wait_for(timeout=3000)


def test_a_cell_is_copied_and_opened(visit, address):
    page, _ = visit(address, CHAPTER, viewport=DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    shown = page.locator("div.cell:not(.tag_hide-input) .cell_input .highlight").first
    shown.scroll_into_view_if_needed()
    shown.hover()
    shown.locator("button.copybtn").click()
    page.wait_for_function("document.querySelector('button.copybtn.success')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == shown.locator("pre").inner_text().strip()
    hidden = page.locator("div.cell details").nth(1)
    code = hidden.locator("pre").first
    assert not code.is_visible()
    hidden.locator("summary").click()
    assert code.is_visible()


def test_a_link_into_a_page_shows_its_place(visit, address):
    """Sections far away are laid out late; a link to one of them must still show it."""
    page, _ = visit(address, f"{CHAPTER}#quiz", viewport=DESKTOP)
    page.wait_for_timeout(500)
    assert 0 <= page.locator("#quiz h2").bounding_box()["y"] < 300


def test_icons_are_drawn(visit, address):
    """Each icon of the theme is a character of a font in the style sheet: as wide as an icon, not as a box."""
    page, _ = visit(address, CHAPTER, viewport=DESKTOP)
    used = page.evaluate("""[...document.querySelectorAll("i[class*='fa-'], span[class*='fa-']")].map(icon =>
        [icon.className, getComputedStyle(icon, "::before").content, getComputedStyle(icon).fontFamily])""")
    assert len(used) > 8
    assert all(re.fullmatch('"."', content) and "Font Awesome" in family for _, content, family in used), used
    assert page.evaluate("""document.fonts.ready.then(() => [...document.fonts].filter(
        font => font.family.includes("Awesome") && font.status == "loaded").length)""") == 2


# Found and shared ----------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", ["nothing.html", "book/foundations/nothing.html", "a/b/c/d"])
@pytest.mark.parametrize("path", ["/neural-networks-course", ""])
def test_a_lost_visitor_finds_the_way(visit, address, depth, path):
    with served(SITE, path) as below:
        page, trouble = visit(below, depth)
        if path:  # elsewhere than configured, the browser looks ahead in vain before it reads the script
            assert [entry for entry in trouble if not entry.endswith(f"/{depth}")] == []
        assert page.locator("h1").inner_text().startswith("Page not found")
        assert page.evaluate("getComputedStyle(document.querySelector('.bd-article-container')).maxWidth") != "none"
        page.locator("main").get_by_role("link", name="the first page").click()
        page.wait_for_url("**/book/intro.html")
        assert page.url == f"{below}/book/intro.html"


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("book/")])
def test_pages_describe_themselves(name):
    def content(selector, attribute="content"):
        (found,) = as_written(name).select(selector)
        return found[attribute]

    assert 50 <= len(content("meta[name=description]")) <= 200
    assert content("meta[name=description]") == content("meta[property='og:description']")
    canonical = content("link[rel=canonical]", "href")
    assert canonical.endswith(f"/{name}") and canonical == content("meta[property='og:url']")
    base = canonical.removesuffix(name)
    card = SITE / content("meta[property='og:image']").removeprefix(base)
    assert card.stat().st_size < 100_000
    assert f"{base}{name}" in [node.text for node in ElementTree.parse(SITE / "sitemap.xml").iter() if node.text]


def test_the_sitemap_has_every_page_of_the_book(address):
    places = [node.text for node in ElementTree.parse(SITE / "sitemap.xml").iter() if (node.text or "").strip()]
    assert sorted(place.split("/book/")[1] for place in places) == \
        sorted(name.removeprefix("book/") for name in PAGES if name.startswith("book/"))
    base = places[0].split("book/")[0]
    assert f"Sitemap: {base}sitemap.xml" in (SITE / "robots.txt").read_text("utf-8")


# The check is checked ------------------------------------------------------------------------------


def test_trouble_is_seen(visit, tmp_path):
    """A page with a foreign image, a missing file and a broken script."""
    (tmp_path / "bad.html").write_text(
        "<h1>Bad</h1><img src='http://localhost:9/x.png'><img src='missing.png'><script>nothing()</script>"
    )
    with served(tmp_path) as address:
        _, trouble = visit(address, "bad.html")
    assert any(entry.startswith("asks another host") for entry in trouble)
    assert any(entry.startswith("404") for entry in trouble)
    assert any(entry.startswith("script error") for entry in trouble)
