"""The engine of the capstone: what is measured, what is refused, in which words. Projects have tests of their own."""
import numpy as np
import pytest

import companion
from companion.capstone import core


@pytest.fixture
def project():
    """Double the numbers: 10 points for the sum, 20 for the estimate."""
    project = core.Project("Doubling", lambda: ({"x": np.arange(3.0), "y": 2 * np.arange(3.0)}, np.arange(4.0)))

    @project.form
    def numbers(value, inputs):
        if np.shape(value) != np.shape(inputs):
            raise core.Unusable(f"Expected {len(inputs)} numbers, got {value!r}.")
        return np.asarray(value)

    @project.requirement(10, "The numbers are doubled")
    def doubled(submission):
        _, new = project.load()
        total = submission(new).sum()
        return total == 2 * new.sum(), f"They add up to {total:g}; wanted: {2 * new.sum():g}."

    @project.requirement(20, "You knew it before")
    def known(submission):
        alone = submission(np.array([1.0]))
        return submission.estimate == 12, f"One alone gives {alone[0]:g}."

    return project


def double(inputs):
    return 2 * inputs


def test_all_is_met(project):
    report = project.check(double, estimate=12)
    assert report.met and (report.points, report.total) == (30, 30)
    assert repr(report).splitlines() == [
        "✓ Doubling: 30 of 30 points",
        "  ✓ 10 of 10: The numbers are doubled. They add up to 12; wanted: 12.",
        "  ✓ 20 of 20: You knew it before. One alone gives 2.",
    ]
    assert 'role="status"' in report._repr_html_() and "30 of 30 points" in report._repr_html_()


def test_a_part_is_met(project):
    report = project.check(double)
    assert not report.met and report.points == 10
    assert [(finding.points, finding.met) for finding in report.findings] == [(10, True), (20, False)]
    assert "✗ 0 of 20: You knew it before." in repr(report)


def test_another_form_is_refused_with_words(project):
    report = project.check(lambda inputs: 7)
    assert (report.met, report.findings, report.total) == (False, (), 0)
    assert repr(report).splitlines() == ["✗ Doubling: not measured", "  Expected 4 numbers, got 7."]


def raises(inputs):
    return inputs["x"]


def test_an_error_shows_the_learners_line(project):
    said = repr(project.check(raises))
    assert "Your code raised an error:" in said and 'return inputs["x"]' in said and "IndexError" in said
    assert "core.py" not in said


def changes(inputs):
    inputs *= 2
    return inputs


def test_inputs_are_copies(project):
    assert "work on a copy" in repr(project.check(changes))
    assert project.check(double, estimate=12).met


def test_later_trouble_costs_its_own_points_only(project):
    def only_four(inputs):
        if len(inputs) != 4:
            raise RuntimeError("four, please")
        return 2 * inputs

    report = project.check(only_four, estimate=12)
    assert [finding.met for finding in report.findings] == [True, False]
    assert "RuntimeError: four, please" in report.findings[1].words


def test_what_takes_too_long_is_stopped(project, monkeypatch):
    monkeypatch.setattr(core, "SECONDS", 0.2)

    def endless(inputs):
        while True:
            pass

    assert "Train before you call `check`" in repr(project.check(endless))


def test_many_looks_are_told(project):
    reports = [repr(project.check(double)) for _ in range(4)]
    assert [("look number" in report) for report in reports] == [False, False, False, True]
    assert "look number 4" in reports[3]


@pytest.mark.parametrize(("predict", "message"), [
    (3, "expected a function predict.*got int"), (lambda: 1, "one argument"), (lambda x, y: 1, "one argument")])
def test_what_is_no_function_of_one_argument_is_a_type_error(project, predict, message):
    with pytest.raises(TypeError, match=message):
        project.check(predict)
    assert project.looks == 0


def test_functions_without_a_signature_are_tried(project):
    assert project.check(np.positive).points == 0


@pytest.mark.parametrize("estimate", ["0.9", [0.9], {}])
def test_an_estimate_is_a_number(project, estimate):
    with pytest.raises(TypeError, match="number as estimate"):
        project.check(double, estimate=estimate)


@pytest.mark.parametrize("value", [[1, 2.5], np.array([1, 2.5], np.float32), companion.Tensor([1, 2.5])])
def test_numbers_come_as_an_array(value):
    array = core.numbers(value, "Expected two numbers")
    assert array.dtype == float and array.tolist() == [1, 2.5]


@pytest.mark.parametrize(("value", "words"), [
    (None, "got None: does `predict` end with a `return`?"), ("much", "got str that is no array of numbers."),
    ([[1], [1, 2]], "got list that is no array of numbers.")])
def test_what_is_no_number_is_refused(value, words):
    with pytest.raises(core.Unusable, match="Expected two numbers; ") as refused:
        core.numbers(value, "Expected two numbers")
    assert words in str(refused.value)


def test_it_tells_what_it_measures(project):
    assert project.requirements == [(10, "The numbers are doubled"), (20, "You knew it before")]
    assert repr(project).splitlines()[0] == "Project Doubling, 30 points"
