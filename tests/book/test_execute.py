"""tools/execute.py: what it stores, what it leaves alone, what it says."""

import json

import chapters
import execute
import pytest
import run_times


def test_outputs_and_times_are_stored(add_chapter, book, capsys):
    path = add_chapter("foundations/good", "print(1)\nprint(2)", "3 + 4")
    before = chapters.read(path)
    assert execute.main(["foundations/good"]) == 0
    after = chapters.read(path)
    assert after.cells[1].outputs[0].text == "1\n2\n"
    assert after.cells[2].outputs[0].data["text/plain"] == "7"
    assert [cell.execution_count for cell in after.cells[1:]] == [1, 2]
    assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]
    assert "stored" in capsys.readouterr().out

    rows = json.loads((book / "reference" / "run_times.json").read_text())
    assert 0 < rows["foundations/good"]["seconds"] < 60
    assert rows["foundations/good"]["peak_memory_mb"] > 10
    assert "| [foundations/good](../foundations/good.ipynb) |" in (
        book / "reference" / "run_times.md"
    ).read_text()


def test_running_again_changes_nothing(add_chapter):
    path = add_chapter("foundations/again", "import sys\nprint(1)\nprint(2, file=sys.stderr)", "{1, 2}")
    execute.main(["again"])
    first = path.read_bytes()
    execute.main(["again"])
    assert path.read_bytes() == first


def test_a_failing_notebook_stays_as_it_was(add_chapter, book, capsys):
    good = add_chapter("foundations/good", "print(1)")
    bad = add_chapter("foundations/bad", "x = 1", "y = x\ny / 0", "print('never')")
    before = bad.read_bytes()
    assert execute.main(["good", "bad"]) == 1
    assert bad.read_bytes() == before
    assert chapters.read(good).cells[1].outputs
    said = capsys.readouterr().err
    assert "foundations/bad: code cell 2" in said
    assert "> " + " 2 | y / 0" in said
    assert "ZeroDivisionError: division by zero" in said
    assert list(json.loads((book / "reference" / "run_times.json").read_text())) == ["foundations/good"]
    assert not list(book.rglob("*.tmp"))


def test_a_dead_kernel_and_a_broken_file_are_failures(add_chapter, capsys):
    add_chapter("foundations/dead", "import os\nos._exit(1)")
    broken = add_chapter("foundations/broken", "print(1)")
    broken.write_text("{", "utf-8")
    assert execute.main(["dead", "broken"]) == 1
    said = capsys.readouterr().err
    assert "the kernel died" in said
    assert "foundations/broken: not a notebook" in said
    assert broken.read_text("utf-8") == "{"


def test_a_slow_cell_is_a_failure(add_chapter, capsys, monkeypatch):
    monkeypatch.setattr(execute, "CELL_SECONDS", 1)
    add_chapter("foundations/slow", "import time\ntime.sleep(30)")
    assert execute.main(["slow"]) == 1
    assert "not finished after 1 s" in capsys.readouterr().err


def test_an_expected_exception_is_stored(add_chapter):
    path = add_chapter("foundations/raises", "1 / 0", tags=["raises-exception"])
    assert execute.main(["raises"]) == 0
    assert chapters.read(path).cells[1].outputs[0].ename == "ZeroDivisionError"


def test_the_kernel_environment(add_chapter, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = add_chapter(
        "foundations/where",
        "import os\n"
        "names = 'COMPANION_QUIET KERAS_BACKEND PYTHONHASHSEED OMP_NUM_THREADS MPLBACKEND'.split()\n"
        "print([os.environ[name] for name in names])",
        "from pathlib import Path\n"
        "print(Path(os.environ['COMPANION_PROGRESS']).is_relative_to(Path.home()))\n"
        "print(Path.cwd().name, Path(os.environ['COMPANION_PROGRESS']).exists())",
    )
    execute.main(["where"])
    cells = chapters.read(path).cells
    assert cells[1].outputs[0].text == (
        "['1', 'torch', '0', '1', 'module://matplotlib_inline.backend_inline']\n"
    )
    assert cells[2].outputs[0].text == "False\nfoundations False\n"


def test_personal_metadata_is_removed(add_chapter):
    path = add_chapter("foundations/personal", "print(1)")
    notebook = chapters.read(path)
    notebook.metadata["kernelspec"] = {"name": "mine", "display_name": "My kernel"}
    notebook.metadata["widgets"] = {"state": {}}
    notebook.metadata["kept"] = "yes"
    notebook.cells[1].metadata = {"tags": ["kept"], "execution": {"iopub.status.busy": "2024"}}
    chapters.write(path, notebook)
    execute.main(["personal"])
    notebook = chapters.read(path)
    assert notebook.metadata == {
        "kernelspec": execute.KERNELSPEC, "language_info": {"name": "python"}, "kept": "yes"
    }
    assert notebook.cells[1].metadata == {"tags": ["kept"]}


def test_an_unknown_chapter_is_named(add_chapter, capsys):
    add_chapter("foundations/good", "print(1)")
    with pytest.raises(SystemExit):
        execute.main(["goood"])
    assert "got 'goood'; known: foundations/good" in capsys.readouterr().err


def test_other_rows_are_kept(add_chapter, book):
    add_chapter("foundations/one", "print(1)")
    add_chapter("foundations/two", "print(2)")
    row = {"seconds": 12.3, "peak_memory_mb": 100, "date": "2025-01-02", "machine": "4 cores", "note": 1}
    run_times.record({"foundations/one": row})
    run_times.record({"foundations/two": row | {"seconds": 4.5}, "foundations/gone": row})
    rows = run_times.load()
    assert rows == {"foundations/one": row, "foundations/two": row | {"seconds": 4.5}}
    run_times.record({"foundations/one": {"seconds": 1.0}})
    assert run_times.load()["foundations/one"] == row | {"seconds": 1.0}
