"""The attention maps are those of the package with the same matrices, and each head does what its name says."""

import numpy as np
import pytest
from explorable_tools import choose, press, readout, says

from companion import Tensor, nn
from companion import functional as F

NAME = "attention-map"
HEADS = ["the word before", "the same word", "topic, noun", "the first word"]
WORDS = "the river bank flooded lends money dog cat man sees bites runs and old".split()
START = "the old dog sees the cat and runs".split()


def sentences(seed, count=5):
    rng = np.random.default_rng(seed)
    return [rng.choice(WORDS, size=rng.integers(1, 9)).tolist() for _ in range(count)]


def weights_of(call, words, **options):
    """(heads, words, words): the maps of the module."""
    return np.array([[row["weights"] for row in head] for head in call(NAME, "maps", words, options)])


def matrices(call):
    """W_Q and W_K of all heads, each (heads, 32, 8)."""
    heads = [call(NAME, "projections", head) for head in range(4)]
    return [np.array([head[name] for head in heads]) for name in ("query", "key")]


def test_the_words_have_the_positions_of_the_package(call):
    X = np.array(call(NAME, "embed", ["the"] * 8))
    assert X.shape == (8, 32)
    np.testing.assert_allclose(X[:, 14:], nn.PositionalEncoding(18, 8).table, rtol=1e-9, atol=1e-12)
    marks = np.array(call(NAME, "embed", WORDS))[:, :8]
    products = marks @ marks.T
    assert (products.diagonal() == 8).all() and set(products[~np.eye(14, dtype=bool)]) == {0, -8}


def test_the_third_head_has_the_matrices_of_the_chapter(call):
    query, key = (matrix[2, 8:13, :2] for matrix in matrices(call))
    assert (query == 2 * np.array([[0, 0], [0, 0], [2, 0], [0, 0], [0, 2]])).all()
    assert (key == [[1, 0], [1, 0], [-2, 0], [0, 1], [0, 0]]).all()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_every_weight_equals_the_package(call, seed, causal, scaled):
    W_query, W_key = matrices(call)
    for words in [START, *sentences(seed)]:
        X = np.array(call(NAME, "embed", words))
        query = X @ W_query * (1 if scaled else np.sqrt(8))  # takes back the division
        key = X @ W_key
        _, expected = F.scaled_dot_product_attention(Tensor(query), Tensor(key), Tensor(X), is_causal=causal,
                                                     need_weights=True)
        found = weights_of(call, words, causal=causal, scaled=scaled)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_function_equals_the_package_on_random_numbers(call, seed, causal):
    rng = np.random.default_rng(seed)
    query, key = rng.normal(size=(2, 7, 5)) * 3
    _, expected = F.scaled_dot_product_attention(Tensor(query), Tensor(key), Tensor(key), is_causal=causal,
                                                 need_weights=True)
    rows = call(NAME, "attention", query.tolist(), key.tolist(), {"causal": causal})
    np.testing.assert_allclose([row["weights"] for row in rows], expected, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose([row["products"] for row in rows], query @ key.T, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_together_they_are_one_layer_of_the_package(call, causal):
    """Four heads side by side, as in the chapter: one reshaped product."""
    layer, (W_query, W_key) = nn.MultiHeadAttention(32, 4), matrices(call)
    layer.in_proj_weight.data[:32] = np.concatenate(W_query, axis=1).T
    layer.in_proj_weight.data[32:64] = np.concatenate(W_key, axis=1).T
    X = Tensor(np.array(call(NAME, "embed", START))[None])
    expected = layer(X, is_causal=causal, need_weights=True)[1][0]
    np.testing.assert_allclose(weights_of(call, START, causal=causal), expected, rtol=1e-9, atol=1e-15)


def test_the_heads_do_what_they_say(call):
    before, same, meaning, first = weights_of(call, START)
    np.testing.assert_array_equal(before[1:].argmax(axis=1), np.arange(7))
    assert before[np.arange(1, 8), np.arange(7)].min() > 0.65
    np.testing.assert_array_equal(first.argmax(axis=1), 0)
    np.testing.assert_allclose(same[0, [0, 4]], same[4, [0, 4]])
    assert same[0, 0] == pytest.approx(same[0, 4]) and same[0, 0] > 0.4 and same[2, 2] > 0.65
    nouns = [word in ("dog", "cat") for word in START]
    for verb in (3, 7):
        np.testing.assert_allclose(meaning[verb, nouns], 1 / (2 + 6 * np.exp(-4 / np.sqrt(8))))
    np.testing.assert_allclose(meaning[[0, 1, 2, 4, 5, 6]], 1 / 8)
    bank = weights_of(call, ["the", "river", "bank", "flooded"])[2, 2]
    assert bank.argmax() == 1 and bank[2] < 0.05
    saturated = weights_of(call, START, scaled=False)
    assert saturated[0, 3, 2] > 0.97 > 0.75 > before[3, 2]


def table(element):
    """(names, numbers): words looked at with their numbers in the lines, and the number cells of the map."""
    listed = element.locator("svg .number").all_text_contents()
    cells = element.locator("svg[role=group] text[text-anchor=middle]").all_text_contents()
    return listed, cells


def assert_shown(element, weights, chosen, causal=False):
    listed, cells = table(element)
    size = len(weights)
    allowed = np.tri(size, dtype=bool) if causal else np.ones((size, size), dtype=bool)
    assert [text == "masked" for text in listed] == (~allowed[chosen]).tolist()
    numbers = [float(text) for text in listed if text != "masked"]
    np.testing.assert_allclose(numbers, weights[chosen, allowed[chosen]], atol=0.0051)
    np.testing.assert_allclose([float(text) for text in cells], weights[allowed], atol=0.0051)
    assert element.locator("svg .cross").count() == (~allowed).sum()


@pytest.mark.parametrize("width", [390, 800])
def test_what_the_reader_sees(stage, call, width):
    page, element = stage(NAME, width=width)
    assert_shown(element, weights_of(call, START)[0], 3)
    says(page, "“sees” looks most at “dog” (0.68).")
    assert readout(element) == {"Looks most at": "dog", "q · k": "32.00", "score": "32.00 / √8 = 11.31",
                                "weight": "0.684"}
    for head, name in enumerate(HEADS):
        press(element, name)
        assert_shown(element, weights_of(call, START)[head], 3)
        assert element.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"
    press(element, "topic, noun")
    says(page, "“sees” looks most at “dog” (0.29) and “cat” (0.29).")
    assert readout(element)["Looks most at"] == "2 words alike"


def test_mask_and_scale(stage, call):
    page, element = stage(NAME)
    press(element, "topic, noun", "causal mask")
    assert_shown(element, weights_of(call, START, causal=True)[2], 3, causal=True)
    says(page, "“sees” looks most at “dog” (0.58). It may not see the 4 words after it.")
    press(element, "divide by √d")
    unscaled = weights_of(call, START, causal=True, scaled=False)[2]
    assert_shown(element, unscaled, 3, causal=True)
    says(page, f"“sees” looks most at “dog” ({unscaled[3, 2]:.2f}). Divided by √8, the largest weight would be 0.58.")
    assert readout(element)["score"] == "4.00, not divided"
    press(element, "causal mask")
    assert_shown(element, weights_of(call, START, scaled=False)[2], 3)
    press(element, "Start again")
    assert_shown(element, weights_of(call, START)[0], 3)


def test_another_word_by_keys_and_mouse(stage):
    page, element = stage(NAME)
    handle = element.get_by_role("slider", name="The word that looks")
    assert handle.get_attribute("aria-valuetext").startswith("sees, word 4: the 0.01, old 0.15, dog 0.68, sees 0.15")
    handle.focus()
    page.keyboard.press("ArrowDown")
    assert handle.get_attribute("aria-valuetext").startswith("the, word 5")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert handle.get_attribute("aria-valuetext").startswith("dog, word 3")
    page.keyboard.press("Shift+ArrowRight")
    assert handle.get_attribute("aria-valuetext").startswith("runs, word 8")
    box = element.locator("svg .area").nth(1).bounding_box()
    row = element.locator("svg .area").first.bounding_box()["height"] / 8
    box["y"] += box["height"] - 8 * row  # the rows, without the columns' names
    page.mouse.move(box["x"] + 90, box["y"] + 5.5 * row)  # shows where cat looks, but chooses nothing
    assert readout(element)["Looks most at"] == "the"
    assert handle.get_attribute("aria-valuetext").startswith("runs, word 8")
    page.mouse.move(5, 5)
    assert readout(element)["Looks most at"] == "and"
    page.mouse.click(box["x"] + 90, box["y"] + 1.5 * row)
    assert handle.get_attribute("aria-valuetext").startswith("old, word 2")
    words = element.locator("svg .area").first.bounding_box()
    page.mouse.click(words["x"] + 20, words["y"] + 2.5 * row)
    assert handle.get_attribute("aria-valuetext").startswith("dog, word 3")


def test_a_phone_has_the_map_below_the_lines(stage):
    page, element = stage(NAME, width=390)
    handle = element.get_by_role("slider", name="The word that looks")
    lines, below = (element.locator("svg .area").nth(i).bounding_box() for i in range(2))
    assert below["y"] > lines["y"] + lines["height"]
    row = lines["height"] / 8
    below["y"] += below["height"] - lines["height"]
    for box, place, word in ((below, 6.5, "and, word 7"), (lines, 0.5, "the, word 1"), (below, -0.5, "old, word 2")):
        page.mouse.click(box["x"] + (60 + 1.5 * (below["width"] - 60) / 8 if place < 0 else 30), box["y"] + place * row)
        assert handle.get_attribute("aria-valuetext").startswith(word)


def test_other_sentences_and_words(stage, call):
    page, element = stage(NAME)
    choose(element, Sentence="the river bank flooded")
    press(element, "topic, noun")
    element.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    river = ["the", "river", "bank", "flooded"]
    assert_shown(element, weights_of(call, river)[2], 2)
    says(page, "“bank” looks most at “river”")
    choose(element, Framed="dog")
    dog = ["the", "river", "dog", "flooded"]
    assert_shown(element, weights_of(call, dog)[2], 2)
    says(page, "“dog” finds no difference: all weights are equal.")
    assert element.locator("select").first.input_value() == ""
    choose(element, Framed="bank")
    assert element.locator("select").first.input_value() == "1"
    press(element, "causal mask")
    element.get_by_role("slider").focus()
    page.keyboard.press("Shift+ArrowLeft")
    says(page, "“the” may see only itself: weight 1, whatever the score.")
