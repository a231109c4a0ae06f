"""What holds for every explorable: size, keyboard, touch, screen reader, reduced motion, a figure without scripts."""

import json
import re

import chapters
import pytest
from browser_tools import SITE, record_trouble
from explorable_tools import FOLDER, NAMES

LIMIT = 30_000  # bytes of a module with what it imports


def cells():
    """(name, chapter, cell) of each explorable in a notebook."""
    for path in chapters.notebooks():
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if name := cell["metadata"].get("explorable"):
                yield name, path.relative_to(chapters.BOOK).with_suffix("").as_posix(), cell


PLACES = {name: chapter for name, chapter, _ in cells()}


def test_each_module_has_its_place_in_one_chapter():
    assert sorted(name for name, *_ in cells()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_module_is_small_and_asks_no_other_host(name):
    own = (FOLDER / f"{name}.js").read_text("utf-8")
    imported = set(re.findall(r'from "([^"]+)"', own))
    assert "./base.js" in imported <= {"./base.js", "./chance.js", "./powers.js"}
    sources = [own, *((FOLDER / file).read_text("utf-8") for file in imported)]
    assert sum(len(source.encode()) for source in sources) < LIMIT
    assert set(re.findall(r"https?://[^\s\"'`]+", "".join(sources))) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", NAMES)
def test_every_handle_answers_to_the_arrow_keys(stage, name):
    page, element = stage(name)
    handles = element.locator("[role=slider]")
    for handle in handles.all():
        assert len(handle.get_attribute("aria-label")) > 3
        before = handle.get_attribute("aria-valuetext")
        handle.focus()
        # Along one of the four ways it can move, wherever it stands.
        for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowDown"):
            page.keyboard.press(key)
            if handle.get_attribute("aria-valuetext") != before:
                break
        else:
            pytest.fail(f"the arrow keys do not move {handle.get_attribute('aria-label')!r}")


@pytest.mark.parametrize("name", NAMES)
def test_tab_reaches_every_control(stage, name):
    page, element = stage(name)
    controls = element.locator("[role=slider], button:enabled, input:enabled, select:enabled")
    reached = set()
    for _ in range(controls.count() + 2):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(
            """([name]) => [...document.querySelectorAll(
                "[role=slider], button:enabled, input:enabled, select:enabled")].indexOf(document.activeElement)""",
            [name],
        ))
    assert reached >= set(range(controls.count()))


@pytest.mark.parametrize("name", NAMES)
def test_a_finger_moves_a_handle(stage, name):
    page, element = stage(name, width=390, has_touch=True)
    handles = element.locator("[role=slider]")
    if not handles.count():
        pytest.skip("nothing to drag: its controls are those of the browser")
    touch = page.context.new_cdp_session(page)
    moved = False
    for dx, dy in ((15, 15), (-15, -15)):  # one of the two leads away from the border
        handle = handles.first
        before = handle.get_attribute("aria-valuetext")
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for kind, points in (("Start", [{"x": x, "y": y}]), ("Move", [{"x": x + dx, "y": y + dy}]), ("End", [])):
            touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        moved = moved or handle.get_attribute("aria-valuetext") != before
    assert moved


@pytest.mark.parametrize("name", NAMES)
def test_it_has_words_for_a_screen_reader(stage, name):
    page, element = stage(name)
    box = element.locator(".explorable")
    assert len(box.get_attribute("aria-label")) > 10
    assert box.locator("svg[aria-label]").count() == box.locator("svg:not([aria-hidden])").count() > 0
    status = element.locator("[role=status]")
    page.wait_for_function("document.querySelector('.explorable [role=status]').textContent.length > 20")
    assert status.inner_text().endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_a_phone(stage, name):
    page, _ = stage(name, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", NAMES)
def test_nothing_moves_by_itself_and_reduced_motion_is_kept(stage, name):
    page, element = stage(name, reduced_motion="reduce")
    for button in element.locator("button").all():
        button.click()
        first = element.locator("svg").first.inner_html()
        page.wait_for_timeout(150)
        assert element.locator("svg").first.inner_html() == first


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_build_leaves_the_static_figure(browser, modules, name):
    page = browser.new_page()
    page.goto(f"{modules}/base.js")
    page.evaluate("() => { SVGElement.prototype.append = () => { throw new Error('no SVG here'); }; }")
    page.set_content(f'<{name}><p id="static">static figure</p></{name}>')
    page.evaluate("(name) => import(`/${name}.js`).catch(() => null)", name)
    page.wait_for_timeout(100)
    assert page.locator("#static").is_visible()
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_on_the_page(browser, address, name):
    """On the page of its chapter it takes the place of the static figure as it comes near, and leaves it on paper."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    trouble = record_trouble(page, address)
    page.goto(f"{address}/book/{PLACES[name]}.html")
    picture = page.locator(f"{name} img")
    assert picture.count() == 1 and page.locator(f"{name} .explorable").count() == 0
    page.locator(name).evaluate("element => element.scrollIntoView()")
    page.wait_for_selector(f"{name} .explorable svg")
    assert not picture.is_visible()
    page.emulate_media(media="print")
    assert picture.is_visible() and not page.locator(f"{name} .explorable").is_visible()
    assert trouble == []
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_without_scripts_the_figure_is_shown(browser, address, name):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{address}/book/{PLACES[name]}.html")
    picture = page.locator(f"{name} img")
    assert picture.is_visible() and len(picture.get_attribute("alt")) >= 25
    page.close()


def test_the_site_has_every_module():
    if not (SITE / "index.html").exists():
        pytest.skip("the site is not built: run `make book` first")
    for path in FOLDER.glob("*.js"):
        assert (SITE / "_static" / "explorables" / path.name).read_bytes() == path.read_bytes()
