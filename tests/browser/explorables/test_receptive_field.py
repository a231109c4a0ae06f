"""The receptive field that is shown is the one that the package's gradients measure."""


import numpy as np
import pytest
from explorable_tools import choose, number, press, readout, says

from companion import Tensor
from companion.functional import conv2d

NAME = "receptive-field"
PRESETS = {  # name: (button, r after each of six layers)
    "plain": ("Plain", [3, 5, 7, 9, 11, 13]),
    "stride": ("Stride 2", [3, 7, 15, 31, 63, 127]),
    "doubled": ("Dilation 1, 2, 4, …", [3, 7, 15, 31, 63, 127]),
    "same": ("Dilation 2 in all", [5, 9, 13, 17, 21, 25]),
}


def stack(*layers):
    return [{"k": k, "s": s, "d": d} for k, s, d in layers]


def gradient_in_a_row(layers, pixels, output):
    """How an output changes with each pixel: filters one row high, all weights 1, no padding."""
    x = out = Tensor(np.zeros((1, 1, 1, pixels)), requires_grad=True)
    for layer in layers:
        out = conv2d(out, Tensor(np.ones((1, 1, 1, layer["k"]))), stride=layer["s"], dilation=layer["d"])
    out[0, 0, 0, output].backward()
    return x.grad[0, 0, 0]


def gradient_in_a_picture(layers, pixels, output):
    """The same for the output (output, output) of square filters with the padding that keeps the size."""
    x = out = Tensor(np.zeros((1, 1, pixels, pixels)), requires_grad=True)
    for layer in layers:
        k, d = layer["k"], layer["d"]
        out = conv2d(out, Tensor(np.ones((1, 1, k, k))), stride=layer["s"], dilation=d, padding=d * (k - 1) // 2)
    out[0, 0, output, output].backward()
    return x.grad[0, 0], out.shape[-1]


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("d", [1, 2, 4])
@pytest.mark.parametrize("s", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 3, 5, 7])
def test_r_and_apart_equal_the_measured_ones(call, k, s, d, depth):
    layers = stack(*[(k, s, d)] * depth)
    last = call(NAME, "fields", layers)[-1]
    pixels = last["r"] + last["apart"] + 2  # two outputs, and some pixels that neither sees
    first, second = (np.flatnonzero(gradient_in_a_row(layers, pixels, j)) for j in (0, 1))
    assert first[-1] - first[0] + 1 == last["r"] == second[-1] - second[0] + 1
    assert second[0] - first[0] == last["apart"]


@pytest.mark.parametrize("seed", range(12))
def test_r_equals_the_measured_one_for_different_layers(call, seed):
    rng = np.random.default_rng(seed)
    layers = stack(*[(int(rng.choice([1, 3, 5, 7])), int(rng.integers(1, 4)), int(rng.choice([1, 2, 4, 8])))
                     for _ in range(rng.integers(2, 7))])
    found = call(NAME, "fields", layers)
    for depth in range(1, len(layers) + 1):
        used = np.flatnonzero(gradient_in_a_row(layers[:depth], found[depth]["r"], 0))
        assert (used[0], used[-1]) == (0, found[depth]["r"] - 1)


@pytest.mark.parametrize("seed", range(12))
def test_paths_equal_the_gradient(call, seed):
    """Also at the border, where some of the field lies in the padding."""
    rng = np.random.default_rng(seed)
    layers = stack(*[(int(rng.choice([1, 3, 5, 7])), int(rng.integers(1, 4)), int(rng.choice([1, 2, 4])))
                     for _ in range(rng.integers(1, 5))])
    pixels = 40 + seed
    last = call(NAME, "fields", layers, pixels)[-1]
    output = int(rng.integers(last["units"]))
    gradient, units = gradient_in_a_picture(layers, pixels, output)
    assert units == last["units"]
    counts = call(NAME, "paths", layers, output, pixels)
    np.testing.assert_array_equal(np.outer(counts[0], counts[0]), gradient)
    assert [len(row) for row in counts] == [field["units"] for field in call(NAME, "fields", layers, pixels)]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_grow_as_they_should(call, name):
    fields = call(NAME, "fields", call(NAME, "stackOf", name))
    assert [field["r"] for field in fields] == [1, *PRESETS[name][1]]


def lit(element):
    """How many units are filled in each row, from the pixels to the output."""
    filled = element.locator("svg path[style*='fill: var(--blue)']").all()
    return [path.get_attribute("d").count("M") for path in filled]


def labels(element):
    return element.locator("svg text").all_text_contents()


def test_what_the_reader_sees(stage):
    page, element = stage(NAME)
    assert readout(element) == {
        "r = 1 + Σ (k − 1) · d · strides below": "1 + 2·1·1 + 2·1·1 + 2·1·1 + 2·1·1 = 9",
        "Pixels with a path": "9 of 65", "Weights": "12"}
    assert lit(element) == [9, 7, 5, 3, 1]
    assert {"r = 3", "r = 5", "r = 7", "r = 9", "layer 4: k 3, s 1, d 1"} <= set(labels(element))
    says(page, "The field of this unit is 9 pixels wide. 1 to 19 paths lead from a pixel to the unit")
    bars = [number(bar.get_attribute("height")) for bar in element.locator("svg rect[style]").all()]
    assert np.array(bars)[28:37] == pytest.approx(np.array([1, 4, 10, 16, 19, 16, 10, 4, 1]) * 40 / 19)
    assert np.count_nonzero(bars) == 9


@pytest.mark.parametrize("name", PRESETS)
def test_buttons_and_depth(stage, name):
    page, element = stage(NAME)
    press(element, PRESETS[name][0])
    depth = element.get_by_role("slider", name="Layers")
    depth.focus()
    page.keyboard.press("Home")
    for r in PRESETS[name][1]:
        assert readout(element)["r = 1 + Σ (k − 1) · d · strides below"].endswith(f" = {r}")
        assert lit(element)[-1] == 1
        page.keyboard.press("ArrowRight")
    press(element, "Start again")
    assert lit(element) == [9, 7, 5, 3, 1]


def test_findings_in_words(stage):
    page, element = stage(NAME)
    press(element, "Dilation 2 in all")
    says(page, "The field of this unit is 17 pixels wide. But 8 of these pixels have no path to it")
    assert readout(element)["Pixels with a path"] == "9 of 65"
    press(element, "Dilation 1, 2, 4, …")
    most = gradient_in_a_row(stack((3, 1, 1), (3, 1, 2), (3, 1, 4), (3, 1, 8)), 31, 0).max()
    says(page, f"The field of this unit is 31 pixels wide. 1 to {most:.0f} paths lead from a pixel")
    choose(element, dilation="1", stride="3")  # windows side by side; one output is left, over the first pixel
    says(page, "The field of this unit is 81 pixels wide, 40 of them in the padding. All its pixels have equally")
    choose(element, kernel="1")
    says(page, "The field of this unit is 1 pixel wide. All its pixels have equally many paths to the unit: 1.")


def test_one_layer_is_changed(stage):
    page, element = stage(NAME)
    choose(element, Change="2", kernel="7", stride="2")
    assert readout(element)["r = 1 + Σ (k − 1) · d · strides below"] == "1 + 2·1·1 + 6·1·1 + 2·1·2 + 2·1·2 = 17"
    assert "layer 2: k 7, s 2, d 1" in labels(element) and "layer 3: k 3, s 1, d 1" in labels(element)
    choose(element, Change="all")
    knobs = {label: element.locator("label", has_text=label).locator("select").input_value()
             for label in ("kernel", "stride", "dilation")}
    assert knobs == {"kernel": "", "stride": "", "dilation": "1"}  # mixed
    choose(element, dilation="2")
    assert readout(element)["r = 1 + Σ (k − 1) · d · strides below"].endswith(" = 33")
    choose(element, Change="4")
    element.get_by_role("slider", name="Layers").focus()
    page.keyboard.press("ArrowLeft")  # the layer that was chosen is gone
    assert element.locator("label", has_text="Change").locator("select").input_value() == "all"
    assert element.locator("option[value='4']").first.is_disabled()


def test_the_output_is_moved(stage):
    page, element = stage(NAME)
    handle = element.get_by_role("slider", name="Output unit")
    assert handle.get_attribute("aria-valuetext") == "32, over pixel 32, field 9"
    handle.focus()
    page.keyboard.press("ArrowLeft")
    assert handle.get_attribute("aria-valuetext") == "31, over pixel 31, field 9"
    for _ in range(7):
        page.keyboard.press("Shift+ArrowLeft")
    says(page, "The field of this unit is 9 pixels wide, 4 of them in the padding.")
    assert lit(element) == [5, 4, 3, 2, 1]
    press(element, "Stride 2")  # one unit in 16 pixels
    assert handle.get_attribute("aria-valuetext") == "0, over pixel 0, field 31"
    page.keyboard.press("Tab")
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuetext") == "1, over pixel 16, field 31"
    row = handle.bounding_box()
    page.mouse.click(row["x"] + row["width"] / 2, row["y"] + row["height"] / 2)
    assert handle.get_attribute("aria-valuetext") == "2, over pixel 32, field 31"
    page.mouse.down()
    page.mouse.move(row["x"] + row["width"] - 5, row["y"] + 80)
    page.mouse.up()
    assert handle.get_attribute("aria-valuetext") == "4, over pixel 64, field 31"
