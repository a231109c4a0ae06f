"""Explorables on their own: their computations called from Python, and an element on an empty page."""

import pytest
from browser_tools import record_trouble, served
from explorable_tools import FOLDER

import companion


@pytest.fixture(autouse=True)
def double_precision():
    """The numbers of a page are float64: so are companion's."""
    before = companion.get_default_dtype()
    companion.set_default_dtype("float64")
    yield
    companion.set_default_dtype(before)


@pytest.fixture(scope="session")
def modules():
    """The address of the folder with the modules."""
    with served(FOLDER) as address:
        yield address


@pytest.fixture(scope="session")
def blank(browser, modules):
    page = browser.new_page()
    page.goto(f"{modules}/base.js")
    yield page
    page.close()


@pytest.fixture
def call(blank):
    """Calls what a module exports: `call("perceptron-boundary", "train", examples)`; a constant without arguments."""

    def run(module, name, *arguments):
        return blank.evaluate(
            """async ([module, name, given]) => {
                const found = (await import(`/${module}.js`))[name];
                return typeof found === "function" ? found(...given) : found;
            }""",
            [module, name, list(arguments)],
        )

    return run


@pytest.fixture
def stage(browser, modules):
    """Puts an explorable on an empty page: `page, element = stage("perceptron-boundary")`; fails on script errors.

    width: of the page in pixels. Other options are those of Playwright's new_page.
    """
    opened = []

    def show(name, width=800, **options):
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        page.set_default_timeout(20000)
        trouble = record_trouble(page, modules)
        opened.append((page, trouble))
        document = (
            "<!DOCTYPE html><style>html { --pst-color-text-base: #222; --pst-color-text-muted: #555;"
            " --pst-color-border: #ccc; --pst-color-surface: #f5f5f5; --pst-color-background: #fff;"
            " --pst-color-primary: #005a92 }</style>"
            f'<{name}><p id="static">static figure</p></{name}><script type="module" src="/{name}.js"></script>'
        )
        page.route("**/stage.html", lambda route: route.fulfill(body=document, content_type="text/html; charset=utf-8"))
        page.goto(f"{modules}/stage.html")
        page.wait_for_selector(".explorable svg")
        return page, page.locator(name)

    yield show
    for page, trouble in opened:
        page.close()
        assert trouble == []
