"""Reviews: an answer that knows the labels meets everything, each bad one misses what it should, in telling words."""
import re

import numpy as np
import pytest

from companion import Tensor
from companion.capstone import reviews

TITLES = [title for _, title in reviews.project.requirements]
KNOWN, UNSEEN, CALIBRATED, INVARIANT, NEGATION, ROBUST, KNEW = TITLES
TRAIN, NEW = reviews.load()
LABEL = dict(zip(NEW["text"].tolist(), reviews.held_back().tolist(), strict=True))
SOURCE = dict(zip(NEW["text"].tolist(), NEW["source"].tolist(), strict=True))


def key(text):
    """What stays of a text when capital letters and blanks change."""
    return " ".join(text.lower().split())


LABEL_OF = {key(text): label for text, label in LABEL.items()}
RANK = {name: rank for rank, name in enumerate(sorted(LABEL_OF))}
SOURCE_OF = {key(text): source for text, source in SOURCE.items()}


def one(text, wrong=0.1, unseen_wrong=0.1, sure=0.9, no="not|n't"):
    """The probability of an oracle that is right in nine of ten cases and says 0.9."""
    text = key(text)
    if text in LABEL_OF:
        share = unseen_wrong if SOURCE_OF[text] == reviews.UNSEEN else wrong
        flipped = RANK[text] % 100 < 100 * share
        return sure if LABEL_OF[text] != flipped else 1 - sure
    positive = any(word in text for word in reviews.GOOD)
    negative = any(word in text for word in [*reviews.BAD, "disappoint", "waste"])
    positive = positive or any(word in text for word in ("recommend", "like", "love", "work"))
    score = 0.4 * (int(positive and not negative) - int(negative))
    return 0.5 + (-score if no and re.search(no, text) else score)


def oracle(texts, **settings):
    return np.array([one(text, **settings) for text in texts])


def findings(predict, estimate=0.9):
    return {finding.title: finding for finding in reviews.check(predict, estimate).findings}


def missed(predict, estimate=0.9):
    """The titles that are not met, and the words of the first of them."""
    found = [finding for finding in findings(predict, estimate).values() if not finding.met]
    return [finding.title for finding in found], found[0].words if found else ""


def test_split():
    again = reviews.load()
    for part, table in zip(again, (TRAIN, NEW), strict=True):
        assert part.keys() == table.keys()
        assert all(np.array_equal(part[name], table[name]) for name in table)
    assert "label" in TRAIN and "label" not in NEW
    assert set(TRAIN["source"]) == {"products", "films"} and set(NEW["source"]) == {"products", "films", "restaurants"}
    assert not set(TRAIN["text"]) & set(NEW["text"])
    assert (len(TRAIN["text"]), len(NEW["text"])) == (1389, 1590)
    again[0]["label"][:] = 7
    assert set(reviews.load()[0]["label"]) == {0, 1}


def test_points():
    assert sum(points for points, _ in reviews.project.requirements) == 60


def test_oracle_meets_all():
    report = reviews.check(oracle, estimate=0.9)
    assert report.met and report.points == 60, report


def test_tensor_and_list():
    assert reviews.check(lambda texts: Tensor(oracle(texts)), estimate=0.9).met
    assert reviews.check(lambda texts: oracle(texts).tolist(), estimate=0.9).met


def alone(texts):
    """The mean over a padded batch: a text gets another answer among longer ones."""
    return np.clip(oracle(texts) + 0.0001 * max(map(len, texts)), 0, 1) if len(texts) < 100 else oracle(texts)


def shouting(texts):
    return np.array([0.5 if text.isupper() else one(text) for text in texts])


def names(texts):
    return np.array([0.9 if re.search("Anna|Emma", text) else one(text) for text in texts])


BAD = {
    "known": (lambda texts: oracle(texts, wrong=0.25, sure=0.87), 0.75, KNOWN, "penalty"),
    "unseen": (lambda texts: oracle(texts, unseen_wrong=0.25, sure=0.83), 0.9, UNSEEN, "train on products"),
    "too sure": (lambda texts: oracle(texts, wrong=0.15, unseen_wrong=0.15, sure=0.999), 0.85, CALIBRATED, "100%"),
    "not sure": (lambda texts: oracle(texts, sure=0.6), 0.9, CALIBRATED, "60%"),
    "capitals": (shouting, 0.9, INVARIANT, "capital letters"),
    "names": (names, 0.9, INVARIANT, "another name"),
    "no negation": (lambda texts: oracle(texts, no=""), 0.9, NEGATION, "features of their own"),
    "no short not": (lambda texts: oracle(texts, no="not"), 0.9, NEGATION, "same effect"),
    "padding": (alone, 0.9, ROBUST, "Padding"),
    "no estimate": (oracle, None, KNEW, "Pass `estimate=`"),
    "percent": (oracle, 90, KNEW, "0.8, not 80"),
    "optimist": (oracle, 0.99, KNEW, "all folds"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_misses_one(name):
    predict, estimate, title, words = BAD[name]
    titles, first = missed(predict, estimate)
    assert titles == [title]
    assert words in first, first


@pytest.mark.parametrize(("text", "name"), [("", "an empty text"), ("☺", "a smile"), ("qwrtzx", "an unknown word")])
def test_odd_texts(text, name):
    def predict(texts):
        if text in texts:
            raise KeyError(text)
        return oracle(texts)

    titles, words = missed(predict)
    assert titles == [ROBUST] and name in words and "KeyError" in words


@pytest.mark.parametrize(("predict", "words"), [
    (lambda texts: None, "return"),
    (lambda texts: ["good"] * len(texts), "no array of numbers"),
    (lambda texts: oracle(texts)[:, None], "second axis"),
    (lambda texts: np.stack([oracle(texts)] * 2, axis=1), "column of class 1"),
    (lambda texts: oracle(texts)[:-1], "(1589,)"),
    (lambda texts: oracle(texts) * np.nan, "not finite"),
    (lambda texts: 6 * oracle(texts) - 3, "logits"),
])
def test_form(predict, words):
    report = reviews.check(predict)
    assert not report.findings and words in repr(report)


def test_error_shows_the_line():
    def predict(texts):
        return undefined_model(texts)  # noqa: F821

    report = reviews.check(predict)
    assert not report.findings and "return undefined_model(texts)" in repr(report)


def test_pairs_differ_by_a_negation():
    for before, after, sign in reviews.pairs():
        assert re.search("not|n't", after) and not re.search("not|n't", before) and sign in (-1, 1)
    assert len(set(reviews.pairs())) == len(reviews.pairs()) == 30
