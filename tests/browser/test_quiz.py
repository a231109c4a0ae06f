"""The quiz of each chapter on its web page: without a kernel, every answer gets the explanation that its file holds."""

import pytest
from chapters import chapters
from contrast import contrast

from companion import quiz

CHAPTERS = [name for name in chapters() if name.split("/")[-1] in quiz.chapters()]
BESIDE = 987654321  # a number that no question knows


def said(text):
    """A text of the file as the page shows it."""
    return text.replace("`", "")


def feedback(question):
    """What is said below a question, and whether it is praise."""
    part = question.locator(".Feedback")
    assert part.get_attribute("role") == "status"
    return part.inner_text(), "correct" in part.get_attribute("class").split()


def tries(answers):
    """What to type for each numeric answer, and the answer that then speaks."""
    for answer in answers:
        typed = {"value": answer.get("value"), "range": sum(answer.get("range", [0, 0])) / 2, "default": BESIDE}
        yield f"{typed[answer['type']]}", answer


# Gives each answer in turn, a click or a number typed, and returns for each what it chose and what was said below.
ANSWER = """(question, typed) => {
  const heard = () => {
    const part = question.querySelector(".Feedback");
    return [part.innerText, part.classList.contains("correct"), part.getAttribute("role")];
  };
  const field = question.querySelector(".Input-text");
  if (!field) return [...question.querySelectorAll(".MCButton")].map(button => {
    button.click();
    return [button.innerText.trim(), ...heard()];
  });
  return typed.map(text => {
    field.value = text;
    [...question.querySelectorAll("button")].find(button => button.innerText === "Check").click();
    return [field.value, ...heard()];
  });
}"""


# Every quiz on a phone, and the first one on a desk as well.
@pytest.mark.parametrize(("chapter", "width"), [(name, 390) for name in CHAPTERS] + [(CHAPTERS[0], 1280)])
def test_every_explanation(visit, address, chapter, width):
    page, trouble = visit(address, f"book/{chapter}.html", viewport={"width": width, "height": 844})
    questions = quiz.load(chapter.split("/")[-1])
    shown = page.locator(".Quiz").all()
    assert len(shown) == len(questions)
    for question, content in zip(shown, questions, strict=True):
        assert said(content["question"]) in question.inner_text()
        numeric = content["type"] == "numeric"
        expected = list(tries(content["answers"])) if numeric else [(said(answer["answer"]), answer)
                                                                    for answer in content["answers"]]
        given = question.evaluate(ANSWER, [chosen for chosen, _ in expected])
        assert [chosen for chosen, *_ in given] == [chosen for chosen, _ in expected]
        for (_, text, praised, role), (_, answer) in zip(given, expected, strict=True):
            if content["type"] == "many_choice":
                text, count = text.rsplit(" (", 1)
                assert count.endswith(" found)")
            assert (text, praised, role) == (said(answer["feedback"]), answer["correct"], "status")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert trouble == []


def test_all_right_ones_are_counted(visit, address):
    """Several answers are right: a wrong one in between begins the count anew."""
    for chapter in CHAPTERS:
        for i, content in enumerate(quiz.load(chapter.split("/")[-1])):
            if content["type"] == "many_choice":
                page, _ = visit(address, f"book/{chapter}.html")
                question = page.locator(".Quiz").nth(i)
                right = [j for j, answer in enumerate(content["answers"]) if answer["correct"]]
                wrong = [j for j, answer in enumerate(content["answers"]) if not answer["correct"]]
                options = question.locator(".MCButton")
                options.nth(right[0]).click()
                assert feedback(question)[0].endswith(f"(1 of {len(right)} found)")
                options.nth(wrong[0]).click()
                assert feedback(question)[0].endswith(f"(none of {len(right)} found)")
                for j in right:
                    options.nth(j).click()
                assert feedback(question)[0].endswith(f"({len(right)} of {len(right)} found)")
                assert question.locator(".correctButton").count() == len(right)
                assert question.locator(".incorrectButton").count() == 0
                return
    raise AssertionError("no quiz has a question with several right answers")


def test_with_the_keyboard_only(visit, address):
    """From the heading on, Tab reaches each option in turn, Space and Enter choose it, and the focus stays."""
    page, _ = visit(address, "book/foundations/perceptron.html", viewport={"width": 390, "height": 844})
    page.locator("section#quiz h2 a").evaluate("link => link.focus()")
    questions = quiz.load("perceptron")
    focused = "document.activeElement.matches('.Quiz *')"
    while not page.evaluate(focused):
        page.keyboard.press("Tab")
    for i, content in enumerate(questions):
        question = page.locator(".Quiz").nth(i)
        assert question.evaluate("part => part.contains(document.activeElement)")
        if content["type"] == "numeric":
            typed, answer = next(tries(content["answers"]))
            page.keyboard.type(typed)
            page.keyboard.press("Enter")
            assert feedback(question) == (said(answer["feedback"]), answer["correct"])
            assert page.evaluate("document.activeElement.className").startswith("Input-text")
            page.keyboard.press("Tab")  # the button
            page.keyboard.press("Enter")
            assert feedback(question) == (said(answer["feedback"]), answer["correct"])
            page.keyboard.press("Tab")
            continue
        for j, answer in enumerate(content["answers"]):
            page.keyboard.press(["Space", "Enter"][j % 2])
            assert feedback(question)[0].startswith(said(answer["feedback"]))
            outline = question.locator(".MCButton").nth(j).evaluate("part => getComputedStyle(part).outlineStyle")
            assert outline == "solid"
            page.keyboard.press("Tab")


def test_without_scripts_the_questions_are_there(visit, address):
    page, _ = visit(address, "book/foundations/perceptron.html", java_script_enabled=False)
    text = page.locator("section#quiz .as-text").inner_text()
    assert all(question["question"] in text for question in quiz.load("perceptron"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(visit, address, scheme):
    page, _ = visit(address, "book/foundations/perceptron.html", color_scheme=scheme)
    question = page.locator(".Quiz").first
    for i, content in enumerate(quiz.load("perceptron")[0]["answers"]):
        question.locator(".MCButton").nth(i).click()
        page.mouse.move(0, 0)
        parts = [".Quiz [id^=quizQn]", ".Quiz .MCButton span", ".Quiz .Feedback", ".Quiz .InpLabel", ".Quiz .check"]
        assert min(contrast(page, part) for part in parts) >= 4.5, content
        assert min(contrast(page, part, "border-left-color") for part in
                   [".Quiz .MCButton", ".Quiz .Feedback", ".Quiz .Input-text"]) >= 3, content
