"""Progress marks: chapters marked as read and exercises solved, kept in the browser and nowhere else."""

import json

import chapter_list
import chapters
import pytest
from browser_tools import SITE, go, served
from contrast import contrast
from playwright.sync_api import expect

LANDING, CHAPTER = "book/intro.html", "book/foundations/perceptron.html"
NAMES = [name for name in chapters.chapters() if chapters.kind(name) != "solution"]  # those with a card

# JupyterLite keeps the files of its drive in IndexedDB through the library localforage, in this form.
STORE = """
([name, content, format]) => new Promise((resolve, reject) => {
  const request = indexedDB.open(name, 2);
  request.onupgradeneeded = () => request.result.createObjectStore("files");
  request.onerror = reject;
  request.onsuccess = () => {
    const write = request.result.transaction("files", "readwrite");
    write.objectStore("files").put({ name: "companion-progress.json", path: "companion-progress.json", type: "file",
                                     mimetype: "application/json", writable: true, content, format },
                                   "companion-progress.json");
    write.oncomplete = () => { request.result.close(); resolve(); };
  };
})
"""


def solve(page, *exercises, drive="/lite/", chapter="perceptron", as_object=False):
    """Write into the browser what a notebook there would have written."""
    record = {name: {"solved": True, "attempts": 2, "hints": 0} for name in exercises}
    record["never_heard_of"] = {"solved": True}
    content = {"version": 1, "chapters": {chapter: record}}
    page.evaluate(STORE, [f"JupyterLite Storage - {drive}", content if as_object else json.dumps(content),
                          "json" if as_object else "text"])


def exercises_of(name):
    return chapter_list.chapter(f"book/{name}", chapters.path_of(name))["exercises"]


def card(page, title):
    return page.locator(".chapter-card", has=page.get_by_role("link", name=title, exact=True))


def test_nothing_shows_at_first(visit, address):
    page, trouble = visit(address, LANDING)
    assert page.get_by_role("button", name="Forget my progress").count() == 0
    assert page.locator(".chapter-card").count() == len(NAMES)
    assert page.locator(".progress-card").all_inner_texts() == [""] * len(NAMES)
    assert page.evaluate("indexedDB.databases().then(all => all.length)") == 0
    assert trouble == []


def test_a_chapter_is_marked_as_read(visit, address):
    """With the keyboard; card, sidebar and start button follow; unmarking takes all back."""
    page, trouble = visit(address, CHAPTER)
    place = page.locator(".progress-chapter")
    place.get_by_role("button", name="Mark as read").focus()
    page.keyboard.press("Enter")
    assert place.get_by_role("status").inner_text() == "✓ You have read this chapter."
    assert page.evaluate("document.activeElement.textContent") == "Mark as unread"
    assert page.locator(".bd-sidebar-primary [aria-label=read]").count() == 1

    go(page, f"{address}/{LANDING}")
    assert "✓ Read" in card(page, "Perceptron").inner_text()
    assert "✓ Read" not in card(page, "Introduction").inner_text()
    assert page.locator(".start a").first.inner_text() == "Start with chapter 1"
    assert f"1 of {len(NAMES)} chapters read" in page.locator(".progress-all").inner_text()

    go(page, f"{address}/{CHAPTER}")
    page.get_by_role("button", name="Mark as unread").click()
    assert place.get_by_role("status").inner_text() == ""
    assert page.locator(".bd-sidebar-primary [aria-label=read]").count() == 0
    go(page, f"{address}/{LANDING}")
    assert "✓ Read" not in card(page, "Perceptron").inner_text()
    assert trouble == []


def test_the_start_button_continues(visit, address):
    page, _ = visit(address, "book/foundations/introduction.html")
    page.get_by_role("button", name="Mark as read").click()
    go(page, f"{address}/{LANDING}")
    start = page.locator(".start a").first
    assert start.inner_text() == "Continue: Perceptron"
    start.click()
    assert page.url.endswith(CHAPTER)


@pytest.mark.parametrize("as_object", [False, True])
def test_solved_exercises_are_counted(visit, address, as_object):
    names = exercises_of("foundations/perceptron")
    page, trouble = visit(address, CHAPTER)
    solve(page, *names[:3], as_object=as_object)
    go(page, page.url)
    status = page.locator(".progress-chapter").get_by_role("status")
    expect(status).to_have_text(f"3 of {len(names)} exercises solved.")
    shown = page.locator(".exercise-state:visible")
    assert shown.all_text_contents() == ["✓ Solved"] * 3
    assert shown.evaluate_all("all => all.map(part => part.dataset.exercise)") == names[:3]

    go(page, f"{address}/{LANDING}")
    expect(card(page, "Perceptron")).to_contain_text(f"3 of {len(names)} exercises solved")
    everything = sum(len(exercises_of(name)) for name in NAMES)
    expect(page.locator(".progress-all")).to_contain_text(f"3 of {everything} exercises solved")
    assert trouble == []


def test_what_is_solved_meanwhile_is_seen_on_return(visit, address):
    page, _ = visit(address, CHAPTER)
    solve(page, *exercises_of("foundations/perceptron")[:1])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(".exercise-state:visible")


@pytest.mark.parametrize("damage", ["not JSON", '{"version": 1}', "[]"])
def test_damaged_records_do_no_harm(visit, address, damage):
    page, trouble = visit(address, CHAPTER)
    page.evaluate(STORE, ["JupyterLite Storage - /lite/", damage, "text"])
    page.evaluate("localStorage.setItem('neural-networks-course:read:/', '{')")
    go(page, page.url)
    page.get_by_role("button", name="Mark as read").click()
    assert page.locator(".progress-chapter").get_by_role("status").inner_text() == "✓ You have read this chapter."
    assert trouble == []


def test_progress_is_forgotten(visit, address):
    names = exercises_of("foundations/perceptron")
    page, trouble = visit(address, CHAPTER)
    solve(page, *names)
    page.get_by_role("button", name="Mark as read").click()
    go(page, f"{address}/{LANDING}")
    expect(card(page, "Perceptron")).to_contain_text(f"{len(names)} of {len(names)} exercises solved")
    forget = page.get_by_role("button", name="Forget my progress")

    page.once("dialog", lambda dialog: dialog.dismiss())
    forget.click()
    assert "✓ Read" in card(page, "Perceptron").inner_text()

    page.once("dialog", lambda dialog: dialog.accept())
    forget.click()
    page.wait_for_selector("text=Your progress is forgotten.")
    assert page.locator(".progress-card").all_inner_texts() == [""] * len(NAMES)
    assert not forget.is_visible()
    go(page, f"{address}/{CHAPTER}")
    assert page.locator(".exercise-state:visible").count() == 0
    assert page.get_by_role("button", name="Mark as read").count() == 1
    assert trouble == []


def test_two_courses_on_one_host_keep_apart(visit, tmp_path):
    """Each address of the site has marks of its own."""
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(SITE, target_is_directory=True)
    with served(tmp_path) as address:
        page, _ = visit(address, f"one/{CHAPTER}")
        solve(page, *exercises_of("foundations/perceptron"), drive="/one/lite/")
        page.get_by_role("button", name="Mark as read").click()
        go(page, page.url)
        expect(page.locator(".exercise-state:visible").first).to_have_text("✓ Solved")
        go(page, f"{address}/two/{CHAPTER}")
        assert page.get_by_role("button", name="Mark as read").count() == 1
        assert page.locator(".exercise-state:visible").count() == 0


def test_without_scripts_there_are_no_marks(visit, address):
    page, trouble = visit(address, CHAPTER, java_script_enabled=False)
    assert page.locator(".progress-chapter").inner_html() == ""
    assert page.locator(".exercise-state:visible").count() == 0
    assert trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_can_be_read(visit, address, scheme):
    page, _ = visit(address, CHAPTER, color_scheme=scheme)
    assert contrast(page, ".progress-chapter button") >= 4.5
    solve(page, *exercises_of("foundations/perceptron"))
    go(page, page.url)
    page.wait_for_selector(".exercise-state:visible")
    page.get_by_role("button", name="Mark as read").click()
    parts = [".progress-chapter button", ".progress-chapter p", ".exercise-state", ".bd-links .mark-read"]
    assert min(contrast(page, part) for part in parts) >= 4.5
    go(page, f"{address}/{LANDING}")
    page.wait_for_selector(".progress-card .mark-solved")
    parts = [".progress-card span", ".progress-all p", ".progress-all button"]
    assert min(contrast(page, part) for part in parts) >= 4.5
