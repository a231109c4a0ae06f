"""The built site and a browser for it, for all tests in this folder."""

import lite_browser
import pytest
from browser_tools import SITE, go, record_trouble, served
from static_host import find_browser


@pytest.fixture(scope="session")
def address():
    """The address of the built site."""
    if not (SITE / "index.html").exists():
        pytest.skip("the site is not built: run `make book` first")
    with served(SITE) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    try:
        executable = find_browser()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without hinting, letters on paper stand where a full browser puts them.
        browser = playwright.chromium.launch(executable_path=executable,
                                             args=["--no-sandbox", "--font-render-hinting=none"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pyodide():
    """The folder with Pyodide, None where the site brings its own."""
    try:
        return lite_browser.local_pyodide(SITE)
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture
def visit(browser):
    """Opens a page and waits until it is quiet: `page, trouble = visit(address, name)`.

    `trouble` lists what goes wrong from then on: requests to another host, missing files, script errors. Options
    such as `viewport` are those of Playwright's new_page. The pages are closed after the test.
    """
    pages = []

    def open_page(address, name, **options):
        page = browser.new_page(**options)
        pages.append(page)
        trouble = record_trouble(page, address)
        go(page, f"{address}/{name}")
        return page, trouble

    yield open_page
    for page in pages:
        page.close()
