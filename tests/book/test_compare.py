"""The comparison of stored and new outputs: what it lets pass and what it refuses."""

import base64
import io

import compare
import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_output
from PIL import Image, ImageFilter

SAME_LINES = [
    ("loss 0.8712", "loss 0.8713"),
    ("loss 0.8712", "loss 0.8711"),
    ("loss 0.8712.", "loss 0.8713."),
    ("0.9999", "1.0000"),
    ("[0.9999 0.5   ]", "[1.  0.5]"),
    ("[ 0.5  -0.25]", "[0.5 -0.25]"),
    ("1.2e-05", "1.3e-05"),
    ("9.9e-06", "1.0e-05"),
    ("-0.00", "0.00"),
    ("999.9 houses", "1,000.0 houses"),
    ("93.4 %", "93.5 %"),
    ("<td>0.31</td>", "<td>0.32</td>"),
]
OTHER_LINES = [
    ("loss 0.8712", "loss 0.8714"),
    ("loss 0.8712", "loss 0.8710"),
    ("loss 0.8712", "loss -0.8712"),
    ("loss 0.8712", "gain 0.8712"),
    ("loss 0.8712", "loss 0.87"),
    ("17", "18"),
    ("[1. 2.]", "[1. 3.]"),
    ("1e-05", "2e-05"),
    ("1.2e-05", "1.2e-04"),
    ("1.2e-05", "1.4e-05"),
    ("9.9e-06", "1.2e-05"),
    ("1,234 houses", "1,235 houses"),
    ("shape (3, 4)", "shape (4, 3)"),
    ("float32", "float64"),
    ("conv2d_1", "conv2d_2"),
    ("640x480", "640x481"),
    ("torch 2.13.0", "torch 2.13.1"),
    ("version 2.13.0", "version 2.14.0"),
    ("True", "False"),
    ("nan", "0.0"),
    ("0.5 0.5", "0.5"),
    ("a b", "ab"),
]


@pytest.mark.parametrize("stored, new", SAME_LINES)
def test_lines_that_agree(stored, new):
    assert compare.same_line(stored, new)
    assert compare.same_line(new, stored)


@pytest.mark.parametrize("stored, new", OTHER_LINES)
def test_lines_that_differ(stored, new):
    assert not compare.same_line(stored, new)
    assert not compare.same_line(new, stored)


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(data):
    return new_output("display_data", data=data)


def test_differences_name_the_line():
    (text,) = compare.differences([printed("a\nb 1\nc 2\n")], [printed("a\nb 2\nc 3\n")])
    assert text == "stdout, line 2 (and 1 more lines)\n  stored: b 1\n  now:    b 2"


def test_how_a_stream_was_cut_does_not_matter():
    stored = [printed("a\nb\n"), printed("careful\n", "stderr"), shown({"text/plain": "x"})]
    new = [printed("careful\n", "stderr"), printed("a\n"), shown({"text/plain": "x"}), printed("b\n")]
    assert compare.differences(stored, new) == []


@pytest.mark.parametrize(
    "new",
    [
        [],
        [printed("a\n")],
        [printed("a\nb\nc\n")],
        [printed("a\nb\n", "stderr")],
        [printed("a\nb\n"), printed("careful\n", "stderr")],
        [printed("a\nb\n"), shown({"text/plain": "x"})],
    ],
)
def test_missing_and_additional_output_is_a_difference(new):
    assert compare.differences([printed("a\nb\n")], new)
    assert compare.differences(new, [printed("a\nb\n")])


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/latex", "text/markdown", "image/svg+xml"])
def test_every_kind_of_text_is_compared(kind):
    assert compare.differences([shown({kind: "<b>0.31</b>"})], [shown({kind: "<b>0.32</b>"})]) == []
    assert compare.differences([shown({kind: "<b>0.31</b>"})], [shown({kind: "<b>0.33</b>"})])
    assert compare.differences([shown({kind: "<b>0.31</b>"})], [shown({"text/other": "<b>0.31</b>"})])


def test_structured_data_is_compared():
    stored, same, other = ({"application/json": {"loss": value}} for value in (0.31, 0.32, 0.33))
    assert compare.differences([shown(stored)], [shown(same)]) == []
    assert compare.differences([shown(stored)], [shown(other)])


def test_widget_ids_are_not_compared():
    stored, new = ({compare.NOT_COMPARED: {"model_id": name}, "text/plain": "x"} for name in "ab")
    assert compare.differences([shown(stored)], [shown(new)]) == []


def test_exceptions_compare_type_and_message():
    def error(ename, evalue, traceback=()):
        return [new_output("error", ename=ename, evalue=evalue, traceback=list(traceback))]

    stored = error("ValueError", "expected 3, got 4")
    assert compare.differences(stored, error("ValueError", "expected 3, got 4", ["line 7"])) == []
    assert compare.differences(stored, error("TypeError", "expected 3, got 4"))
    assert compare.differences(stored, error("ValueError", "expected 3, got 5"))


def draw(title="R2 0.86", shift=0.0, marker=True, color="C0", label="width"):
    """A figure as a notebook shows it, as a picture."""
    with matplotlib.rc_context(matplotlib.rcParamsDefault | {"backend": "agg"}):
        figure = Figure()
        axes = figure.subplots()
        x = np.linspace(0, 10, 200)
        axes.plot(x, np.sin(x) + shift, color=color)
        axes.plot(x, np.cos(x) / 2, "--")
        if marker:
            axes.plot(8, 0.75, "o")
        axes.set(title=title, xlabel=label, ylim=(-1.5, 1.5))
        file = io.BytesIO()
        figure.savefig(file, format="png", bbox_inches="tight")
    return Image.open(file)


def output(picture, kind="png"):
    file = io.BytesIO()
    picture.save(file, kind)
    return [shown({"image/png": base64.b64encode(file.getvalue()).decode()})]


def moved(picture, by):
    """The picture on a page that is larger by as many pixels as it is moved."""
    page = Image.new("RGB", (picture.width + by, picture.height + by), "white")
    page.paste(picture, (by, by))
    return page


@pytest.fixture(scope="module")
def stored():
    return output(draw())


@pytest.mark.parametrize(
    "change",
    [
        lambda: draw(),
        lambda: draw().convert("RGB"),
        lambda: draw().convert("RGB").filter(ImageFilter.GaussianBlur(0.4)),
        lambda: moved(draw(), 1),
        lambda: draw(shift=0.002),
    ],
    ids=["again", "re-encoded", "antialiased", "moved by a pixel", "curve within a pixel"],
)
def test_figures_that_agree(stored, change):
    assert compare.differences(stored, output(change())) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: draw(shift=0.03),
        lambda: draw(shift=0.2),
        lambda: draw(color="C3"),
        lambda: draw(marker=False),
        lambda: draw(title="R2 0.85"),
        lambda: draw(title="R2 0.88"),
        lambda: draw(title="R2 of 0.86"),
        lambda: draw(label="depth"),
        lambda: moved(draw(), 5),
        lambda: Image.new("RGB", draw().size, "white"),
    ],
    ids=["curve shifted", "curve far", "color", "marker", "6 to 5", "6 to 8", "title", "label", "moved", "empty"],
)
def test_figures_that_differ(stored, change):
    found = compare.differences(stored, output(change()))
    assert len(found) == 1
    assert found[0].startswith("image/png: ")


def test_a_missing_figure_is_a_difference(stored):
    assert compare.differences(stored, [])
    assert compare.differences(stored, stored + stored)


def test_changed_figures_are_given_as_files(stored):
    other = output(draw(marker=False))
    assert compare.changed_figures(stored, stored) == []
    ((before, now),) = compare.changed_figures(stored, other)
    assert [Image.open(io.BytesIO(data)).format for data in (before, now)] == ["PNG", "PNG"]
    assert before != now
