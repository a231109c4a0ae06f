"""What goes into the notebooks for the browser (tools/lite.py, tools/wheels.py). tests/browser runs them."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import chapters
import lite
import pytest
import run_times
import wheels


def installed(wheel, folder):
    """Install a wheel into a folder, without an index; the files by name."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target"]
    subprocess.run([*command, folder, wheel], check=True)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", lite.WHEELS)
def test_a_repacked_wheel_installs_what_is_installed_here(name, tmp_path):
    wheel = wheels.repack_wheel(name, tmp_path)
    files = installed(wheel, tmp_path / "target")
    package = Path(__import__(name).__file__).parent
    for path in package.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert files[path.relative_to(package.parent).as_posix()] == path.read_bytes()
    assert any(file.endswith(".dist-info/METADATA") for file in files)


def test_a_repacked_wheel_is_the_same_every_time(tmp_path):
    (tmp_path / "again").mkdir()
    first, second = wheels.repack_wheel("comm", tmp_path), wheels.repack_wheel("comm", tmp_path / "again")
    assert first.read_bytes() == second.read_bytes()


def test_compiled_code_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected a distribution of pure Python as pip installs it, got numpy"):
        wheels.repack_wheel("numpy", tmp_path)


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    """The folder that a site with a (pretended) Pyodide is built of."""
    folder, pyodide = tmp_path_factory.mktemp("stage"), tmp_path_factory.mktemp("pyodide")
    for name in ("pyodide.js", "pyodide-lock.json"):
        (pyodide / name).write_text("{}")
    lite.stage(folder, pyodide)
    return folder


@pytest.fixture(scope="module")
def site(staged):
    return lite.build(staged)


@pytest.mark.parametrize("name", chapters.chapters())
def test_the_notebook_of_a_chapter_comes_along(site, name):
    stored = chapters.read(chapters.path_of(name))
    there = chapters.read(site / "files" / f"{name}.ipynb")
    assert there.metadata["kernelspec"]["name"] == "python"
    for before, now in zip(stored.cells, there.cells, strict=True):
        tags = before.metadata.get("tags", [])
        needs = "".join(f"%%needs {lite.LACKS[tag]}\n" for tag in tags if tag in lite.LACKS)
        assert now.source == needs + before.source + lite.SETUP * ("setup" in tags)
        assert now.get("outputs") == before.get("outputs")
        assert now.metadata.get("jupyter", {}).get("source_hidden", False) == ("hide-input" in tags)
    for file in lite.shown(chapters.path_of(name)):
        assert (site / "files" / file.relative_to(chapters.BOOK)).read_bytes() == file.read_bytes()


def test_the_wheels_come_along_with_all_that_companion_has(site):
    index = json.loads((site / "pypi" / "all.json").read_text())
    assert set(index) == {"companion", *lite.WHEELS}
    (release,) = index["companion"]["releases"].values()
    names = zipfile.ZipFile(site / "pypi" / release[0]["filename"]).namelist()
    package = lite.ROOT / "companion"
    for path in package.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert path.relative_to(lite.ROOT).as_posix() in names


def test_pyodide_comes_along_where_it_is_asked_for(site):
    settings = json.loads((site / "jupyter-lite.json").read_text())["jupyter-config-data"]["litePluginSettings"]
    assert settings["@jupyterlite/pyodide-kernel-extension:kernel"]["pyodideUrl"] == "./static/pyodide/pyodide.js"
    assert (site / "static" / "pyodide" / "pyodide.js").is_file()
    assert not (site / "static" / "pyodide").is_symlink()


def test_only_what_is_needed_is_there(site):
    assert not list(site.rglob("*.map"))
    assert sorted(path.parent.name for path in site.glob("*/index.html")) == sorted(lite.APPS)
    chapters_and_package = lite.size(site / "files") + lite.size(site / "pypi")
    assert lite.size(site) - chapters_and_package < 18
    for app in lite.APPS:
        page = (site / app / "index.html").read_text()
        assert page.count("../course.js") == page.count("../course.css") == 1


def test_nothing_is_built_twice(tmp_path, monkeypatch, capsys):
    """The second call does nothing, another Pyodide or another text of a source builds again."""
    built = []

    def build(folder):
        built.append(folder)
        (folder / "site").mkdir()
        return folder / "site"

    source = tmp_path / "source"
    source.write_text("1")
    pyodide = tmp_path / "pyodide"
    pyodide.mkdir()
    (pyodide / "pyodide-lock.json").touch()
    monkeypatch.delenv("PYODIDE_DIR", raising=False)
    monkeypatch.setattr(lite, "STAGE", tmp_path / "stage")
    monkeypatch.setattr(lite, "stage", lambda folder, pyodide: None)
    monkeypatch.setattr(lite, "build", build)
    monkeypatch.setattr(lite, "sources", lambda: [source])
    output = ["--output", str(tmp_path / "html" / "lite")]
    lite.main(output)
    assert len(built) == 1 and "are built" in capsys.readouterr().out
    lite.main(output)
    assert len(built) == 1 and capsys.readouterr().out == ""
    lite.main([*output, "--pyodide", str(pyodide)])
    assert len(built) == 2
    source.write_text("2")
    lite.main([*output, "--pyodide", str(pyodide)])
    assert len(built) == 3
    assert [path.name for path in (tmp_path / "html").iterdir()] == ["lite"]


def test_a_failing_build_leaves_the_site_as_it_was(tmp_path, monkeypatch):
    output = tmp_path / "html" / "lite"
    output.mkdir(parents=True)
    (output / "old").touch()
    monkeypatch.setattr(lite, "STAGE", tmp_path / "stage")
    monkeypatch.setattr(lite, "EXTENSION", tmp_path / "missing")
    monkeypatch.setattr(lite, "stage", lambda folder, pyodide: (folder / "contents").mkdir())
    with pytest.raises(RuntimeError, match="jupyter lite build failed"):
        lite.main(["--output", str(output)])
    assert [path.name for path in output.iterdir()] == ["old"]


def test_a_wrong_folder_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        lite.main(["--pyodide", str(tmp_path)])
    assert f"got {str(tmp_path)!r}" in capsys.readouterr().err


def test_what_changes_the_fingerprint():
    """Every chapter, all of companion and the settings are among the sources."""
    sources = set(lite.sources())
    assert {chapters.path_of(name) for name in chapters.chapters()} <= sources
    assert set((lite.ROOT / "companion").rglob("*.py")) <= sources
    assert {lite.SETTINGS / name for name in lite.OURS} <= sources


def test_times_in_the_browser_are_on_the_page(add_chapter, book):
    add_chapter("foundations/one", "print(1)")
    add_chapter("foundations/two", "print(2)")
    row = {"seconds": 12.3, "cpu_seconds": 12.0, "peak_memory_mb": 100, "date": "2025-01-02", "machine": "4 cores"}
    run_times.record({"foundations/one": row, "foundations/two": row})
    page = book / "reference" / "run_times.md"
    assert "In the browser" not in page.read_text()
    browser = {"first_output": 21.4, "all_cells": 49.6, "megabytes": 30.2, "date": "2025-02-03", "machine": "2 cores"}
    run_times.record({"foundations/two": {"browser": browser}})
    section = page.read_text().split("## In the browser")[1]
    assert f"| [foundations/two](../foundations/two.ipynb) | 21 | {run_times.bar(1)} 50 | 2025-02-03 |" in section
    assert "foundations/one" not in section
    assert "30 MB" in section and "\n- 2 cores\n" in section
    run_times.record({"foundations/two": row | {"seconds": 4.5}})  # a new run of the chapter keeps them
    assert f"| 21 | {run_times.bar(1)} 50 |" in page.read_text()
