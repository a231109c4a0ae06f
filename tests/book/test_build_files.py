"""The files that build, install and publish the course agree with each other and with what they describe."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import colab
import coverage
import pytest
import repository
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = ROOT / "tools" / "repository.py"

pins = pytest.mark.skipif(
    os.environ.get("COURSE_REQUIREMENTS") == "newest",
    reason="COURSE_REQUIREMENTS=newest: this run uses the newest releases, not the pins of requirements.txt",
)
needs_make = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("make") is None,
    reason="needs make and a POSIX shell, which this machine lacks",
)


def load(name, root=ROOT):
    text = (root / name).read_text("utf-8")
    return tomllib.loads(text) if name.endswith(".toml") else yaml.safe_load(text)


def requirements(text=None):
    """The lines of requirements.txt, in order."""
    text = (ROOT / "requirements.txt").read_text("utf-8") if text is None else text
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


# What is installed ------------------------------------------------------------------------------------


@pins
def test_every_requirement_is_pinned_once():
    names = [requirement.name.lower().replace("_", "-") for requirement in requirements()]
    assert len(names) == len(set(names)) > 100
    for requirement in requirements():
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(requirement.specifier)), requirement


@pins
def test_the_pins_are_installed():
    """What the tests run on is what requirements.txt says, apart from a build tag such as +cpu."""
    from importlib.metadata import version

    for requirement in requirements():
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(version(requirement.name).split("+")[0]), requirement


@pins
def test_the_pins_fit_the_package():
    pinned = {requirement.name: str(requirement.specifier).removeprefix("==") for requirement in requirements()}
    for dependency in map(Requirement, load("pyproject.toml")["project"]["dependencies"]):
        assert dependency.specifier.contains(pinned[dependency.name]), dependency
        assert "==" not in str(dependency.specifier) and "<" not in str(dependency.specifier), dependency


@pins
@pytest.mark.skipif(sys.platform != "linux", reason="the workflow's sed is the one of Linux")
def test_the_weekly_run_frees_the_versions():
    workflow = load(".github/workflows/newest.yml")
    assert workflow["env"]["COURSE_REQUIREMENTS"] == "newest"
    (job,) = workflow["jobs"].values()
    (command,) = [step["run"] for step in job["steps"] if "sed" in step.get("run", "")]
    freed = subprocess.run(
        command.replace("sed -i", "sed"), shell=True, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    specifiers = {requirement.name: str(requirement.specifier) for requirement in requirements(freed)}
    assert specifiers.pop("jupyter-book") == "<2"
    assert {"numpy", "torch", "keras", "nbval", "pytest"} <= specifiers.keys()
    assert set(specifiers.values()) == {""}


def test_versions_agree():
    import companion

    version = load("pyproject.toml")["project"]["version"]
    assert load("CITATION.cff")["version"] == companion.__version__ == version


def test_coverage_counts_the_exercise_engine_and_no_chapter():
    from companion.exercises import core

    counter = coverage.Coverage(config_file=ROOT / "pyproject.toml", data_file=None)
    statements = {path.stem: counter.analysis2(str(path))[1]
                  for path in (ROOT / "companion" / "exercises").glob("*.py")}
    assert core.chapters().keys() == {name for name, lines in statements.items() if not lines}
    assert len(statements["core"]) > 100


def test_the_package_accepts_what_colab_has():
    """Metadata only; `make colab-check` asks pip."""
    for dependency in map(Requirement, load("pyproject.toml")["project"]["dependencies"]):
        present = colab.COLAB.get(dependency.name)
        assert dependency.name in colab.NEW if present is None else dependency.specifier.contains(present)


def test_bundled_data_have_their_terms():
    folder = ROOT / "companion" / "datasets"
    files = {path.name for path in folder.iterdir() if path.is_file()} - {"ATTRIBUTION.md", "__init__.py"}
    table = (folder / "ATTRIBUTION.md").read_text("utf-8")
    named = set(re.findall(r"\w+\.(?:csv|npz|safetensors|txt)\b", table))
    assert files == named


# How it is built --------------------------------------------------------------------------------------


def test_a_build_runs_no_notebook():
    assert load("_config.yml")["execute"] == {"execute_notebooks": "off"}


@needs_make
def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split()
    command = ["make", "--no-print-directory", "help"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in listed.splitlines()] == phony


def test_continuous_integration_runs_the_readme_s_commands():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = re.findall(r"^timeout \S+ \d+m (make \S+)", script.read_text("utf-8"), re.M)
    assert commands == ["make book", "make test", "make test-lite"]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(re.search(f"^{command} ", readme, re.M) for command in commands[:2])
    for name in ("test", "newest"):
        workflow = load(f".github/workflows/{name}.yml")
        assert {"run": ".ci/run"} in workflow["jobs"]["test"]["steps"]
        assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]


@pytest.mark.skipif(sys.platform != "linux", reason="continuous integration runs on Linux")
@pytest.mark.parametrize(("failing", "code"), [("nothing", 0), ("book", 2), ("test", 2), ("test-lite", 2)])
def test_continuous_integration_fails_when_a_command_fails(failing, code, tmp_path):
    stubs = {"make": f'echo "make $1"; test "$1" != {failing} || exit 2', "chromium-headless-shell": "exit 0"}
    for name, body in stubs.items():
        stub = tmp_path / name
        stub.write_text(f"#!/bin/sh\n{body}\n")
        stub.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", ROOT / ".ci" / "run"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.stdout == "make book\nmake test\nmake test-lite\n"
    assert result.returncode == code


@needs_make
def test_make_says_that_python_is_too_old(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    old = tmp_path / "old-python"
    old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 9)\n$2"\n')
    old.chmod(0o755)
    result = subprocess.run(
        ["make", "book", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert "needs Python 3.11 or newer" in result.stderr and "is 3.9" in result.stderr
    assert not (tmp_path / ".venv").exists()


def test_links_of_the_top_pages_resolve():
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", (ROOT / name).read_text("utf-8")):
            assert (ROOT / target).exists(), f"{name} links to {target}"


# Where the repository is ------------------------------------------------------------------------------


def disagreements(root):
    """Places where another address stands than the one in pyproject.toml."""
    address = load("pyproject.toml", root)["project"]["urls"]["Repository"]
    full = address.removeprefix("https://github.com/")
    owner, name = full.split("/")
    found = []
    config = load("_config.yml", root)
    if config["repository"]["url"] != address:
        found.append("_config.yml")
    if config["html"]["baseurl"] != f"https://{owner}.github.io/{name}/":
        found.append("_config.yml: where the site is published")
    if load("CITATION.cff", root)["repository-code"] != address:
        found.append("CITATION.cff")
    readme = (root / "README.md").read_text("utf-8")
    links = [f"{address}/actions", f"colab.research.google.com/github/{full}/", f"https://{owner}.github.io/{name}"]
    found += [f"README.md: {link}" for link in links if link not in readme]
    for path in sorted((root / "book").rglob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        chapter = path.relative_to(root).as_posix()
        if f"colab.research.google.com/github/{full}/blob/main/{chapter})" not in "".join(cells[0]["source"]):
            found.append(f"badge of {chapter}")
        setup = [cell for cell in cells if "setup" in cell["metadata"].get("tags", [])]
        if [f"{address}/archive" in "".join(cell["source"]) for cell in setup] != [True]:
            found.append(f"setup cell of {chapter}")
    return found


@pytest.fixture
def copy(tmp_path):
    """A copy of the files that hold the address, with one more notebook in an unusual form."""
    for path in repository.texts(ROOT):
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tmp_path


def test_the_address_is_the_same_everywhere():
    assert list((ROOT / "book").rglob("*.ipynb"))
    assert disagreements(ROOT) == []


def test_a_fork_gets_its_address_everywhere(copy):
    old = load("pyproject.toml", copy)["project"]["urls"]["Repository"].removeprefix("https://github.com/")
    before = {path: path.read_bytes() for path in repository.texts(copy)}
    changed = repository.point_at("https://github.com/some-class/nets.2027", copy)
    assert disagreements(copy) == []
    assert {path.name for path in changed} >= {"pyproject.toml", "_config.yml", "CITATION.cff", "README.md"}
    assert all(path in changed for path in (copy / "book").rglob("*.ipynb"))
    for path, text in before.items():
        after = path.read_bytes()
        assert old.encode() not in after
        restored = after.replace(b"some-class/nets.2027", old.encode())
        owner, name = old.encode().split(b"/")
        assert restored.replace(b"some-class.github.io/nets.2027", owner + b".github.io/" + name) == text
    assert repository.point_at("https://github.com/some-class/nets.2027.git", copy) == []


def test_only_links_change_and_no_other_byte(copy):
    path = copy / "book" / "odd.ipynb"
    address = load("pyproject.toml", copy)["project"]["urls"]["Repository"]
    odd = (
        '{"cells":   [ {"a": "caf\\u00e9 NAME", "x": 1.0e-3} ],\r\n'
        '\t"b": "OLD-two OLD.old/ NEW.",\r\n"c": "é NEW.git"}'
    )
    odd = odd.replace("NAME", address.removeprefix("https://github.com/")).replace("OLD", address)
    path.write_bytes(odd.replace("NEW", address).encode())
    repository.point_at("https://github.com/a/b", copy)
    assert path.read_bytes().decode() == odd.replace("NEW", "https://github.com/a/b")


@pytest.mark.parametrize(
    "address",
    ["", "github.com/a/b", "http://github.com/a/b", "https://github.com/a", "https://github.com/a/b/tree/main",
     "https://github.com/a_b/c", "https://github.com/a/..", "https://example.org/a/b", "git@github.com:a/b.git"],
)  # fmt: skip
def test_a_malformed_address_is_refused(address, copy):
    before = {path: path.read_bytes() for path in repository.texts(copy)}
    with pytest.raises(ValueError, match="expected an address such as https://github.com/owner/name, got"):
        repository.point_at(address, copy)
    assert {path: path.read_bytes() for path in repository.texts(copy)} == before


def test_the_command_explains_itself():
    result = subprocess.run([sys.executable, REPOSITORY, "nonsense"], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "got 'nonsense'" in result.stderr and "make repository URL=" in result.stderr
