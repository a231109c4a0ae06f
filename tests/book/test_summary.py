"""The summary says what the chapters found: the numbers it quotes stand in their outputs, its guide in its tables."""

import re
from collections import namedtuple

import chapters
import numpy as np
import pytest
import structure

from companion import quiz

SUMMARY = chapters.read(chapters.path_of("summary"))
TEXT = "\n".join(cell.source for cell in SUMMARY.cells if cell.cell_type == "markdown")

# What the summary quotes, the chapter, and the chapter's own words (an output or a sentence).
QUOTED = [
    ("0.109 against 0.115", "foundations/feedforward_networks",
     ["linear    test RMSE 0.115", "networks  test RMSE 0.109"]),
    ("three of five mansions", "foundations/feedforward_networks", ["2 of 5 within 25 percent"]),
    ("two of three wrong gradients lost less than a point", "foundations/backpropagation",
     ["correct        : accuracy 0.961", "slope forgotten: accuracy 0.958", "random matrix  : accuracy 0.956"]),
    ("two millionths arrive", "foundations/activations", ["sigmoid                  1.8e-06"]),
    ("100 images, 9 points ahead", "architectures/vision_multimodal", ["100 images: the CNN leads by 0.092"]),
    ("training error 12 % where plain ones had 79 %", "architectures/modern_cnns",
     ["44 layers: plain 79%, residual 12%"]),
    ("0.02 against 0.29", "architectures/recurrent_networks", ["linear 0.29", "RNN 0.02"]),
    ("1.00 against 0.59", "architectures/attention", ["0.59 right", "1.00 right"]),
    ("0.64 against 0.50", "architectures/bert_gpt_t5",
     ["word order pretrained   0.64", "word order from scratch 0.50", "sentiment  bag of words 0.66"]),
    ("0.83 where neighbors had 0.00", "architectures/vision_multimodal",
     ["held out accuracy 0.83", "held out 0.00"]),
    ("changed 28 % of the answers, erasing the one looked at least 21 %", "architectures/vision_multimodal",
     ["looked at most    : 28%", "looked at least   : 21%"]),
    ("0.78 convincing, a VAE 0.43", "architectures/generation",
     ["guess the image      sure 0.78", "VAE                  sure 0.43"]),
    ("fell to 0.74, below a linear model's 0.82", "training/regularization",
     ["nothing                    1.00        0.99       0.74", "linear model, mean of 5 draws: 0.823"]),
    ("all of them together to 0.22", "training/regularization",
     ["everything                 0.24        0.13       0.22"]),
    ("textures apart from one label each", "training/efficiency", ["trained features, 1 per class: 0.99"]),
    ("80 % of the weights could go", "training/efficiency",
     ["dense: 68.9 kB, accuracy 0.956", "pruned 80%: 16.6 kB, accuracy 0.957"]),
    ("eight bits cost nothing, four hardly anything", "training/efficiency",
     ["8 bits per tensor  0.96", "4 bits per tensor  0.95"]),
    ("twice as good as the other", "frameworks/keras_vs_pytorch",
     ["PyTorch: all five runs between 0.6 and 0.9", "Keras:   all five runs between 0.1 and 0.55"]),
]


def words_of(name):
    """All that a chapter prints."""
    cells = chapters.read(chapters.path_of(name)).cells
    return "\n".join(structure.output_text(cell) for cell in cells if cell.cell_type == "code")


@pytest.mark.parametrize(("quoted", "name", "printed"), QUOTED, ids=[quoted for quoted, _, _ in QUOTED])
def test_what_is_quoted_is_printed_by_the_chapter(quoted, name, printed):
    assert quoted in TEXT
    assert f"({name}.ipynb)" in TEXT, "the summary links the chapter"
    words = words_of(name)
    assert [part for part in printed if part not in words] == []


def test_seven_of_nine_remedies():
    assert "seven of nine remedies alone brought it to 0.85 or more" in TEXT
    row = r"^(.+?)  +[01]\.\d\d +[01]\.\d\d +(0\.\d\d) \+-"
    table = re.findall(row, words_of("training/regularization"), re.MULTILINE)
    alone = [float(score) for name, score in table if name not in ("nothing", "everything") and " + " not in name]
    assert (len(alone), sum(score >= 0.85 for score in alone)) == (9, 7)


def test_the_guide_and_its_tables_agree():
    space = {"namedtuple": namedtuple}
    for cell in SUMMARY.cells:
        if cell.cell_type == "code" and cell.source.startswith(("Row = ", "GUIDE += ")):
            exec(cell.source, space)
    lines = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith("| ")]
    build = [line for line in lines if len(line) == 6 and "Loss`" in line[3]]
    judge = [line[2:] for line in lines if len(line) == 5]
    assert len(build) == len(space["GUIDE"]) == 12
    for row, line in zip(space["GUIDE"], build, strict=True):
        losses = row.loss.replace(" + ", "` + `")
        assert line[2:5] == [row.build, f"{row.output}, `{losses}`", row.optimizer]
        assert line[5].endswith(f"({row.chapter}.ipynb)") and chapters.path_of(row.chapter).exists()
        assert [row.baseline, row.metric, row.regularization] in judge


def conv_field(layers):
    """The receptive field of layers (kernel, stride)."""
    field, step = 1, 1
    for kernel, stride in layers:
        field, step = field + (kernel - 1) * step, step * stride
    return field


def long_lstm_bias():
    keep = 0.5 ** (1 / 100)
    return np.log(keep / (1 - keep))


def first_step_above(share):
    steps = np.arange(1, 200)
    return steps[1 - 0.95 ** steps > share][0]


NUMBERS = {
    "hidden units relu(x)": lambda: max(10, 0) - 3 * max(10 - 1, 0) + 4 * max(10 - 2, 0),
    "mean cross-entropy": lambda: -(9 * np.log(0.7) + np.log(0.001)) / 10,
    "A weight is used twice": lambda: ((3.001 ** 2 - 2.999 ** 2) / 0.002) * 2,
    "Xavier's variance": lambda: (0.5 * 300 * 2 / 600) ** -10,
    "comes to rest": lambda: 0.08 * (0.05 / 80) / (0.1 / 20),
    "A 95 % interval": lambda: 196 * np.sqrt(0.9 * 0.1 / 400),
    "receptive field": lambda: conv_field([(7, 2), (3, 2), (3, 1)]),
    "Half of the gradient": long_lstm_bias,
    "third of the total": lambda: 512 * 12 / 2 / 2,  # 2 T² d is half of 12 T d²
    "above 90 %": lambda: first_step_above(0.9),
    "Eight workers share": lambda: 0.8 / (0.8 / 8 + 2 * 7 / 8 * 0.5 / 10),
}


def test_every_numeric_question_has_its_computation():
    numeric = [question["question"] for question in quiz.load("summary") if question["type"] == "numeric"]
    assert len(numeric) == len(NUMBERS)
    assert all(sum(part in question for part in NUMBERS) == 1 for question in numeric)


@pytest.mark.parametrize("part", NUMBERS)
def test_numeric_keys_are_computed(part):
    question, = (q for q in quiz.load("summary") if part in q["question"] and q["type"] == "numeric")
    value = NUMBERS[part]()
    for answer in question["answers"][:-1]:
        if answer["type"] == "range":
            low, high = answer["range"]
            inside = low <= value <= high
        else:
            inside = abs(value - answer["value"]) < 1e-6
        assert inside == answer["correct"], (value, answer)


def test_the_examination():
    questions = quiz.load("summary")
    assert len(questions) == 24
    others = {q["question"] for name in quiz.chapters() if name != "summary" for q in quiz.load(name)}
    assert not others & {q["question"] for q in questions}
    for question in questions:
        for answer in question["answers"]:
            assert answer["correct"] or " See " in answer["feedback"], "a wrong answer says what to read again"
