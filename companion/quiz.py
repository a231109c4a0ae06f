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
# Every pair of text and background has a contrast of at least 4.5:1; text on the page keeps the page's color.
COLORS = {
    "--jq-multiple-choice-bg": "#1f4e79", "--jq-many-choice-bg": "#5b3a8c", "--jq-numeric-bg": "#14615a",
    "--jq-incorrect-color": "#b3261e", "--jq-correct-color": "#1d7a46", "--jq-text-color": "#ffffff",
    "--jq-numeric-input-bg": "#ffffff", "--jq-numeric-input-label": "inherit",
}
STYLE = """<style>
#ID .Quiz, #ID .Feedback, #ID .InpLabel { font-size: 1rem; line-height: 1.45; }
#ID .Quiz { max-width: 44rem; margin-left: 0; }
#ID .MCButton { position: relative; text-align: left; justify-content: flex-start; }
#ID .MCButton input { position: absolute; opacity: 0; }
#ID .MCButton:focus-within, #ID .Input-text:focus { outline: 3px solid #d98c00; outline-offset: 2px; }
#ID .correctButton::after { content: "\\00a0✓"; }
#ID .incorrectButton::after { content: "\\00a0✗"; }
#ID .Input-text { color: #1b1b1b; border: 1px solid #767676; }
#ID .Input-text.correctButton, #ID .Input-text.incorrectButton { color: #ffffff; }
#ID .Feedback { color: inherit; text-align: left; padding-left: 0.6rem; }
#ID .Feedback.correct { border-left: 5px solid #2e8b57; }
#ID .Feedback.incorrect { border-left: 5px solid #c8553d; }
#ID .Feedback.correct::before { content: "✓ Correct. "; font-weight: bold; }
#ID .Feedback.incorrect::before { content: "✗ Not yet. "; font-weight: bold; }
</style>"""
# For keyboard and screen reader: every option is a stop of its own, the question names its group, and the
# feedback is read out. The questions as text, for pages without scripts, go away.
SCRIPT = """
(function improve(tries) {
  const root = document.getElementById("ID");
  if (!root || !root.querySelector(".Quiz")) {
    if (tries > 0) setTimeout(() => improve(tries - 1), 100);
    return;
  }
  root.querySelectorAll(".as-text").forEach(part => part.remove());
  root.querySelectorAll(".MCButton input").forEach((input, i) => { input.name = root.id + i; });
  root.querySelectorAll(".Feedback").forEach(part => part.setAttribute("role", "status"));
  root.querySelectorAll(".InpLabel").forEach(part => { part.textContent = "Type a number and press Enter:"; });
  root.querySelectorAll(".Quiz").forEach(part => {
    const question = part.querySelector("[id^=quizQn]").id;
    part.setAttribute("role", "group");
    part.setAttribute("aria-labelledby", question);
    part.querySelectorAll(".Input-text").forEach(input => {
      input.setAttribute("aria-labelledby", question);
      input.onpaste = null;
    });
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
            display_quiz([_marked_up(question) for question in questions], shuffle_answers=False, colors=COLORS)
    finally:
        random.setstate(state)
    container, script = (next(output.data[kind] for output in captured.outputs if kind in output.data)
                         for kind in ("text/html", "application/javascript"))
    name = re.search(r'<div id="(\w+)"', container)[1]
    # jupyterquiz would load MathJax from a public server where it finds none that it can use.
    script = re.sub(r"script\.src = '[^']*'", "script.src = ''", script)
    script = re.sub(r"\} else \{(\s*console\.log\('WARNING)", r"} else if (false) {\1", script)
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
