"""The gates that are shown are those of the package's LSTM with the same weights, and the units do what they say."""

import numpy as np
import pytest
from explorable_tools import choose, number, press, readout, says

from companion import Tensor, nn

NAME = "lstm-gates"
SIGNS = "abcdefghijklmnopqrstuvwxyz()?"
UNITS = ["vowels", "first", "run", "depth"]
CODE = {"a": 0.2, "e": 0.4, "i": 0.6, "o": 0.8, "u": 0.95}  # what the unit for the first vowel keeps


def words(seed, count=12):
    """Random words, vowels and brackets more often than in a language."""
    rng = np.random.default_rng(seed)
    letters = list(SIGNS + "aeiou" * 2 + "(" * 4 + ")" * 4)
    return ["".join(rng.choice(letters, size=rng.integers(1, 11))) for _ in range(count)]


def one_hot(word):
    return np.eye(len(SIGNS))[[SIGNS.index(x) for x in word]]


def lstm(call):
    """The package's LSTM with the weights of the module."""
    model, given = nn.LSTM(len(SIGNS), 4), call(NAME, "weights")
    values = {"weight_ih": given["input"], "weight_hh": given["hidden"], "bias_ih": given["bias"], "bias_hh": 0}
    for name, value in values.items():
        getattr(model.cells[0], name).data[:] = value
    return model


def steps(model, word, changes=None):
    """(h, c) after each letter, each (time, 4). changes: {letter: bias_hh} for steps whose gates are forced."""
    cell, state, found = model.cells[0], None, []
    for t, x in enumerate(one_hot(word)):
        cell.bias_hh.data[:] = (changes or {}).get(t, 0)
        state = cell(Tensor(x[None]), state)
        found.append([part.data[0] for part in state])
    return np.array(found).swapaxes(0, 1)


def of(steps, key):
    return np.array([step[key] for step in steps])


@pytest.mark.parametrize("seed", range(4))
def test_every_number_equals_the_package(call, seed):
    model = lstm(call)
    cell = model.cells[0]
    for word in words(seed):
        found = call(NAME, "run", word)
        output, (_, last) = model(Tensor(one_hot(word)[None]))
        np.testing.assert_allclose(of(found, "h"), output.data[0], rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(of(found, "c")[-1], last.data[0, 0], rtol=1e-9, atol=1e-14)
        h, c = steps(model, word)
        np.testing.assert_allclose(of(found, "c"), c, rtol=1e-9, atol=1e-14)
        # The gates: from the package's own hidden states.
        before = np.vstack([np.zeros(4), h[:-1]])
        z = one_hot(word) @ cell.weight_ih.data.T + cell.bias_ih.data + before @ cell.weight_hh.data.T
        for gate, rows in zip("ifgo", np.split(z, 4, axis=1), strict=True):
            value = Tensor(rows).tanh() if gate == "g" else Tensor(rows).sigmoid()
            np.testing.assert_allclose(of(found, gate), value.data, rtol=1e-9, atol=1e-14)
            terms = np.array([step["terms"][gate] for step in found])
            np.testing.assert_allclose(terms.sum(axis=2), rows, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("at", [None, 0, 2])
@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("gate", ["i", "f", "o"])
def test_a_forced_gate_equals_the_package(call, gate, value, at):
    """A bias of 1000 opens a gate, one of −1000 closes it, exactly."""
    model = lstm(call)
    for k, word in enumerate(["strength", "education?", "(a(b)c)", *words(7, 5)]):
        unit = k % 4
        bias = np.zeros(16)
        bias[4 * "ifgo".index(gate) + unit] = 2000 * value - 1000
        where = range(len(word)) if at is None else [at]
        h, c = steps(model, word, dict.fromkeys(where, bias))
        found = call(NAME, "run", word, {"unit": unit, "force": {gate: value}, "at": at})
        np.testing.assert_allclose(of(found, "h"), h, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(of(found, "c"), c, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("seed", range(4))
def test_the_units_do_what_they_say(call, seed):
    for word in [*words(seed), "strength", "queue", "rhythm", "(((())))", "xyzxyzxyz?"]:
        c, h = (of(call(NAME, "run", word), key) for key in "ch")
        vowels = [x for x in word if x in "aeiou"]
        in_a_row = 0
        for x in word:
            in_a_row = 0 if x in "aeiou" else in_a_row + x.isalpha()
        counts = len(vowels), in_a_row, word.count("(") - word.count(")")
        np.testing.assert_allclose(c[-1][[0, 2, 3]], counts, atol=0.2)
        assert c[-1][1] == pytest.approx(CODE[vowels[0]] if vowels else 0, abs=0.03)
        shows = np.array([x == "?" for x in word])
        assert (np.abs(h[~shows, 1]) < 0.003).all()
        np.testing.assert_allclose(h[shows, 1], np.tanh(c[shows, 1]), atol=0.003)


@pytest.mark.parametrize("typed, word", [("Größe", "groe"), ("Café au lait, s'il", "cafeaulait"), ("a(b)? 1", "a(b)?"),
                                         ("123", ""), ("abcdefghijklm", "abcdefghij")])
def test_what_remains_of_a_text(call, typed, word):
    assert call(NAME, "clean", typed) == word


def table(element):
    """{row: numbers}: what stands in the picture."""
    texts = element.locator("svg text").all_text_contents()
    labels, rest = texts[:6], texts[6:]
    columns = [rest[i:i + 7] for i in range(0, len(rest), 7)]  # a letter, i, f, g, o, h, and the bar's c
    rows = dict(zip("ifgohc", ([number(column[k]) for column in columns] for k in range(1, 7)), strict=True))
    return labels, "".join(column[0] for column in columns), rows


def assert_shown(element, steps, unit, atol=0.0051):
    rows = table(element)[2]
    for key in "ifgoch":
        np.testing.assert_allclose(rows[key], of(steps, key)[:, unit], atol=atol)


def test_what_the_reader_sees(stage, call):
    page, element = stage(NAME)
    labels, word, _ = table(element)
    assert word == "strength"
    assert labels == ["input gate i", "forget gate f", "candidate g", "output gate o", "cell state c", "hidden state h"]
    assert_shown(element, call(NAME, "run", "strength"), 2)
    says(page, "At “e” the memory is erased.")
    assert readout(element) == {
        "c = f · c before + i · g": "0.002 · 2.970 + 0.002 · 0.995 = 0.010", "h = o · tanh(c)": "0.998 · 0.010 = 0.010",
        "i = σ(bias + letter + h before)": "σ(−6.0 + 0.0 + 0.0) = 0.002", "f": "σ(6.0 − 12.0 + 0.0) = 0.002",
        "o": "σ(6.0 + 0.0 + 0.0) = 0.998"}


def test_a_phone_shows_one_digit(stage, call):
    _, element = stage(NAME, width=390)
    press(element, "Keep the first")
    assert table(element)[:2] == (["i", "f", "g", "o", "c", "h"], "education?")
    assert_shown(element, call(NAME, "run", "education?"), 1, atol=0.051)


def test_the_first_vowel_is_kept_and_told_when_asked(stage):
    page, element = stage(NAME)
    press(element, "Keep the first")
    says(page, "At “u” the memory is kept and nothing is written; the output gate shows nothing of it.")
    assert readout(element)["i = σ(bias + letter + h before)"] == "σ(−6.0 + 12.0 − 15.1) = 0.000"
    rows = table(element)[2]
    assert rows["c"] == pytest.approx([0.4] * 10, abs=0.02)
    assert rows["h"] == pytest.approx([0] * 9 + [0.37], abs=0.01)


def test_another_letter_by_keys_mouse_and_touching_over(stage):
    page, element = stage(NAME)
    handle = element.get_by_role("slider", name="Letter")
    assert handle.get_attribute("aria-valuetext").startswith("e, letter 4: i 0.00, f 0.00, g 1.00, o 1.00, c 0.01")
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuetext").startswith("n, letter 5: i 1.00, f 1.00")
    says(page, "At “n” the memory is kept and 0.99 is added.")
    page.keyboard.press("Shift+ArrowRight")
    assert handle.get_attribute("aria-valuetext").startswith("h, letter 8")
    box = handle.bounding_box()
    left, step = box["x"] + 3, (box["width"] - 6) / 8  # the frame of the last letter stands over by 3 pixels
    page.mouse.move(left + 2.5 * step, box["y"] + 50)  # shows the numbers of r, but chooses nothing
    assert readout(element)["c = f · c before + i · g"].startswith("0.998 · 1.98")
    assert handle.get_attribute("aria-valuetext").startswith("h, letter 8")
    page.mouse.move(5, 5)
    assert readout(element)["c = f · c before + i · g"].startswith("0.998 · 2.98")
    page.mouse.move(left + 0.5 * step, box["y"] + 50)
    page.mouse.down()
    assert handle.get_attribute("aria-valuetext").startswith("s, letter 1")
    page.mouse.move(left + 3.5 * step, box["y"] + 250)
    page.mouse.up()
    assert handle.get_attribute("aria-valuetext").startswith("e, letter 4")


def test_forced_gates(stage, call):
    page, element = stage(NAME)
    press(element, "f = 1")
    forced = call(NAME, "run", "strength", {"unit": 2, "force": {"f": 1}})
    assert_shown(element, forced, 2)
    assert element.locator("svg .forced").count() == 8 and element.locator("svg .free").count() == 8
    says(page, "At “e” the memory is kept and nothing is written. At the end of the word the forced unit remembers "
               f"{forced[-1]['c'][2]:.2f} instead of 3.97.")
    assert readout(element)["f"] == "forced = 1.000"
    press(element, "f = 0")  # instead
    assert table(element)[2]["f"] == [0] * 8
    assert element.get_by_role("button", pressed=True).all_inner_texts() == ["f = 0"]
    press(element, "f = 0", "i = 0", "o = 0")
    assert table(element)[2]["c"] == table(element)[2]["h"] == [0] * 8
    press(element, "Start again")
    assert element.get_by_role("button", pressed=True).count() == element.locator("svg .free").count() == 0
    assert_shown(element, call(NAME, "run", "strength"), 2)


def test_a_gate_is_forced_at_one_letter(stage, call):
    page, element = stage(NAME)
    press(element, "i = 1")
    choose(element, at="one")
    forced = call(NAME, "run", "strength", {"unit": 2, "force": {"i": 1}, "at": 3})
    assert_shown(element, forced, 2)
    assert element.locator("svg .forced").count() == 1
    says(page, "At “e” the old memory is erased and 1.00 is written. At the end of the word the forced unit remembers "
               f"{forced[-1]['c'][2]:.2f} instead of 3.97.")
    element.get_by_role("slider", name="Letter").focus()
    page.keyboard.press("ArrowLeft")  # the force goes with the frame
    assert_shown(element, call(NAME, "run", "strength", {"unit": 2, "force": {"i": 1}, "at": 2}), 2)


def test_the_reader_types_a_word(stage, call):
    page, element = stage(NAME)
    box = element.get_by_role("textbox", name="Word")
    box.fill("Kiwi")
    assert table(element)[1] == "kiwi"
    assert_shown(element, call(NAME, "run", "kiwi"), 2)
    choose(element, Unit="vowels")
    assert_shown(element, call(NAME, "run", "kiwi"), 0)
    says(page, "At “i” the memory is kept and 0.99 is added.")
    box.fill("a")  # the fourth letter is gone
    assert element.get_by_role("slider").get_attribute("aria-valuetext").startswith("a, letter 1: i 1.00")
    box.fill("")
    assert table(element)[1] == "a"
    choose(element, Unit="depth")
    box.fill("))")
    assert_shown(element, call(NAME, "run", "))"), 3)
    assert table(element)[2]["c"] == pytest.approx([-0.99, -1.98], abs=0.011)
