"""The landing page: its first screen, the cards of the chapters, and the colors of the whole book."""

import chapter_list
import chapters
import pytest
from browser_tools import SITE
from contrast import contrast

LANDING = "book/intro.html"
FACTS = [chapter_list.chapter(f"book/{name}", chapters.path_of(name)) for name in chapters.chapters()
         if chapters.kind(name) != "solution"]


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_first_screen(visit, address, width, height):
    """What it is, for whom, and the ways in are seen without scrolling, the figure's top as well."""
    page, trouble = visit(address, LANDING, viewport={"width": width, "height": height})
    seen = [*page.locator("h1, h1 + p, h1 + p + p, .start a").all(), page.locator(".hero svg").first]
    assert len(seen) == 7
    for part in seen[:-1]:
        box = part.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height, part.inner_text()
    assert seen[-1].bounding_box()["y"] < height
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert trouble == []


def test_the_ways_in_lead_somewhere(visit, address):
    page, _ = visit(address, LANDING)
    links = page.locator(".start a").evaluate_all("all => all.map(link => new URL(link.href).pathname)")
    assert links[0].endswith(f"/{chapters.chapters()[0]}.html")
    assert links[1].endswith("/lite/notebooks/index.html")
    for link in links:
        assert (SITE / link.lstrip("/")).exists() or "/lite/" in link and not (SITE / "lite").exists()


def test_the_cards(visit, address):
    page, _ = visit(address, LANDING)
    cards = page.locator(".chapter-card")
    assert cards.count() == len(FACTS)
    for number, facts in enumerate(FACTS, 1):
        card = cards.nth(number - 1)
        text = card.inner_text()
        assert f"{facts['kind'] or f'Chapter {number}'} · level {facts['level']} of 3" in text
        assert facts["title"] in text and facts["reading"] in text
        assert facts["practice"] in text
        assert facts["promise"].split("`")[0].replace("'", "’") in text
    cards.nth(1).click(position={"x": 5, "y": 60})  # all of a card is the link
    assert page.url.endswith(FACTS[1]["link"].replace(".ipynb", ".html"))


def test_the_hero_has_words(visit, address):
    page, _ = visit(address, LANDING)
    names = page.locator(".hero svg").evaluate_all("all => all.map(svg => svg.ariaLabel)")
    assert len(names) == 3 and min(map(len, names)) >= 25


TEXT = {
    LANDING: [".start a", ".hero figcaption", ".card-number p", ".card-title a", ".card-promise p", ".card-facts p"],
    "book/foundations/perceptron.html": [
        "h1", "h1 .section-number", "p.promise", ".launch a:not(:has(img))", "#what-you-will-learn li p",
        "#what-you-will-learn p.time", "summary p", "p", ".cell_input pre span:not(:empty)", ".cell_output pre",
        "code.literal", ".callout > .admonition-title", ".callout p", "section.exercise h3", ".companion-verdict p",
        ".companion-verdict code", ".bd-links a", ".caption-text", ".page-toc a", ".prev-next-area p",
        ".bd-footer-content p",
    ],
}
# Letters of 24 px and the stars, which repeat a number, are large: 3 is enough.
LARGE = {"h1 .section-number"}
SIGNS = {
    LANDING: [(".hero-orange", "fill"), (".hero-dots", "stroke"), (".hero-unit", "stroke"), (".hero-wave", "stroke")],
    "book/foundations/perceptron.html": [
        (".stars", "color"), (".exercise-number", "color"), (".callout", "border-left-color"),
        (".cell_input", "border-left-color"), ("section.exercise", "border-top-color"),
    ],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", TEXT)
def test_colors_can_be_told_apart(visit, address, name, scheme):
    page, _ = visit(address, name, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page.add_style_tag(content=".bd-article section { content-visibility: visible !important }")
    weak = {part: value for part in TEXT[name]
            if (value := contrast(page, part)) < (3 if part in LARGE else 4.5)}
    weak |= {part: value for part, kind in SIGNS[name] if (value := contrast(page, part, kind)) < 3}
    assert weak == {}


def test_the_contrast_is_measured(visit, address):
    """The check is checked: gray on white, through a layer that is half transparent."""
    page, _ = visit(address, LANDING, color_scheme="light")
    page.evaluate("""document.querySelector("h1").outerHTML =
        '<h1 style="color: #777; background: rgb(0 0 0 / 50%)">Weak</h1>'""")
    assert contrast(page, "h1") < 1.2


@pytest.mark.parametrize("name", ["book/foundations/perceptron.html", "book/foundations/optimizers.html"])
def test_prose_has_lines_that_the_eye_follows(visit, address, name):
    """65 to 80 characters where there is room; code of 100 characters fits."""
    page, _ = visit(address, name, viewport={"width": 1280, "height": 900})
    page.add_style_tag(content=".bd-article section { content-visibility: visible !important }")
    length = page.evaluate("""() => {
        const texts = [...document.querySelectorAll(".bd-article section > p")].filter(
          p => !p.querySelector(".katex, code") && p.textContent.length > 250);
        const lines = p => Math.round(p.getBoundingClientRect().height / parseFloat(getComputedStyle(p).lineHeight));
        const sums = texts.reduce(([a, b], p) => [a + p.textContent.length, b + lines(p) - 0.4], [0, 0]);
        return sums[0] / sums[1];
    }""")
    assert 65 <= length <= 80
    page.evaluate("""document.querySelector(".cell_input pre").textContent = "x".repeat(100)""")
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    assert page.locator(".cell_input pre").first.evaluate("pre => pre.scrollWidth <= pre.clientWidth")


def test_the_style_stays_small():
    fonts = sum(path.stat().st_size for path in (SITE / "_static" / "fonts").glob("*.woff2"))
    own = chapters.BOOK / "_static"
    assert (own / "style.css").stat().st_size < 25_000
    assert (own / "progress.js").stat().st_size < 10_000
    assert fonts < 60_000
