"""The quizzes of the chapters: JSON files in `companion/quizzes`, shown with the library jupyterquiz.

Texts in the files are plain: `code` in backticks, formulas in Unicode (w·x + b ≥ 0, x₁, R²), neither HTML nor
TeX, because JupyterLab and Colab typeset no TeX inside an output. Without jupyterquiz the questions appear as text.
"""
import html
import json
import random
import re
from importlib import resources

FOLDER = resources.files(__package__) / "quizzes"
TYPES = ("multiple_choice", "many_choice", "numeric")
GREEN, RED = "#2e8b57", "#c8553d"   # signs and bars only: a contrast of at least 3:1 with white and with black
# Text and lines are made of the page's own text color, so that the quiz reads well on light and on dark pages.
STYLE = """<style>
#ID { max-width: 42rem; counter-reset: quiz; }
#ID .Quiz { max-width: none !important; margin: 0 0 1rem; padding: 1rem; line-height: 1.45; font-size: 1rem;
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 8px; counter-increment: quiz; }
#ID .Quiz > div:first-child { padding: 0; background: none; color: inherit; font-weight: 600; }
#ID [id^=quizQn]::before { content: counter(quiz) ". "; }
#ID code { padding: 0 0.2em; background: color-mix(in srgb, currentColor 9%, transparent); color: inherit; }
#ID .MCButton code { padding: 0; background: none; }
#ID .QuizCode { margin: 0.6rem 0 0; font-size: 0.9rem; font-weight: normal; overflow-x: auto; }
#ID .Answer { grid-template-columns: minmax(0, 1fr); grid-gap: 0.45rem; margin: 0.75rem 0 0; }
#ID .MCButton { position: relative; display: block; margin: 0; padding: 0.5rem 2.2rem 0.5rem 0.8rem; text-align: left;
  font-size: 1rem; background: none; color: inherit; border-radius: 6px;
  border: 1px solid color-mix(in srgb, currentColor 55%, transparent); }
#ID .MCButton:hover { background: color-mix(in srgb, currentColor 7%, transparent); }
#ID .MCButton input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
#ID .MCButton:focus-within, #ID .Input-text:focus, #ID .check:focus-visible { outline: 3px solid #b87400;
  outline-offset: 2px; }
#ID .correctButton, #ID .incorrectButton { animation: none; color: inherit; border-color: BAR;
  box-shadow: inset 4px 0 BAR; background: color-mix(in srgb, BAR 12%, transparent); }
#ID .correctButton { --bar: GREEN; }
#ID .incorrectButton { --bar: RED; }
#ID .MCButton.correctButton::after, #ID .MCButton.incorrectButton::after { position: absolute; top: 0.5rem;
  right: 0.8rem; content: "✓" / "right"; font-weight: bold; }
#ID .MCButton.incorrectButton::after { content: "✗" / "wrong"; }
#ID .InpLabel { float: none; font-size: 1rem; line-height: inherit; color: inherit; }
#ID .Input-text { display: inline-block; min-width: 5rem; margin: 0 0.4rem; padding: 0.35rem 0.6rem; font-size: 1rem;
  line-height: 1.45; background: none; color: inherit; box-shadow: none; border-radius: 6px;
  border: 1px solid color-mix(in srgb, currentColor 55%, transparent); }
#ID .Input-text.correctButton, #ID .Input-text.incorrectButton { border: 2px solid BAR; }
#ID .check { padding: 0.35rem 0.9rem; font: inherit; font-weight: 600; background: none; color: inherit;
  cursor: pointer; border: 1px solid color-mix(in srgb, currentColor 55%, transparent); border-radius: 6px; }
#ID .Feedback { font-size: 1rem; text-align: left; color: inherit; }
#ID .Feedback:not(:empty) { margin-top: 0.75rem; padding: 0.1rem 0 0.1rem 0.8rem; border-left: 5px solid BAR; }
#ID .Feedback.correct { --bar: GREEN; }
#ID .Feedback.incorrect { --bar: RED; }
#ID .Feedback.correct::before { content: "✓ Correct. " / "Correct. "; font-weight: bold; }
#ID .Feedback.incorrect::before { content: "✗ Not yet. " / "Not yet. "; font-weight: bold; }
@media print { #ID .Quiz { display: none; } #ID .as-text { display: block; } }
</style>""".replace("BAR", "var(--bar)").replace("GREEN", GREEN).replace("RED", RED)
# For keyboard, phone and screen reader: every option is a button, the question names its group, the feedback is read
# out, a number keeps its place and has a button to check it. The questions as text are for pages without scripts.
SCRIPT = """
(function improve(tries) {
  const root = document.getElementById("ID");
  if (!root || !root.querySelector(".Quiz")) {
    if (tries > 0) setTimeout(() => improve(tries - 1), 100);
    return;
  }
  root.querySelectorAll(".as-text").forEach(part => { part.hidden = true; });
  root.querySelectorAll(".Feedback").forEach(part => part.setAttribute("role", "status"));
  root.querySelectorAll(".MCButton input").forEach(input => {
    input.type = "button";
    input.className = "";
    input.setAttribute("aria-label", input.parentElement.textContent);
    input.nextSibling.setAttribute("aria-hidden", "true");
  });
  root.querySelectorAll(".Quiz").forEach(part => {
    const question = part.querySelector("[id^=quizQn]").id;
    part.setAttribute("role", "group");
    part.setAttribute("aria-labelledby", question);
  });
  root.querySelectorAll(".Input-text").forEach(input => {
    const label = input.previousSibling;
    label.textContent = "Type a number:";
    label.htmlFor = input.id;
    input.autocomplete = "off";
    input.onpaste = null;
    input.blur = () => {};
    input.addEventListener("focus", event => event.stopImmediatePropagation(), true);
    const check = document.createElement("button");
    check.type = "button";
    check.className = "check";
    check.textContent = "Check";
    check.onclick = () => input.onkeypress({ which: 13, keyCode: 13 });
    input.after(check);
  });
})(100);
"""


def chapters():
    """The names of the chapters that have a quiz, sorted."""
    names = (file.name for file in FOLDER.iterdir())
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


def load(chapter):
    """The questions of a chapter, as a list of dicts; ValueError says what is unknown or wrong in the file.

    Each has `question`, `type` and `answers`, and each answer `feedback` and `correct`. A choice has `answer`; a
    numeric answer has `type`: "value" with `value`, "range" with `range`, or "default", which is the last one.
    """
    if chapter not in chapters():
        raise ValueError(f"unknown quiz {chapter!r}: expected one of {', '.join(chapters())}")
    text = (FOLDER / f"{chapter}.json").read_text(encoding="utf-8")
    try:
        questions = json.loads(text)
        validate(questions)
    except ValueError as error:
        raise ValueError(f"quiz {chapter}: {error}") from error
    return questions


def validate(questions):
    """Raise a ValueError that names the first mistake in a list of questions."""
    if not isinstance(questions, list) or not questions:
        raise ValueError("expected a list of questions")
    for number, question in enumerate(questions, 1):
        try:
            _validate_question(question)
        except ValueError as error:
            raise ValueError(f"question {number}: {error}") from error


def _validate_question(question):
    if not isinstance(question, dict):
        raise ValueError(f"expected an object, got {question!r}")
    kind = question.get("type")
    if kind not in TYPES:
        raise ValueError(f"expected the type {', '.join(TYPES)}, got {kind!r}")
    _validate_text(question, "question")
    answers = question.get("answers")
    if not isinstance(answers, list) or len(answers) < 2 or not all(isinstance(a, dict) for a in answers):
        raise ValueError("expected at least two answers")
    for answer in answers:
        _validate_text(answer, "feedback")
        if answer.get("type") == "default":
            answer.setdefault("correct", False)
        if not isinstance(answer.get("correct"), bool):
            raise ValueError(f"expected true or false as `correct` of each answer, got {answer.get('correct')!r}")
    correct = sum(answer["correct"] for answer in answers)
    if kind == "numeric":
        _validate_numbers(answers, correct)
        return
    for answer in answers:
        _validate_text(answer, "answer")
    if len({answer["answer"] for answer in answers}) < len(answers):
        raise ValueError("two answers are the same")
    # jupyterquiz tells the two types apart by the number of correct answers.
    if (correct == 1) != (kind == "multiple_choice") or not 0 < correct < len(answers):
        raise ValueError("expected one correct answer in a multiple_choice, several but not all in a many_choice; "
                         f"got {correct} of {len(answers)}")


def _validate_numbers(answers, correct):
    kinds = [answer.get("type") for answer in answers]
    if not correct or kinds[-1] != "default" or not set(kinds[:-1]) <= {"value", "range"}:
        raise ValueError("expected numeric answers of type value or range, one of them correct, then one default")
    for answer in answers[:-1]:
        numbers = answer.get("range") if answer["type"] == "range" else [answer.get("value")]
        if not isinstance(numbers, list) or len(numbers) != 1 + (answer["type"] == "range") \
                or not all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
            raise ValueError(f"expected a number as value, two as range; got {numbers!r}")


def _validate_text(item, key):
    text = item.get(key)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"expected a text as `{key}`, got {text!r}")
    if "$" in text or re.search(r"</?[a-z]+[^>]*>", text):
        raise ValueError(f"expected plain text with Unicode formulas, without $ and HTML, got {text!r}")


def show(chapter):
    """Show the quiz of a chapter: buttons in a notebook, text where there is none."""
    questions = load(chapter)
    try:
        from IPython import get_ipython
        from jupyterquiz import display_quiz
    except ImportError:
        print(as_text(questions))
        return
    if get_ipython() is None:
        print(as_text(questions))
        return
    from IPython.display import display
    display({"text/html": _as_html(chapter, questions, display_quiz), "text/plain": as_text(questions)}, raw=True)


def as_text(questions):
    """The questions as plain text, with their options and without the answers."""
    lines = []
    for number, question in enumerate(questions, 1):
        lines += [f"{number}. {_asked(question)}", *question.get("code", "").splitlines()]
        if question["type"] != "numeric":
            lines += [f"   {chr(97 + i)}) {answer['answer']}" for i, answer in enumerate(question["answers"])]
    return "\n".join(lines)


def _asked(question):
    return question["question"] + " (Choose all that apply.)" * (question["type"] == "many_choice")


def _as_html(chapter, questions, display_quiz):
    """What jupyterquiz displays, in one piece, with our style and for a page that loads nothing from elsewhere."""
    from IPython.utils.capture import capture_output
    state = random.getstate()
    random.seed(chapter)        # jupyterquiz draws the id of its container: the same id in every run
    try:
        with capture_output() as captured:
            display_quiz([_marked_up(question) for question in questions], shuffle_answers=False)
    finally:
        random.setstate(state)
    container, script = (next(output.data[kind] for output in captured.outputs if kind in output.data)
                         for kind in ("text/html", "application/javascript"))
    name = re.search(r'<div id="(\w+)"', container)[1]
    # Our texts hold no TeX. jupyterquiz would load MathJax from a public server where it finds none that it can use,
    # or call what the MathJax of JupyterLab does not have.
    script = re.sub(r"script\.src = '[^']*'", "script.src = ''", script)
    script = script.replace("typeof MathJax != 'undefined'", "false")
    script = script.replace('" [" + answeredcorrect + "/" + numcorrect + "]"',
                            '" (" + answeredcorrect + " of " + numcorrect + " found)"')
    script = script.replace('" [" + 0 + "/" + numcorrect + "]"', '" (none of " + numcorrect + " found)"')
    as_text_only = f'<pre class="as-text" style="white-space:pre-wrap">{html.escape(as_text(questions))}</pre>'
    return (f"{container}{STYLE.replace('ID', name)}{as_text_only}</div>"
            f"<script>{(script + SCRIPT.replace('ID', name)).replace('</script', '<' + chr(92) + '/script')}</script>")


def _marked_up(question):
    """A copy of a question as jupyterquiz wants it: texts are HTML."""
    answers = [{key: _as_markup(value) if key in ("answer", "feedback") else value for key, value in answer.items()}
               for answer in question["answers"]]
    code = {"code": html.escape(question["code"])} if "code" in question else {}
    return {**question, "question": _as_markup(_asked(question)), "answers": answers, **code}


def _as_markup(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
