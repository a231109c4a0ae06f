"""tools/times.py: what it measures and when it fails."""

import chapters
import pytest
import run_times
import times


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(times, "SITE", tmp_path / "site")
    return tmp_path / "site"


def test_a_chapter_is_measured_and_nothing_is_stored(add_chapter, site, capsys):
    path = add_chapter("foundations/good", "block = bytearray(50_000_000)\nprint(len(block))")
    before = path.read_bytes()
    page = site / "book" / "foundations" / "good.html"
    (site / "_images").mkdir(parents=True)
    page.parent.mkdir(parents=True)
    (site / "_images" / "a.png").write_bytes(bytes(2_000_000))
    page.write_text('<img src="../../_images/a.png"><img src="../../_images/a.png">', "utf-8")
    assert times.main(["good"]) == 0
    assert path.read_bytes() == before
    row = run_times.load()["foundations/good"]
    assert row["peak_memory_mb"] > 50 and 0 < row["seconds"] < 60 and row["page_mb"] == 2.0
    assert "foundations/good" in capsys.readouterr().out
    assert f"| {run_times.bar(1)} {row['seconds']:.0f} |" in run_times.RUN_TIMES.with_suffix(".md").read_text("utf-8")


def test_a_failure_is_told_and_the_others_are_measured(add_chapter, site, capsys):
    add_chapter("foundations/bad", "1 / 0")
    add_chapter("foundations/good", "print(1)")
    assert times.main(["bad", "good"]) == 1
    assert "foundations/bad: code cell 1" in capsys.readouterr().err
    assert list(run_times.load()) == ["foundations/good"]


def test_the_limits():
    row = {"seconds": 50, "peak_memory_mb": 1500}
    assert list(times.over_limits({"a": row, "b": row | {"peak_memory_mb": 2000}})) == []
    assert list(times.over_limits({"a": row | {"seconds": 61}})) == ["a takes 61 s; the most is 60 s"]
    assert list(times.over_limits({"a": row | {"peak_memory_mb": 2001}})) == ["a takes 2001 MB; the most is 2000 MB"]
    assert list(times.over_limits(dict.fromkeys(range(24), row))) == []
    assert list(times.over_limits(dict.fromkeys(range(20), row | {"cpu_seconds": 65}))) == [
        "the course takes 650 s on two cores; the most is 600 s"]


def test_the_page_is_what_the_measurements_give():
    written = run_times.RUN_TIMES.with_suffix(".md").read_text("utf-8")
    assert written == run_times.page(run_times.load()), "run `make times`, or commit what it wrote"
    assert set(chapters.chapters()) <= set(run_times.load())
