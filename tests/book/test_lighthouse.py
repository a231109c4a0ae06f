"""What make lighthouse says about several runs of one page."""

import lighthouse
import pytest
import static_host


def report(speed, time):
    categories = {name: {"score": speed if name == "performance" else 1.0, "auditRefs": []}
                  for name in lighthouse.CATEGORIES}
    categories["seo"]["auditRefs"] = [{"id": "meta-description", "weight": 1}, {"id": "unweighted", "weight": 0}]
    audits = {name: {"displayValue": f"{time}\xa0s"} for name in lighthouse.TIMES}
    audits |= {"meta-description": {"score": 0.5}, "unweighted": {"score": 0.1},
               "total-byte-weight": {"numericValue": 81_400}}
    return {"categories": categories, "audits": audits}


def test_the_middle_run_counts():
    scores, times, lost = lighthouse.summarize([report(0.99, 1), report(0.5, 9), report(0.96, 2)])
    assert scores == {"performance": 96, "accessibility": 100, "best-practices": 100, "seo": 100}
    assert times["largest-contentful-paint"] == "2 s" and times["size"] == "81 kB"
    assert lost == ["meta-description"]


def test_a_score_of_zero_is_a_lost_point():
    run = report(0.9, 1)
    run["audits"]["meta-description"]["score"] = 0
    assert lighthouse.summarize([run])[2] == ["meta-description"]


def test_the_browser(monkeypatch, tmp_path):
    monkeypatch.setenv("CHROME_PATH", "/somewhere/chrome")
    assert static_host.find_browser() == "/somewhere/chrome"
    monkeypatch.delenv("CHROME_PATH")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="install one of chromium"):
        static_host.find_browser()
