"""Pages load only what they use."""

from types import SimpleNamespace

import lean
import numpy as np
import pytest
import tinycss2
from PIL import Image
from sphinx.errors import ExtensionError

SHEET = """
:root { --used: red; --over-used: var(--used); --unused: url("data:x;y{}") }
.there, .missing { color: var(--over-used) }
p.there > #here:not(.missing):is(.missing, b)::before { content: "{;}" }
.missing p { color: red }
#missing { color: red }
@media (min-width: 10px) { .missing { color: red } @supports (color: red) { .there { animation: turn 1s } } }
@media print { .missing { color: red } }
@keyframes turn { from { rotate: 0deg } }
@keyframes unused { from { rotate: 0deg } }
@font-face { font-family: Icons; src: url("vendor/fontawesome/x.ttf") }
@font-face { font-family: Text; src: url("text.woff2") }
a[href^="#"] { color: blue }
"""


def test_rules_that_nothing_asks_for_go():
    text = lean.purge(SHEET, {"there", "here"})
    kept = "".join(text.split())
    assert ":root{--used:red}" in kept or ":root{--used:red;--over-used:var(--used)}" in kept
    assert ".there{color:var(--over-used)}" in kept
    assert 'p.there>#here:not(.missing):is(.missing,b)::before{content:"{;}"}' in kept
    assert "@media(min-width:10px){@supports(color:red){.there{animation:turn1s}}}" in kept
    assert "@keyframesturn" in kept and "text.woff2" in kept and 'a[href^="#"]' in kept
    assert "unused" not in text and "print" not in text and "fontawesome" not in text
    assert ".missing {" not in text and "#missing" not in text
    assert not [rule for rule in tinycss2.parse_stylesheet(text) if rule.type == "error"]
    assert lean.purge(text, {"there", "here"}) == text


def test_a_custom_property_that_a_script_reads_stays():
    assert "--unused" in lean.purge(SHEET, {"there", "--unused"})


def test_names_come_from_pages_and_scripts(tmp_path):
    (tmp_path / "theme.js").write_text("part.classList.add('from-script'); style.getPropertyValue('--speed')")
    (tmp_path / "searchindex.js").write_text("Search.setIndex({terms: {'only-a-word': 1}})")
    names = lean.names_in(['<p class="one two" id="three">four</p><script>add("five")</script>'], tmp_path)
    assert {"one", "two", "three", "five", "from-script", "--speed"} <= names
    assert not {"four", "only-a-word"} & names


def test_addresses_stay_right_in_the_one_sheet(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "base.css").write_text('p { background: url(images/a.png) }')
    (tmp_path / "styles" / "theme.css").write_text(
        '@import "../base.css";\nb { background: url("../b.svg#part") url(data:x) url(https://example.org/c.png) }'
    )
    text = lean.read_sheet(tmp_path / "styles" / "theme.css", tmp_path)
    assert 'url("images/a.png")' in text and 'url("b.svg#part")' in text
    assert "url(data:x)" in text and "url(https://example.org/c.png)" in text


def test_images_get_their_size(tmp_path):
    for name, size in {"first.png": (300, 200), "second figure.png": (640, 480), "badge.png": (90, 20)}.items():
        Image.new("1", size).save(tmp_path / name)
    files = {path.name: path for path in tmp_path.iterdir()}
    body = ('<img alt="a > b" src="../_images/first.png"/><img src="../_images/badge.png"/>'
            '<img src="../_images/second%20figure.png" alt=""/><img width="5" src="../_images/first.png"/>'
            '<img src="https://example.org/first.png"/>')
    first, badge, second, sized, foreign = lean.with_sizes(body, files).replace("><", ">\n<").splitlines()
    assert 'width="300" height="200"' in first and "loading" not in first
    assert 'width="90" height="20"' in badge and "loading" not in badge
    assert 'width="640" height="480"' in second and 'loading="lazy"' in second
    assert sized == '<img width="5" src="../_images/first.png"/>'
    assert foreign == '<img src="https://example.org/first.png"/>'


@pytest.mark.parametrize(
    ("name", "setting", "body", "expected"),
    [
        ("_static/doctools.js", "", "<p>", True),
        ("_static/copybutton.js", "", "<p>", False),
        ("_static/copybutton.js", "", '<div class="highlight">', True),
        ("_static/design-tabs.js", "", "<p>", False),
        (None, "window.answer = 42", "<p>", True),
        (None, "DOCUMENTATION_OPTIONS.pagename = 'index';", '<div class="toggle">', False),
        (None, "let toggleHintShow = 'Show';", "<p>", False),
        (None, "let toggleHintShow = 'Show';", '<div class="note toggle">', True),
    ],
)
def test_a_script_comes_where_it_has_something_to_do(name, setting, body, expected):
    assert lean.wanted(SimpleNamespace(filename=name, attributes={"body": setting}), body) is expected


def test_code_keeps_its_text():
    code = '<pre><span></span><span class="n">x</span><span class="w"> </span><span class="o">=</span></pre>'
    assert lean.PLAIN_CODE.sub(lambda match: match[1] or "", code) == '<pre>x <span class="o">=</span></pre>'


def site(tmp_path):
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    (tmp_path / "_images").mkdir()
    (tmp_path / "_static" / "scripts").mkdir(parents=True)
    return app


def test_figures_are_packed_without_a_loss(tmp_path):
    app = site(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 4), dtype=np.uint8)
    for name in "shown", "not-shown":
        Image.fromarray(pixels, "RGBA").save(tmp_path / "_images" / f"{name}.png")
    page = tmp_path / "page.html"
    page.write_text('<img src="_images/shown.png"><meta content="_images/cards/card.png">', "utf-8")
    for _ in range(2):  # the second build finds the page as the first one left it
        lean.pack_figures(app, None)
        assert page.read_text("utf-8") == '<img src="_images/shown.webp"><meta content="_images/cards/card.png">'
        assert sorted(path.name for path in (tmp_path / "_images").iterdir()) == ["not-shown.png", "shown.webp"]
    with Image.open(tmp_path / "_images" / "shown.webp") as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_the_theme_measures_nothing_at_once(tmp_path):
    app = site(tmp_path)
    script = tmp_path / "_static" / lean.THEME_SCRIPT
    script.write_text(f"a({lean.MEASURED_AT_ONCE})", "utf-8")
    for _ in range(2):
        lean.quieten(app, None)
        assert script.read_text("utf-8") == 'a("no-such-box")'
    script.write_text("b()", "utf-8")
    with pytest.raises(ExtensionError, match="has changed"):
        lean.quieten(app, None)
