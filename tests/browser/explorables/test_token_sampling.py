"""Temperature, top-k and top-p as NumPy computes them, on counts that are those of the review sentences."""

import collections
import csv
import math
import re
from pathlib import Path

import numpy as np
import pytest
from explorable_tools import number, press, readout, says

import companion

NAME = "token-sampling"
WORDS = ["good", "well", "disappointed", "nice", "bad", "comfortable", "impressed", "happy", "poor", "attentive",
         "friendly", "pleased"]
REVIEWS = Path(companion.__file__).parent / "datasets" / "sentiment_sentences.csv"


def sampling(logits, temperature=1, k=None, p=1):
    """(order, with temperature alone, running sums of the k words, what is drawn with)."""
    powers = np.exp((logits - np.max(logits)) / temperature)
    before = powers / powers.sum()
    order = np.argsort(-np.asarray(logits), kind="stable")
    ranked = before[order]
    ranked[len(logits) if k is None else k:] = 0
    ranked /= ranked.sum()
    running = np.cumsum(ranked)
    kept = np.where(running - ranked < p - 1e-12, ranked, 0)
    found, sums = np.zeros((2, len(logits)))
    found[order], sums[order] = kept / kept.sum(), np.where(ranked > 0, running, 0)
    return order, before, sums, found


def xorshift(state):
    """Numbers in [0, 1) from 32-bit xorshift (13, 17, 5)."""
    while True:
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state / 2**32


def test_the_counts_are_those_of_the_reviews(call):
    following = collections.Counter()
    with REVIEWS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            words = re.findall(r"[a-z']+|[.,!?]", row["text"].lower())
            following.update(b for a, b in zip(words, words[1:], strict=False) if a == "very" and b.isalpha())
    common = following.most_common(12)
    assert [word for word, _ in common] == WORDS
    np.testing.assert_allclose(call(NAME, "LOGITS"), np.log([count for _, count in common]), rtol=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_sampling_equals_numpy(call, seed):
    rng = np.random.default_rng(seed)
    for _ in range(10):
        logits = rng.normal(size=rng.integers(2, 20)) * 3
        k = int(rng.integers(1, len(logits) + 1))
        settings = {"temperature": rng.uniform(0.1, 3), "k": k, "p": rng.uniform(0.05, 1)}
        found = call(NAME, "sampling", logits.tolist(), settings)
        order, before, running, probabilities = sampling(logits, **settings)
        assert found["order"] == order.tolist()
        np.testing.assert_allclose(found["before"], before, rtol=1e-9, atol=1e-300)
        np.testing.assert_allclose(found["running"], running, rtol=1e-9, atol=1e-300)
        np.testing.assert_allclose(found["probabilities"], probabilities, rtol=1e-9, atol=1e-300)
        kept = probabilities[probabilities > 0]
        np.testing.assert_allclose(call(NAME, "entropy", found["probabilities"]), -(kept * np.log(kept)).sum(),
                                   rtol=1e-9, atol=1e-12)


def test_ties_stay_as_they_stood_and_top_p_takes_the_fewest(call):
    equal = call(NAME, "sampling", [0, 0, 0, 0], {"k": 3})
    assert equal["order"] == [0, 1, 2, 3] and equal["probabilities"] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    half = call(NAME, "sampling", [0, 0, 0, 0], {"p": 0.5})
    assert half["probabilities"] == [0.5, 0.5, 0, 0]  # two reach 0.5 exactly
    tiny = call(NAME, "sampling", [0, 5, 1], {"p": 0.01})
    assert tiny["probabilities"] == [0, 1, 0]  # never empty
    # Top-p counts what top-k has left: 0.4 of 0.8 is a half.
    both = call(NAME, "sampling", np.log([0.4, 0.4, 0.2]).tolist(), {"k": 2, "p": 0.45})
    assert both["probabilities"] == [1, 0, 0]


def test_the_draws_can_be_repeated_and_follow_the_probabilities(call):
    probabilities = call(NAME, "sampling", call(NAME, "LOGITS"), {"temperature": 0.7, "k": 9})["probabilities"]
    found = call(NAME, "draw", probabilities, 4000, 1)
    numbers, expected = xorshift(1), []
    for _ in range(4000):
        expected.append(int(np.searchsorted(np.cumsum(probabilities), next(numbers), side="right")))
    assert found["drawn"] == expected
    half = call(NAME, "draw", probabilities, 2000, 1)
    assert half["drawn"] + call(NAME, "draw", probabilities, 2000, half["seed"])["drawn"] == expected
    shares = np.bincount(found["drawn"], minlength=12) / 4000
    spread = np.sqrt(np.array(probabilities) / 4000)
    assert (np.abs(shares - probabilities) < 4 * spread + 1e-12).all() and shares[9:].sum() == 0


def rows(element):
    """{word: (probability or "cut", running sum, draws)} from the picture."""
    texts = element.locator("svg text").all_text_contents()[4:]
    return {texts[i]: tuple(texts[i + 1:i + 4]) for i in range(0, len(texts), 4)}


def assert_shown(element, **settings):
    _, _, running, probabilities = sampling(np.log([27, 13, 10, 9, 8, 7, 6, 6, 4, 4, 4, 3]), **settings)
    found = rows(element)
    assert list(found) == WORDS
    for word, q, total in zip(WORDS, probabilities, running, strict=True):
        shown, sums, _ = found[word]
        assert (shown == "cut") == (q == 0)
        assert q == 0 or number(shown) == pytest.approx(q, abs=0.00051)
        assert sums == "–" if total == 0 else number(sums) == pytest.approx(total, abs=0.0051)
    cut = [word for word, q in zip(WORDS, probabilities, strict=True) if q == 0]
    assert element.locator("svg .gone").all_text_contents() == cut
    kept = probabilities[probabilities > 0]
    nats = -(kept * np.log(kept)).sum()
    numbers = readout(element)
    assert numbers["Words left"] == f"{len(kept)} of 12"
    assert number(numbers["Perplexity"]) == pytest.approx(math.exp(nats), abs=0.0051)
    assert number(numbers["Entropy"].removesuffix(" nats")) == pytest.approx(nats, abs=0.0051)


def test_what_the_reader_sees(stage):
    page, element = stage(NAME)
    assert_shown(element)
    says(page, "As uncertain as a choice among 9.7 equally probable words.")
    press(element, "T = 0.5")
    assert_shown(element, temperature=0.5)
    press(element, "T = 2")
    assert_shown(element, temperature=2)
    press(element, "k = 5")
    assert_shown(element, k=5)
    says(page, "As uncertain as a choice among 4.4 equally probable words. Top-k cut 7.")
    press(element, "p = 0.8")
    assert_shown(element, p=0.8)
    says(page, "As uncertain as a choice among 6.9 equally probable words. Top-p cut 4.")
    press(element, "Greedy")
    assert_shown(element, k=1)
    says(page, "Always “good”: this is greedy.")


def test_all_three_together(stage):
    page, element = stage(NAME, width=390)
    for name, value in (("Temperature T", "1.5"), ("Top-k: k", "9"), ("Top-p: p", "0.75")):
        element.get_by_role("slider", name=name).fill(value)
    assert_shown(element, temperature=1.5, k=9, p=0.75)
    page.wait_for_function("document.querySelector('[role=status]').textContent.endsWith('Top-k cut 3, top-p cut 3.')")
    press(element, "Start again")
    assert_shown(element)


def test_draws_are_counted_and_begin_anew(stage, call):
    page, element = stage(NAME)
    expected = call(NAME, "draw", call(NAME, "sampling", call(NAME, "LOGITS"))["probabilities"], 101, 1)["drawn"]
    press(element, "Draw 1")
    says(page, f"Drawn: “very {WORDS[expected[0]]}”.")
    press(element, "Draw 100")
    counts = np.bincount(expected, minlength=12)
    assert [int(row[2]) for row in rows(element).values()] == counts.tolist()
    assert element.locator("svg .share").count() == (counts > 0).sum()
    assert readout(element)["Draws"] == "101"
    says(page, f"101 draws: “very {WORDS[counts.argmax()]}” most often, {counts.max()} times. "
               f"The last one: “{WORDS[expected[-1]]}”.")
    press(element, "k = 5")
    assert readout(element)["Draws"] == "0" and element.locator("svg .share").count() == 0
    press(element, "Draw 100")
    assert sum(int(row[2]) for row in list(rows(element).values())[:5]) == 100


def test_the_line_is_dragged_and_moved_by_keys(stage):
    page, element = stage(NAME)
    line = element.get_by_role("slider", name="Top-k: words above the line")
    assert line.get_attribute("aria-valuetext") == "12 of 12 words"
    line.focus()
    page.keyboard.press("ArrowUp")
    assert_shown(element, k=11)
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowRight")
    assert_shown(element, k=7)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowDown")
    assert line.get_attribute("aria-valuetext") == "12 of 12 words"
    box = element.locator("svg .halo").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 8 * 26)
    page.mouse.up()
    assert_shown(element, k=4)
    page.mouse.move(x, y - 8 * 26)
    page.mouse.down()
    page.mouse.move(x, y - 900)
    page.mouse.up()
    assert_shown(element, k=1)
