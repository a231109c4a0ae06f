"""The filter that slides computes what the package computes, on pixels of the package, and shows those numbers."""

import numpy as np
import pytest
from explorable_tools import choose, number, readout, says

from companion import Tensor, data
from companion.functional import conv2d

NAME = "filter-slide"
PRESETS = {
    "vertical": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "blur": np.full((3, 3), 1 / 9),
    "blur5": np.full((5, 5), 1 / 25),
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}


def convolve(image, weights, stride, padding):
    """The package's output for one image and one filter."""
    images, kernels = (Tensor(np.asarray(array, float)[None, None]) for array in (image, weights))
    return conv2d(images, kernels, stride=stride, padding=padding).data[0, 0]


def crop():
    """The cat's eye, in steps of 0.02."""
    eye = data.load("images")["cat"][38:74, 66:102].mean(axis=2)
    return np.round(50 * (eye - eye.min()) / (eye.max() - eye.min())) / 50


def test_the_photo_is_a_crop_of_the_package(call):
    np.testing.assert_array_equal(call(NAME, "photo"), crop())


@pytest.mark.parametrize("padding", range(3))
@pytest.mark.parametrize("stride", range(1, 5))
@pytest.mark.parametrize("name", PRESETS)
def test_presets_equal_the_package(call, name, stride, padding):
    expected = convolve(crop(), PRESETS[name], stride, padding)
    weights = call(NAME, "weightsOf", name)
    output = call(NAME, "filterImage", call(NAME, "photo"), weights, stride, padding)
    np.testing.assert_allclose(output, expected, rtol=1e-9, atol=1e-13)
    assert call(NAME, "outputSize", 36, len(weights), stride, padding) == len(expected)


@pytest.mark.parametrize("seed", range(8))
def test_any_filter_on_any_image_equals_the_package(call, seed):
    rng = np.random.default_rng(seed)
    k, stride, padding = rng.choice([3, 5]), int(rng.integers(1, 5)), int(rng.integers(0, 3))
    image, weights = rng.normal(size=(11, 14)), rng.normal(size=(k, k))
    output = call(NAME, "filterImage", image.tolist(), weights.tolist(), stride, padding)
    expected = convolve(image, weights, stride, padding)
    np.testing.assert_allclose(output, expected, rtol=1e-9, atol=1e-13)


def test_each_output_pixel_is_the_sum_of_its_window(call):
    image, weights = call(NAME, "photo"), call(NAME, "weightsOf", "blur5")
    expected = convolve(image, weights, 3, 2)
    for row, column in [(0, 0), (0, 11), (4, 7), (11, 11)]:
        pixels = call(NAME, "windowAt", image, 5, 3, 2, row, column)
        outside = np.equal(pixels, None)
        assert outside.any() == (0 in (row, column))  # 2 rows of zeros before the first, none reached after the last
        known = np.where(outside, 0, pixels).astype(float)
        parts = call(NAME, "products", known.tolist(), weights)
        np.testing.assert_allclose(np.sum(parts), expected[row, column], rtol=1e-12)


def test_what_is_drawn_black_and_white(call):
    image = call(NAME, "photo")
    most = np.abs(convolve(image, PRESETS["vertical"], 1, 0)).max()
    np.testing.assert_allclose(call(NAME, "shades", image, PRESETS["vertical"]), [-most, most])
    np.testing.assert_allclose(call(NAME, "shades", image, PRESETS["sharpen"]), [0, 1])
    np.testing.assert_allclose(call(NAME, "shades", image, (-2 * PRESETS["blur"]).tolist()), [-2, 0])
    assert call(NAME, "shades", image, [[0] * 3] * 3) == [-1, 1]


def cells(element):
    """The pixels, weights and products that are shown, each as a list."""
    shown = element.locator(".cells > div")
    pixels, results = (
        [number(text.removeprefix("pad ")) for text in shown.locator(f"span:{place}-child").all_inner_texts()]
        for place in ("first", "last")
    )
    return pixels, [float(box.input_value()) for box in shown.locator("input").all()], results


def total(element):
    """(text of the index, the sum) as shown."""
    index, value = element.get_by_text("sum = output").inner_text().removeprefix("sum = output").split(" = ")
    return index, number(value)


def drawn(page, element):
    """The pixels of the output's picture: gray values and opacities, each (rows, columns)."""
    values = page.evaluate(
        """async (address) => {
            const image = new Image();
            image.src = address;
            await image.decode();
            const { width, height } = image;
            const context = new OffscreenCanvas(width, height).getContext("2d");
            context.drawImage(image, 0, 0);
            return [height, width, [...context.getImageData(0, 0, width, height).data]];
        }""",
        element.locator("svg").nth(1).locator("image").get_attribute("href"),
    )
    picture = np.array(values[2]).reshape(*values[:2], 4)
    return picture[..., 0], picture[..., 3]


def test_what_the_reader_sees(stage):
    page, element = stage(NAME)
    output = convolve(crop(), PRESETS["vertical"], 1, 0)
    assert output[14, 15] == pytest.approx(output.min())
    pixels, weights, results = cells(element)
    assert pixels == crop()[14:17, 15:18].ravel().tolist()
    assert weights == np.ravel(PRESETS["vertical"]).tolist()
    assert results == pytest.approx(np.multiply(pixels, weights), abs=1e-9)  # two decimals are all there are
    assert total(element) == ("[14, 15]", pytest.approx(output[14, 15], abs=1e-9))
    assert readout(element) == {"Window": "rows 14 to 16, columns 15 to 17",
                                "Output size": "⌊(36 + 2·0 − 3) / 1⌋ + 1 = 34"}
    assert element.get_by_text("black ≤ −2.50 · gray 0 · white ≥ 2.50").is_visible()
    says(page, "Right minus left")
    gray, opacity = drawn(page, element)
    most = np.abs(output).max()
    np.testing.assert_allclose(gray, 255 * (output + most) / (2 * most), atol=1)
    assert (opacity == 255).all()


def test_stride_and_padding(stage):
    page, element = stage(NAME)
    choose(element, Stride="3", Padding="2")
    assert readout(element)["Output size"] == "⌊(36 + 2·2 − 3) / 3⌋ + 1 = 13"
    assert element.get_by_text("output 13 × 13").is_visible()
    assert total(element)[0] == "[5, 5]"  # near where the window was
    handle = element.get_by_role("slider")
    handle.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowUp")
    expected = convolve(crop(), PRESETS["vertical"], 3, 2)
    assert total(element) == ("[0, 0]", pytest.approx(expected[0, 0], abs=1e-9))
    assert element.get_by_text("pad 0").count() == 8
    assert readout(element)["Window"] == "rows −2 to 0, columns −2 to 0"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert total(element) == ("[2, 1]", pytest.approx(expected[2, 1], abs=1e-9))
    says(page, "Right minus left: white where it gets brighter to the right, black where darker. At the border")


def test_the_reader_edits_weights(stage):
    page, element = stage(NAME)
    choose(element, Filter="identity")
    page.keyboard.press("Tab")
    element.get_by_label("Weight in row 1, column 3").fill("-0.5")
    element.get_by_label("Weight in row 2, column 2").fill("")
    weights = [[0, 0, -0.5], [0, 0, 0], [0, 0, 0]]
    assert total(element)[1] == pytest.approx(convolve(crop(), weights, 1, 0)[14, 15], abs=5e-4)
    assert element.locator("select").first.input_value() == "own"
    says(page, "Your weights add up to −0.50: an even area of gray g gives −0.50 · g.")
    choose(element, Stride="2")  # the weights stay
    assert cells(element)[1] == np.ravel(weights).tolist()
    choose(element, Filter="blur5")
    assert cells(element)[1] == [0.04] * 25
    element.get_by_role("button", name="Start again").click()
    assert cells(element)[1] == np.ravel(PRESETS["vertical"]).tolist() and total(element)[0] == "[14, 15]"


def test_dragging_in_the_photo_and_in_the_output(stage):
    page, element = stage(NAME)
    photo, output = (element.locator("svg").nth(i).bounding_box() for i in range(2))

    def drag(box, *places):
        """Through places in pixels of the photo."""
        for i, (row, column) in enumerate(places):
            page.mouse.move(box["x"] + (column + 2) / 40 * box["width"], box["y"] + (row + 2) / 40 * box["height"])
            if i == 0:
                page.mouse.down()
        page.mouse.up()

    drag(photo, (5.5, 7.5))  # a press takes the window there
    assert total(element)[0] == "[4, 6]"
    drag(photo, (5.5, 7.5), (20.4, 12.6))
    assert total(element)[0] == "[19, 11]"
    drag(photo, (20.5, 12.5), (60, -1))
    assert total(element)[0] == "[33, 0]"
    drag(output, (1.5, 1.5), (10.5, 30.5))  # the output begins one pixel further in
    assert total(element)[0] == "[9, 29]"
    page.mouse.move(output["x"] + 50, output["y"] + 50)  # no button pressed
    assert total(element)[0] == "[9, 29]"


def test_sliding_fills_the_output_in_order_and_stops(stage):
    page, element = stage(NAME)
    button = element.get_by_role("button", name="Watch it slide")
    button.click()
    page.wait_for_function("document.querySelector('dd').textContent.startsWith('rows 0 to 2, columns 4')")
    button.click()
    opacity = drawn(page, element)[1].ravel()
    known = np.count_nonzero(opacity)
    assert 4 < known < 34 and (opacity[:known] == 255).all()
    assert total(element)[0] == f"[0, {known - 1}]"
    choose(element, Stride="4")
    assert (drawn(page, element)[1] == 255).all()


def test_with_reduced_motion_it_slides_to_the_end_at_once(stage):
    page, element = stage(NAME, reduced_motion="reduce")
    element.get_by_role("button", name="Watch it slide").click()
    assert total(element)[0] == "[33, 33]" and (drawn(page, element)[1] == 255).all()
