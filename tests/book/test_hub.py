"""The parts of tools/hub.py, the files of Binder, and the launch links. `make hub` itself takes minutes."""

import copy
import os
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import chapters
import colab
import hub
import hub_size
import psutil
import pytest
import yaml
from sphinx_book_theme.header_buttons.launch import add_launch_buttons

ROOT = chapters.ROOT
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))

posix = pytest.mark.skipif(sys.platform == "win32", reason="a JupyterHub runs on Linux and macOS")


# ---- What a learner needs


def test_binder_and_hub_install_what_the_notebooks_import():
    packages = hub.learner_packages()
    assert "." in packages
    for name in chapters.chapters():
        imported = colab.imports(chapters.read(chapters.path_of(name))) & colab.FRAMEWORKS.keys()
        for module in imported:
            assert colab.FRAMEWORKS[module][0] in packages, name


def test_every_package_of_a_learner_has_one_version():
    """From requirements.txt, as the constraint says, or its own."""
    text = hub.LEARNER.read_text("utf-8")
    (constraint,) = [line.split()[1] for line in text.splitlines() if line.startswith("--constraint")]
    assert (hub.LEARNER.parent / constraint).resolve() == ROOT / "requirements.txt"
    pins = colab.pins()
    for package in hub.learner_packages():
        assert package == "." or "==" in package or pins[package].startswith("=="), package


def test_binder_runs_a_python_that_is_tested():
    runtime = (hub.LEARNER.parent / "runtime.txt").read_text().strip()
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))
    assert runtime.removeprefix("python-") in workflow["jobs"]["test"]["strategy"]["matrix"]["python"]


@posix
def test_binder_starts_with_keras_on_pytorch():
    start = hub.LEARNER.parent / "start"
    assert os.access(start, os.X_OK)
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    command = [start, sys.executable, "-c", "import os; print(os.environ['KERAS_BACKEND'])"]
    assert subprocess.run(command, env=environment, capture_output=True, text=True).stdout == "torch\n"


def test_options_and_comments_are_no_packages(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# Why\n--extra-index-url https://example.org\n-c ../r.txt\n\n.      # this\nnumpy\nx==1 # why\n")
    assert hub.learner_packages(file) == [".", "numpy", "x==1"]


# ---- Links


def launch_links(**settings):
    """The links of a chapter's page as the theme makes them, by the name of their button."""
    options = {
        "repository_url": CONFIG["repository"]["url"],
        "repository_branch": CONFIG["repository"]["branch"],
        "launch_buttons": CONFIG["launch_buttons"] | settings,
    }
    name = "book/foundations/perceptron"
    app = SimpleNamespace(
        config={"html_theme_options": options},
        env=SimpleNamespace(doc2path=lambda name: f"{name}.ipynb", metadata={name: {"kernelspec": {}}}),
    )
    host, owner, repository = options["repository_url"].rsplit("/", 2)
    context = {
        "header_buttons": [], "pagename": name, "sourcename": f"{name}.ipynb.txt",
        "github_url": host, "github_user": owner, "github_repo": repository,
    }
    add_launch_buttons(app, name, "page.html", context, None)
    return {button["text"]: button["url"] for button in context["header_buttons"][0]["buttons"]}


def test_the_button_of_binder_is_the_link_that_we_name():
    links = launch_links()
    assert links["Binder"] == hub_size.binder_link(chapters.repository(), "foundations/perceptron")
    assert "JupyterHub" not in links


def test_the_button_of_a_hub_is_the_link_that_make_hub_follows():
    links = launch_links(jupyterhub_url="https://hub.example.edu")
    wanted = hub_size.hub_link("https://hub.example.edu/", chapters.repository(), "foundations/perceptron")
    assert links["JupyterHub"] == wanted
    assert wanted.endswith("&urlpath=lab/tree/neural-networks-course/book/foundations/perceptron.ipynb&branch=main")


@pytest.mark.parametrize("address", ["https://github.com/a/b", "https://github.com/a/b/", "https://github.com/a/b.git"])
def test_owner_and_name(address):
    assert hub_size.parts(address) == ("a", "b")


# ---- What is served, what is started


def test_the_hub_listens_on_this_machine_only(tmp_path, monkeypatch):
    from traitlets.config import Config

    monkeypatch.setenv("COURSE_HUB_FOLDER", str(tmp_path))
    monkeypatch.setenv("COURSE_HUB_PORTS", "1,2,3")
    monkeypatch.setenv("COURSE_HUB_PROXY", "proxy")
    monkeypatch.setenv("COURSE_HUB_PASSWORD", "throwaway")
    c = Config()
    source = (hub.SETTINGS / "jupyterhub_config.py").read_text("utf-8")
    exec(compile(source, "jupyterhub_config.py", "exec"), {"get_config": lambda: c})
    addresses = [c.JupyterHub.hub_bind_url, c.JupyterHub.bind_url, c.ConfigurableHTTPProxy.api_url]
    assert addresses == [f"http://127.0.0.1:{port}" for port in (1, 2, 3)]
    assert str(tmp_path) in c.JupyterHub.db_url and str(tmp_path) in c.SimpleLocalProcessSpawner.home_dir_template


@posix
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_course_can_be_cloned(tmp_path):
    root = tmp_path / "root"
    (root / "book").mkdir(parents=True)
    (root / "book" / "new.ipynb").write_text("{}")
    (root / ".gitignore").write_text("built\n")
    (root / "built").write_text("x")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    folder = tmp_path / "served"
    folder.mkdir()
    with hub.course_repository(folder, root) as address:
        assert address.startswith("git://127.0.0.1:")
        clone = ["git", "clone", "--quiet", "--depth=1", "--branch=main", address, tmp_path / "clone"]
        subprocess.run(clone, check=True)
    assert sorted(path.name for path in (tmp_path / "clone").iterdir()) == [".git", ".gitignore", "book"]
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before


PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


@posix
def test_what_was_started_is_ended_with_its_children(tmp_path):
    with hub.process([sys.executable, "-c", PARENT], tmp_path / "log") as started:
        end = time.monotonic() + 20
        while not (children := psutil.Process(started.pid).children()) and time.monotonic() < end:
            time.sleep(0.05)
    assert children and started.poll() is not None
    assert not any(child.is_running() for child in children)


@posix
def test_what_is_left_running_in_a_folder_is_found_and_ended(tmp_path):
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=tmp_path)
    assert [one.pid for one in hub.strays(tmp_path)] == [left.pid]
    hub.end(hub.strays(tmp_path))
    left.wait(1)
    assert hub.strays(tmp_path) == []


def test_what_ends_too_early_is_told_with_its_log(tmp_path):
    command = [sys.executable, "-c", "print('no port free')"]
    with pytest.raises(hub.Failure, match=r"(?s)until it answers.*no port free"):  # noqa: SIM117
        with hub.process(command, tmp_path / "log") as started:
            started.wait(20)
            hub.wait_until(lambda: False, "it answers", started)


def test_free_ports():
    ports = hub.free_ports(3)
    assert len(set(ports)) == 3
    assert not any(map(hub.answers, ports))


def test_a_missing_program_is_told():
    with pytest.raises(hub.Failure, match="needs no-such-program or nor-this"):
        hub.program("no-such-program", "nor-this")


# ---- Measuring

SERVER = """
import time
block = bytearray(b"x") * 60_000_000
start = time.process_time()
while time.process_time() - start < 0.3: pass
print("ready", flush=True)
time.sleep(60)
"""


@posix
def test_the_meter_sees_the_servers_of_learners_and_nothing_else():
    def start(name):
        return subprocess.Popen([sys.executable, "-c", SERVER, name], stdout=subprocess.PIPE, text=True)

    both = [start("jupyterhub-singleuser"), start("something-else")]
    try:
        for one in both:
            assert one.stdout.readline() == "ready\n"
        meter = hub.Meter(psutil.Process(), pause=0.05)
        meter.start()
        time.sleep(0.5)
        measured = meter.stop()
    finally:
        for one in both:
            one.kill()
            one.communicate()
    assert 60 <= measured["peak_memory_mb"] <= 100
    assert measured["server_memory_mb"] == measured["peak_memory_mb"] and measured["kernel_memory_mb"] == 0
    assert 0.2 <= measured["cpu_seconds"] <= 1.5


# ---- The learner


@pytest.mark.parametrize("name", [name for name in chapters.chapters() if chapters.kind(name) == "chapter"])
def test_the_exercise_that_is_solved_is_in_the_notebook(name):
    exercise, answer = hub.first_exercise(name)
    sources = [cell.source for cell in chapters.read(chapters.path_of(name)).cells]
    assert sum(f"exercises.{exercise}.check({exercise})" in source for source in sources) == 1
    assert answer.startswith(("def ", "class "))


def test_other_outputs_than_the_stored_are_told():
    name = chapters.chapters()[0]
    stored = chapters.read(chapters.path_of(name))
    assert hub.differences(name, stored) == []
    changed = copy.deepcopy(stored)
    cell = next(cell for cell in changed.cells if cell.get("outputs") and cell.outputs[0].output_type == "stream")
    cell.outputs[0].text += "more\n"
    assert len(hub.differences(name, changed)) == 1
